//! Finds one's way in a JSON schema.

use serde_json::Value as Json;

use crate::config::node::{Node, Value};
use crate::secrets::is_secret_name;

/// The part of `schema` that is meant for `node`: references are followed, and of alternatives the
/// one that takes the node's type is chosen.
pub(super) fn select<'a>(root: &'a Json, schema: &'a Json, node: &Node) -> &'a Json {
    let schema = follow(root, schema);
    let Some(alternatives) = schema.get("anyOf").and_then(Json::as_array) else {
        return schema;
    };
    let mut usable = alternatives
        .iter()
        .map(|part| follow(root, part))
        .filter(|part| !is_null(part));
    let (Some(first), second) = (usable.next(), usable.next()) else {
        return schema;
    };
    if second.is_none() {
        return select(root, first, node);
    }
    alternatives
        .iter()
        .map(|part| follow(root, part))
        .find(|part| types(part).iter().any(|name| accepts(name, &node.value)))
        .unwrap_or(schema)
}

/// Follows `$ref` as long as there is one.
pub(super) fn follow<'a>(root: &'a Json, mut schema: &'a Json) -> &'a Json {
    // Bounded, since a schema from outside may refer to itself.
    for _ in 0..16 {
        let target = schema
            .get("$ref")
            .and_then(Json::as_str)
            .and_then(|reference| root.pointer(reference.strip_prefix('#')?));
        match target {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

/// Names of the types that a schema takes, null aside; empty if it does not say.
pub(super) fn types(schema: &Json) -> Vec<&str> {
    let names: Vec<&str> = match schema.get("type") {
        Some(Json::String(name)) => vec![name],
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
        _ => match schema.get("oneOf").and_then(Json::as_array) {
            Some(parts) if parts.iter().all(|part| part.get("const").is_some()) => vec!["string"],
            _ => Vec::new(),
        },
    };
    names.into_iter().filter(|name| *name != "null").collect()
}

fn is_null(schema: &Json) -> bool {
    schema.get("type").and_then(Json::as_str) == Some("null")
}

/// Whether a value is of the named JSON type.
pub(super) fn accepts(name: &str, value: &Value) -> bool {
    match value {
        Value::String(_) => name == "string",
        Value::Integer(_) => matches!(name, "integer" | "number"),
        Value::Float(_) => name == "number",
        Value::Boolean(_) => name == "boolean",
        Value::List(_) => name == "array",
        Value::Table(_) => name == "object",
        Value::Unset => true,
        Value::Untyped(_) => !matches!(name, "array" | "object"),
    }
}

/// The texts that a schema lists, if it lists any.
pub(super) fn choices(schema: &Json) -> Option<Vec<&str>> {
    if let Some(list) = schema.get("enum").and_then(Json::as_array) {
        return list.iter().map(Json::as_str).collect();
    }
    // What schemars makes of an enum whose variants have doc comments.
    let parts = schema.get("oneOf").and_then(Json::as_array)?;
    let mut choices = Vec::new();
    for part in parts {
        match (part.get("const"), part.get("enum").and_then(Json::as_array)) {
            (Some(text), _) => choices.push(text.as_str()?),
            (None, Some(list)) => choices.extend(list.iter().filter_map(Json::as_str)),
            (None, None) => return None,
        }
    }
    Some(choices)
}

/// Whether a schema marks its value as secret.
pub(super) fn is_secret(schema: &Json) -> bool {
    let says = |keyword| schema.get(keyword).and_then(Json::as_bool) == Some(true);
    says("writeOnly")
        || says("x-secret")
        || schema.get("format").and_then(Json::as_str) == Some("password")
}

/// Whether the last part of a path is a name that secrets usually have, as not every plugin marks its
/// secrets, or a header: those that let a client in have any name.
pub(crate) fn is_secret_path(path: &str) -> bool {
    header_name(path).is_some() || is_secret_name(last_part(path))
}

/// The name of the header at `path`, if there is one.
pub(crate) fn header_name(path: &str) -> Option<&str> {
    let is_header = path.starts_with("headers.") || path.contains(".headers.");
    is_header.then(|| last_part(path))
}

fn last_part(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path).trim_matches('"')
}
