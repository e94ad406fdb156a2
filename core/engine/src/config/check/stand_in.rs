//! Values for what is not known, so that the rest can still be checked.

use serde_json::Value as Json;

use super::scalar::URL_FORMAT;
use super::shape;
use crate::config::node::{Table, Value};
use crate::config::quantity::{DURATION_FORMAT, SIZE_FORMAT};

/// A value that the schema takes; `None` if it takes anything: another one may know better.
pub(super) fn for_schema(schema: &Json) -> Option<Value> {
    if let Some(choice) = shape::choices(schema).and_then(|choices| choices.first().copied()) {
        return Some(Value::String(choice.to_owned()));
    }
    let number = |name: &str| schema.get(name).and_then(Json::as_f64);
    let smallest = number("minimum")
        .or_else(|| number("exclusiveMinimum").map(|bound| bound + 1.0))
        .or_else(|| number("maximum"))
        .unwrap_or(1.0);
    Some(match shape::types(schema).first().copied()? {
        "string" => Value::String(text(schema)),
        #[expect(clippy::cast_possible_truncation, reason = "a bound of an integer")]
        "integer" => Value::Integer(smallest as i64),
        "number" => Value::Float(smallest),
        "boolean" => Value::Boolean(false),
        "array" => Value::List(Vec::new()),
        _ => Value::Table(Table::new()),
    })
}

fn text(schema: &Json) -> String {
    let minimum = schema.get("x-min").and_then(Json::as_str);
    match schema.get("format").and_then(Json::as_str) {
        Some(DURATION_FORMAT) => minimum.unwrap_or("1s").to_owned(),
        Some(SIZE_FORMAT) => minimum.unwrap_or("1 MiB").to_owned(),
        Some(URL_FORMAT) => "http://localhost".to_owned(),
        _ => {
            let shortest = schema.get("minLength").and_then(Json::as_u64).unwrap_or(1);
            "x".repeat(usize::try_from(shortest.clamp(1, 1024)).unwrap_or(1))
        }
    }
}
