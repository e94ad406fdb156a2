//! Single values: types, limits, choices and formats.

use serde_json::Value as Json;

use super::{Checker, shape};
use crate::config::node::{Node, Value};
use crate::config::quantity::{
    ByteSize, DURATION_FORMAT, QuantityError, SIZE_FORMAT, UnitDuration,
};
use crate::config::suggest::{alternatives, nearest};
use crate::http::Origin as Server;

/// Value of `format` that marks an HTTP URL in a JSON schema.
pub(super) const URL_FORMAT: &str = "aiperf-url";

impl Checker<'_> {
    /// Makes the value one of the types that the schema takes.
    pub(super) fn adopt_type(&mut self, node: &mut Node, schema: &Json, path: &str) -> bool {
        let format = schema.get("format").and_then(Json::as_str);
        if let Value::Integer(_) | Value::Float(_) = node.value
            && matches!(format, Some(DURATION_FORMAT | SIZE_FORMAT))
        {
            return self.unit_is_missing(node, format == Some(DURATION_FORMAT), path);
        }
        let types = shape::types(schema);
        if let Some(typed) = adopted(node, &types, format) {
            node.value = typed;
        }
        let untyped = matches!(node.value, Value::Untyped(_));
        if !untyped
            && (types.is_empty() || types.iter().any(|name| shape::accepts(name, &node.value)))
        {
            return true;
        }
        let expected: Vec<&str> = types.iter().map(|name| described(name)).collect();
        let what = match &node.value {
            Value::Untyped(text) => format!("must be {}, not `{text}`", expected.join(" or ")),
            value => format!("must be {}, not {}", expected.join(" or "), kind_of(value)),
        };
        self.wrong(node, path, &what, None)
    }

    fn unit_is_missing(&mut self, node: &Node, is_duration: bool, path: &str) -> bool {
        let number = match &node.value {
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            _ => "1".to_owned(),
        };
        let help = if is_duration {
            format!("write \"{number}s\" for seconds or \"{number}ms\" for milliseconds")
        } else {
            format!("write \"{number} MiB\" for mebibytes or \"{number} B\" for bytes")
        };
        self.wrong(node, path, "needs a unit", Some(help))
    }

    pub(super) fn check_scalar(&mut self, node: &mut Node, schema: &Json, path: &str) -> bool {
        match &node.value {
            Value::Integer(number) => self.check_range(node, *number as f64, schema, path),
            Value::Float(number) => self.check_range(node, *number, schema, path),
            Value::String(text) => {
                let text = text.clone();
                self.check_choice(node, &text, schema, path)
                    && self.check_length(node, &text, schema, path)
                    && self.check_format(node, &text, schema, path)
            }
            _ => true,
        }
    }

    fn check_range(&mut self, node: &Node, number: f64, schema: &Json, path: &str) -> bool {
        let limit = |name: &str| schema.get(name).and_then(Json::as_f64);
        if !number.is_finite() {
            return self.wrong(node, path, "must be a finite number", None);
        }
        let limits = [
            ("minimum", "at least", f64::ge as fn(&f64, &f64) -> bool),
            ("exclusiveMinimum", "more than", f64::gt),
            ("maximum", "at most", f64::le),
            ("exclusiveMaximum", "less than", f64::lt),
        ];
        for (keyword, words, holds) in limits {
            if let Some(bound) = limit(keyword)
                && !holds(&number, &bound)
            {
                return self.wrong(node, path, &format!("must be {words} {bound}"), None);
            }
        }
        true
    }

    fn check_choice(&mut self, node: &Node, text: &str, schema: &Json, path: &str) -> bool {
        let Some(choices) = shape::choices(schema) else {
            return true;
        };
        if choices.contains(&text) {
            return true;
        }
        let help = nearest(text, choices.iter().copied());
        let help = help.map(|meant| format!("did you mean `{meant}`?"));
        let what = format!("must be {}, not `{text}`", alternatives(choices));
        self.wrong(node, path, &what, help)
    }

    fn check_length(&mut self, node: &Node, text: &str, schema: &Json, path: &str) -> bool {
        let limit = |name: &str| schema.get(name).and_then(Json::as_u64);
        let length = text.chars().count() as u64;
        match (limit("minLength"), limit("maxLength")) {
            (Some(1), _) if length == 0 => self.wrong(node, path, "must not be empty", None),
            (Some(min), _) if length < min => self.wrong(
                node,
                path,
                &format!("must have at least {min} characters"),
                None,
            ),
            (_, Some(max)) if length > max => self.wrong(
                node,
                path,
                &format!("must have at most {max} characters"),
                None,
            ),
            _ => true,
        }
    }

    fn check_format(&mut self, node: &mut Node, text: &str, schema: &Json, path: &str) -> bool {
        let minimum = schema.get("x-min").and_then(Json::as_str);
        let below = |found: &dyn Fn(&str) -> bool| minimum.filter(|minimum| found(minimum));
        match schema.get("format").and_then(Json::as_str) {
            Some(DURATION_FORMAT) => match UnitDuration::parse(text) {
                Ok(duration) => {
                    let too_short =
                        below(&|min| UnitDuration::parse(min).is_ok_and(|min| duration < min));
                    self.check_minimum(node, too_short, path)
                }
                Err(error) => self.no_quantity(node, &error, "a duration such as \"500ms\"", path),
            },
            Some(SIZE_FORMAT) => match ByteSize::parse(text) {
                Ok(size) => {
                    let too_small = below(&|min| ByteSize::parse(min).is_ok_and(|min| size < min));
                    self.check_minimum(node, too_small, path)
                }
                Err(error) => self.no_quantity(node, &error, "a size such as \"512 MiB\"", path),
            },
            Some(URL_FORMAT) if Server::parse(text).is_err() => {
                let help = "give it as `http://host:port` or `https://host`".to_owned();
                self.wrong(node, path, "is not a usable URL", Some(help))
            }
            _ => true,
        }
    }

    fn check_minimum(&mut self, node: &Node, broken: Option<&str>, path: &str) -> bool {
        match broken {
            Some(minimum) => self.wrong(node, path, &format!("must be at least {minimum}"), None),
            None => true,
        }
    }

    fn no_quantity(&mut self, node: &Node, error: &QuantityError, as_in: &str, path: &str) -> bool {
        self.wrong(node, path, &format!("must be {as_in}: {error}"), None)
    }
}

