//! Flags of several runs.

use std::collections::BTreeSet;

use clap::{ArgAction, Args, ValueEnum};
use serde_json::{Value, json};

use super::flags::Flags;

/// Several runs in a row.
#[derive(Debug, Args)]
#[command(next_help_heading = "Several runs")]
pub(crate) struct SweepArgs {
    /// Runs of each load, for confidence intervals [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) num_profile_runs: Option<u32>,
    /// Time between two runs [default: 0s]
    #[arg(long, alias = "profile-run-cooldown-seconds", value_name = "DURATION")]
    pub(crate) profile_run_cooldown: Option<String>,
    /// Probability with which an interval holds the true mean [default: 0.95]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) confidence_level: Option<f64>,
    /// Run with each of these values of a setting: `concurrency=1,8,64`, or any path of a config file
    /// (repeatable: every combination)
    #[arg(long, value_name = "SETTING=V,V,...", action = ArgAction::Append)]
    pub(crate) sweep: Vec<String>,
    /// How the values of several settings are combined: grid or zip [default: grid]
    #[arg(long, value_enum, value_name = "TYPE", hide_possible_values = true)]
    pub(crate) sweep_type: Option<SweepType>,
    /// Find the largest value with which all of --slo and --goodput hold: `concurrency=1..256`
    #[arg(long, value_name = "SETTING=MIN..MAX")]
    pub(crate) search: Option<String>,
    /// End the search when it is this near, as a fraction [default: 0.05]
    #[arg(long, value_name = "FRACTION")]
    pub(crate) search_precision: Option<f64>,
    /// Share of requests that has to keep --goodput in a search [default: 0.9]
    #[arg(long, value_name = "FRACTION")]
    pub(crate) good_fraction: Option<f64>,
    /// What runs have to keep: `time_to_first_token:p99 <= 200`, in the unit of the report (repeatable)
    #[arg(long, value_name = "METRIC:STAT <= LIMIT", action = ArgAction::Append)]
    pub(crate) slo: Vec<String>,
}

/// How the values of several settings are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SweepType {
    /// Each with each.
    Grid,
    /// The first with the first, and so on.
    Zip,
}

impl SweepArgs {
    pub(crate) fn add_to(&self, flags: &mut Flags) {
        let runs = self.num_profile_runs.as_ref();
        flags.text("--num-profile-runs", "sweep.num_profile_runs", runs);
        let cooldown = self.profile_run_cooldown.as_ref();
        flags.text("--profile-run-cooldown", "sweep.cooldown", cooldown);
        let level = self.confidence_level.as_ref();
        flags.text("--confidence-level", "sweep.confidence_level", level);
        let mut names = BTreeSet::new();
        for written in &self.sweep {
            let name = written.split('=').next().unwrap_or_default();
            if names.insert(path(name)) {
                axis(flags, written);
            } else {
                let message = format!("`--sweep` names `{}` twice", path(name));
                flags.reject("--sweep", message, "give all of its values at once");
            }
        }
        let mode = self.sweep_type.map(|mode| match mode {
            SweepType::Grid => "grid",
            SweepType::Zip => "zip",
        });
        flags.text("--sweep-type", "sweep.mode", mode.as_ref());
        if let Some(written) = &self.search {
            search(flags, written);
        }
        let precision = self.search_precision.as_ref();
        flags.text("--search-precision", "sweep.search.precision", precision);
        flags.list("--slo", "sweep.slo", &self.slo);
        let fraction = self.good_fraction.as_ref();
        flags.text("--good-fraction", "sweep.good_fraction", fraction);
    }
}

/// Takes `SETTING=V,V,...` apart.
fn axis(flags: &mut Flags, written: &str) {
    const FLAG: &str = "--sweep";
    match written.split_once('=') {
        Some((name, values)) if !name.is_empty() && !values.is_empty() => {
            let values: Value = values.split(',').map(value).collect();
            flags.entry(FLAG, "sweep.vary", &path(name), values, written);
        }
        _ => {
            let message = format!("`{FLAG}` must be `SETTING=VALUE,VALUE,...`");
            flags.reject(FLAG, message, "write it as in --sweep concurrency=1,8,64");
        }
    }
}

/// Takes `SETTING=MIN..MAX` apart.
fn search(flags: &mut Flags, written: &str) {
    const FLAG: &str = "--search";
    let parts = written.split_once('=').and_then(|(name, range)| {
        let (min, max) = range.split_once("..")?;
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        Some((path(name), number(min)?, number(max)?))
    });
    let Some((path, min, max)) = parts else {
        let message = format!("`{FLAG}` must be `SETTING=MIN..MAX`");
        flags.reject(FLAG, message, "write it as in --search concurrency=1..256");
        return;
    };
    for (key, value) in [
        ("setting", json!(path)),
        ("min", json!(min)),
        ("max", json!(max)),
    ] {
        flags.entry(FLAG, "sweep.search", key, value, written);
    }
}

/// `request-rate` is short for `load.request_rate`.
fn path(name: &str) -> String {
    let name = name.trim();
    if name.contains('.') {
        return name.to_owned();
    }
    format!("load.{}", name.trim_start_matches('-').replace('-', "_"))
}

/// Numbers and switches are such, anything else is text.
fn value(text: &str) -> Value {
    let text = text.trim();
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}
