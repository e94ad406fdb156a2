//! Reads JSON schemas of options: what a user may write, of which type, and what it means.

use serde_json::Value;

/// How far tables within tables are followed; a schema may refer to itself.
const MAX_DEPTH: usize = 4;

/// One option.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct OptionRow {
    /// With the tables that it is in: `auth.token`, `targets[].url`, `headers.NAME`.
    pub(crate) name: String,
    /// Such as `string`, `duration`, or the values that it may have.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// As TOML; `None` if it has to be given, or is none when it is left out.
    pub(crate) default: Option<String>,
    pub(crate) required: bool,
    pub(crate) meaning: String,
}

/// All options of a plugin, tables before what is in them.
pub(crate) fn options(schema: &Value) -> Vec<OptionRow> {
    let mut rows = Vec::new();
    collect(schema, schema, "", 0, &mut rows);
    rows
}

fn collect(root: &Value, table: &Value, prefix: &str, depth: usize, rows: &mut Vec<OptionRow>) {
    let is_required = |name: &str| {
        let required = table["required"].as_array();
        required.is_some_and(|names| names.iter().any(|required| required == name))
    };
    for (key, option) in table["properties"].as_object().into_iter().flatten() {
        let name = format!("{prefix}{key}");
        rows.push(OptionRow {
            kind: kind_of(root, option).join(", "),
            default: default_of(option),
            required: is_required(key),
            meaning: meaning_of(root, option),
            name: name.clone(),
        });
        if depth < MAX_DEPTH {
            collect_inside(root, option, &name, depth + 1, rows);
        }
    }
}

/// What is in a table or in a list of tables.
fn collect_inside(
    root: &Value,
    option: &Value,
    name: &str,
    depth: usize,
    rows: &mut Vec<OptionRow>,
) {
    let shape = resolved(root, option);
    let items = resolved(root, &shape["items"]);
    collect(root, shape, &format!("{name}."), depth, rows);
    collect(root, items, &format!("{name}[]."), depth, rows);
    let named = resolved(root, &shape["additionalProperties"]);
    collect(root, named, &format!("{name}.NAME."), depth, rows);
}

/// Follows `$ref`, and takes the part of an optional value that is not null.
fn resolved<'a>(root: &'a Value, option: &'a Value) -> &'a Value {
    let option = option["anyOf"].get(0).unwrap_or(option);
    let target = option["$ref"]
        .as_str()
        .and_then(|path| root.pointer(path.strip_prefix('#')?));
    target.unwrap_or(option)
}

/// The type, or the values that the option may have, as TOML.
pub(crate) fn kind_of(root: &Value, option: &Value) -> Vec<String> {
    let option = resolved(root, option);
    let values = |parts: &Value| -> Option<Vec<String>> {
        let consts = parts.as_array()?.iter();
        Some(
            consts
                .filter_map(|part| part["const"].as_str())
                .map(quoted)
                .collect(),
        )
    };
    if let Some(values) = values(&option["oneOf"]).filter(|values| !values.is_empty()) {
        return values;
    }
    if let Some(values) = option["enum"].as_array() {
        return values
            .iter()
            .filter_map(Value::as_str)
            .map(quoted)
            .collect();
    }
    let kind = match &option["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    let kind = match (kind, option["format"].as_str()) {
        (_, Some("aiperf-duration")) => "duration",
        (_, Some("aiperf-size")) => "size",
        (_, Some("aiperf-url")) => "URL",
        (Some("array"), _) => "list",
        (Some("object"), _) => "table",
        (Some(kind), _) => kind,
        (None, _) => "any",
    };
    vec![kind.to_owned()]
}

/// The default as TOML.
pub(crate) fn default_of(option: &Value) -> Option<String> {
    match option.get("default")? {
        Value::Null => None,
        Value::String(text) => Some(quoted(text)),
        default => Some(default.to_string()),
    }
}

fn meaning_of(root: &Value, option: &Value) -> String {
    let own = option["description"].as_str();
    let text = own.or_else(|| resolved(root, option)["description"].as_str());
    text.unwrap_or_default().replace('\n', " ")
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_lists_and_choices_are_followed() {
        let schema = json!({
            "properties": {
                "mode": { "$ref": "#/$defs/Mode", "description": "How.", "default": "fast" },
                "targets": { "type": "array", "items": { "$ref": "#/$defs/Target" } },
                "limit": { "anyOf": [{ "type": "integer" }, { "type": "null" }], "default": null },
            },
            "required": ["targets"],
            "$defs": {
                "Mode": { "oneOf": [{ "const": "fast" }, { "const": "safe" }] },
                "Target": { "properties": { "url": { "type": "string" } } },
            },
        });
        let rows = options(&schema);
        let shown: Vec<_> = rows
            .iter()
            .map(|row| (&*row.name, &*row.kind, row.default.as_deref(), row.required))
            .collect();
        assert_eq!(
            shown,
            [
                ("mode", "\"fast\", \"safe\"", Some("\"fast\""), false),
                ("targets", "list", None, true),
                ("targets[].url", "string", None, false),
                ("limit", "integer", None, false),
            ]
        );
        assert_eq!(rows[0].meaning, "How.");
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({
            "properties": { "next": { "$ref": "#" } },
        });
        assert_eq!(options(&schema).len(), MAX_DEPTH + 1);
    }
}