/// What an untyped value, or one filled in from the environment, becomes where these types are
/// taken. `None` leaves it as it is.
fn adopted(node: &Node, types: &[&str], format: Option<&str>) -> Option<Value> {
    let text = match &node.value {
        Value::Untyped(text) => text,
        Value::String(text) if node.template.is_some() && !types.contains(&"string") => text,
        _ => return None,
    };
    if matches!(node.value, Value::Untyped(_)) && format == Some(DURATION_FORMAT) {
        // Flags and variables may leave out the unit of seconds.
        let duration = UnitDuration::parse_or_seconds(text);
        return Some(Value::String(
            duration.map_or_else(|_| text.clone(), |d| d.to_string()),
        ));
    }
    let trimmed = text.trim();
    let parsed = types.iter().find_map(|name| match *name {
        "integer" => trimmed.parse().ok().map(Value::Integer),
        "number" => trimmed.parse().ok().map(Value::Float),
        "boolean" => match trimmed.to_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(Value::Boolean(true)),
            "false" | "0" | "no" | "off" => Some(Value::Boolean(false)),
            _ => None,
        },
        _ => None,
    });
    let takes_text = types.is_empty() || types.contains(&"string");
    parsed.or_else(|| takes_text.then(|| Value::String(text.clone())))
}

fn described(type_name: &str) -> &str {
    match type_name {
        "string" => "a string",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a table",
        other => other,
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Untyped(_) | Value::Unset => "a text",
        Value::String(_) => "a string",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "a boolean",
        Value::List(_) => "a list",
        Value::Table(_) => "a table",
    }
}
