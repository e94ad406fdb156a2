//! The JSON schema for editors: what a file can hold, options of the installed plugins included.

use aiperf_plugin_sdk::PluginKind;
use serde_json::{Map, Value as Json, json};

use super::catalog::{Catalog, table_of};
use super::schema::{Config, json_schema};
use super::settings::Settings;

const KINDS: [PluginKind; 3] = [
    PluginKind::Collector,
    PluginKind::Parser,
    PluginKind::Exporter,
];

impl Settings {
    /// JSON schema (draft 2020-12) of a file of settings. Options are those of the plugins in
    /// `catalog`; a table gets those of the plugin that it names with `use`, that these settings name
    /// for it, or whose id is its name.
    pub fn editor_schema(&self, catalog: &dyn Catalog) -> Json {
        let mut schema = json_schema().clone();
        let defaults = Config::default();
        let config = self.config.as_ref().unwrap_or(&defaults);
        for kind in KINDS {
            add_plugins(&mut schema, kind, catalog, &instances(config, kind));
        }
        each_part(&mut schema, &mut allow_variable);
        schema
    }
}

/// Instances with the id of their plugins.
fn instances(config: &Config, kind: PluginKind) -> Vec<(String, String)> {
    let named = |(name, plugin): (&String, &Option<String>)| {
        (name.clone(), plugin.as_ref().unwrap_or(name).clone())
    };
    match kind {
        PluginKind::Collector => {
            let plugins = config.collectors.iter();
            plugins.map(|(name, c)| named((name, &c.plugin))).collect()
        }
        PluginKind::Parser => {
            let plugins = config.parsers.iter();
            plugins.map(|(name, p)| named((name, &p.plugin))).collect()
        }
        PluginKind::Exporter => {
            let plugins = config.exporters.iter();
            plugins.map(|(name, e)| named((name, &e.plugin))).collect()
        }
    }
}

fn add_plugins(
    schema: &mut Json,
    kind: PluginKind,
    catalog: &dyn Catalog,
    instances: &[(String, String)],
) {
    let table = table_of(kind);
    let ids = catalog.ids(kind);
    let instance = schema["properties"][table]["additionalProperties"].clone();
    let Some(definition) = instance["$ref"].as_str().and_then(|path| path.get(1..)) else {
        return;
    };
    let mut by_use = Vec::new();
    let mut by_name = Map::new();
    for id in &ids {
        let key = format!("{}.{id}", kind.as_str());
        let options = json!({ "properties": { "options": { "$ref": format!("#/$defs/{key}") } } });
        let uses = json!({ "properties": { "use": { "const": id } }, "required": ["use"] });
        by_use.push(json!({ "if": uses, "then": options }));
        let own_name = std::iter::once(id);
        let names = instances.iter().filter(|(_, plugin)| plugin == id);
        for name in own_name.chain(names.map(|(name, _)| name)) {
            let silent = json!({ "not": { "required": ["use"] } });
            let implied = json!({ "allOf": [instance, { "if": silent, "then": options }] });
            by_name.insert(name.clone(), implied);
        }
        let mut plugin = catalog.schema(kind, id).unwrap_or(Json::Bool(true));
        relocate(&mut plugin, &format!("/$defs/{key}"));
        schema["$defs"][key] = plugin;
    }
    schema["properties"][table]["properties"] = Json::Object(by_name);
    if let Some(definition) = schema.pointer_mut(definition) {
        definition["allOf"] = Json::Array(by_use);
        definition["properties"]["use"]["enum"] = json!(ids);
    }
}

/// Makes a schema part of a larger one, in which it stands at `place`.
fn relocate(schema: &mut Json, place: &str) {
    each_part(schema, &mut |rules| {
        rules.remove("$schema");
        if let Some(Json::String(target)) = rules.get_mut("$ref")
            && let Some(local) = target.strip_prefix('#')
        {
            *target = format!("#{place}{local}");
        }
    });
}

/// Lets a text with a variable stand where the schema takes no such text: it becomes what is taken.
fn allow_variable(rules: &mut Map<String, Json>) {
    let variable = json!({ "type": "string", "pattern": "\\$\\{" });
    if let Some(Json::Array(choices)) = rules.get_mut("oneOf")
        && choices.iter().all(|choice| choice.get("const").is_some())
    {
        choices.push(variable);
    } else if let Some(choices) = rules.remove("enum") {
        let either = json!([{ "enum": choices }, variable]);
        rules.insert("anyOf".to_owned(), either);
    } else if let Some(types) = rules.get_mut("type") {
        let is_scalar =
            |name: &Json| matches!(name.as_str(), Some("integer" | "number" | "boolean"));
        let mut names = match &*types {
            Json::Array(names) => names.clone(),
            name => vec![name.clone()],
        };
        if names.iter().any(is_scalar) && !names.contains(&json!("string")) {
            names.push(json!("string"));
            *types = Json::Array(names);
            rules.insert("pattern".to_owned(), variable["pattern"].clone());
        }
    }
}

/// Calls `visit` on every schema in a schema, and then on itself.
fn each_part(schema: &mut Json, visit: &mut dyn FnMut(&mut Map<String, Json>)) {
    let Some(rules) = schema.as_object_mut() else {
        return;
    };
    for (rule, argument) in rules.iter_mut() {
        match (rule.as_str(), argument) {
            ("properties" | "patternProperties" | "$defs", Json::Object(parts)) => {
                for part in parts.values_mut() {
                    each_part(part, visit);
                }
            }
            ("anyOf" | "allOf" | "oneOf" | "prefixItems", Json::Array(parts)) => {
                for part in parts {
                    each_part(part, visit);
                }
            }
            ("items" | "additionalProperties" | "then" | "else", part) => each_part(part, visit),
            _ => {}
        }
    }
    visit(rules);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_follow_the_schema_that_is_moved() {
        let mut schema = json!({
            "$schema": "x",
            "properties": { "$ref": { "items": { "$ref": "#/$defs/A" } } },
            "$defs": { "A": { "default": { "$ref": "#/data" } } },
        });
        relocate(&mut schema, "/$defs/p");
        let expected = json!({
            "properties": { "$ref": { "items": { "$ref": "#/$defs/p/$defs/A" } } },
            "$defs": { "A": { "default": { "$ref": "#/data" } } },
        });
        assert_eq!(schema, expected);
    }

    #[test]
    fn a_variable_may_stand_for_anything_but_lists_and_tables() {
        let mut schema = json!({ "properties": {
            "n": { "type": ["integer", "null"] },
            "c": { "oneOf": [{ "const": "a" }] },
            "e": { "enum": ["a"] },
            "s": { "type": "string" },
            "l": { "type": "array" },
        } });
        each_part(&mut schema, &mut allow_variable);
        let variable = json!({ "type": "string", "pattern": "\\$\\{" });
        let expected = json!({ "properties": {
            "n": { "type": ["integer", "null", "string"], "pattern": "\\$\\{" },
            "c": { "oneOf": [{ "const": "a" }, variable] },
            "e": { "anyOf": [{ "enum": ["a"] }, variable] },
            "s": { "type": "string" },
            "l": { "type": "array" },
        } });
        assert_eq!(schema, expected);
    }
}
