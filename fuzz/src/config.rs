//! Configuration files. The first byte says how far they are trusted and for which command.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aiperf_collector_dcgm as _;
use aiperf_collector_prometheus as _;
use aiperf_core::config::{Command, ConfigFile, Context, Diagnostics, Layers, RunPlan, Trust};
use aiperf_core::plugins::Registry;
use aiperf_exporter_console as _;
use aiperf_exporter_csv as _;
use aiperf_exporter_json as _;
use aiperf_exporter_jsonl as _;
use aiperf_parser_prometheus as _;

/// No file makes the program panic. What is wrong is shown and says something; the settings of a plan
/// are a file again.
///
/// # Panics
/// If that does not hold.
pub fn check(data: &[u8]) {
    let Some((choice, text)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    match plan(*choice, text) {
        Ok(plan) => {
            let settings = plan.to_toml();
            settings
                .parse::<toml::Table>()
                .unwrap_or_else(|error| panic!("{error}: {settings}"));
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for color in [false, true] {
                assert!(!problems.render(color).trim().is_empty());
            }
        }
    }
}

fn plan(choice: u8, text: &str) -> Result<RunPlan, Diagnostics> {
    let environment = [("HOME", "/home/a"), ("EMPTY", ""), ("KEY", "sk-1\"\n")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut layers = Layers::new(BTreeMap::from(environment));
    layers.add_file(ConfigFile {
        name: "made up.toml",
        text,
        trust: match choice % 3 {
            0 => Trust::Named,
            1 => Trust::Implicit,
            _ => Trust::Recorded,
        },
    });
    layers.resolve(&Context {
        command: match choice / 3 % 3 {
            0 => Command::Profile,
            1 => Command::Collect,
            _ => Command::Report,
        },
        catalog: registry(),
        fresh_seed: 1,
    })
}

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| Registry::with_builtins().expect("built-in plugins fit"))
}
