//! Whole configurations: what they become, and how their errors read.

mod plans;
mod plugins;
mod rendered;

use std::collections::BTreeMap;

use aiperf_plugin_sdk::{PluginError, PluginKind};
use serde_json::{Value as Json, json};

use super::{
    Catalog, Command, ConfigFile, Context, Diagnostics, Layers, RunPlan, Setting, SettingValue,
    Trust,
};

/// Two collectors, a parser, two exporters; `pages` has options and finds errors of its own.
struct FakeCatalog;

impl Catalog for FakeCatalog {
    fn ids(&self, kind: PluginKind) -> Vec<String> {
        let ids: &[&str] = match kind {
            PluginKind::Collector => &["pages", "gpu"],
            PluginKind::Parser => &["text"],
            PluginKind::Exporter => &["csv", "console"],
        };
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn schema(&self, kind: PluginKind, id: &str) -> Option<Json> {
        (kind == PluginKind::Collector && id == "pages").then(|| {
            json!({
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "inference_url": { "type": "string" },
                    "auto": { "type": "boolean" },
                    "default_endpoints": { "type": "array", "items": { "type": "string" } },
                    "urls": { "type": "array", "items": { "type": "string" } },
                    "bearer": { "type": ["string", "null"], "writeOnly": true },
                    "targets": { "type": "array", "items": { "$ref": "#/$defs/Target" } },
                },
                "$defs": { "Target": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["url"],
                    "properties": { "url": { "type": "string" }, "port": { "type": "integer" } },
                } },
            })
        })
    }

    fn validate(&self, _: PluginKind, _: &str, options: &Json) -> Vec<PluginError> {
        let targets = options.get("targets").and_then(Json::as_array);
        let targets = targets.into_iter().flatten().enumerate();
        targets
            .filter(|(_, target)| target["url"].as_str() == Some("nowhere"))
            .map(|(index, _)| PluginError::config(format!("targets[{index}].url"), "names no host"))
            .collect()
    }
}

const DEFAULTS: &str = "[collectors.server_metrics]\nuse = \"pages\"\n[exporters.csv]\n";

/// Layers over the defaults that the binary would give.
fn layers() -> Layers {
    let environment = [("TOKEN", "tok-1"), ("KEY", "sk-1"), ("N", "7")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut layers = Layers::new(BTreeMap::from(environment));
    layers.add_file(ConfigFile {
        name: "defaults.toml",
        text: DEFAULTS,
        trust: Trust::BuiltIn,
    });
    layers
}

fn file<'a>(name: &'a str, text: &'a str) -> ConfigFile<'a> {
    ConfigFile {
        name,
        text,
        trust: Trust::Named,
    }
}

fn flag(name: &str, path: &str, text: &str) -> Setting {
    Setting::flag(name, path, SettingValue::Text(text.to_owned()))
}

fn resolve_as(command: Command, layers: Layers) -> Result<RunPlan, Diagnostics> {
    layers.resolve(&Context {
        command,
        catalog: &FakeCatalog,
        fresh_seed: 42,
    })
}

fn resolve(text: &str) -> Result<RunPlan, Diagnostics> {
    let mut layers = layers();
    layers.add_file(file("aiperf.toml", text));
    resolve_as(Command::Profile, layers)
}

fn plan(text: &str) -> RunPlan {
    resolve(text).unwrap_or_else(|errors| panic!("{errors}"))
}
