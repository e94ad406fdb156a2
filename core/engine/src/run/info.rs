//! Facts about a run, and the folder named after it.

use std::path::PathBuf;
use std::time::Duration;

use aiperf_plugin_sdk::RunInfo;
use aiperf_plugin_sdk::time::Instant2;
use serde_json::{Map, Value, json};

use super::RunParts;
use crate::config::{Command, RunPlan};
use crate::http::{Clock, Origin};
use crate::load::{ArrivalPlan, LoadPlan, Pattern, PhaseKind, PhasePlan};

/// What exporters learn before the run.
pub(super) fn run_info(
    plan: &RunPlan,
    parts: &RunParts,
    load: Option<&LoadPlan>,
    clock: &Clock,
) -> RunInfo {
    let now = clock.moment();
    let command = match plan.command {
        Command::Profile => "profile",
        Command::Collect => "collect",
        Command::Demo => "demo",
        Command::Report => "report",
    };
    RunInfo {
        aiperf_version: parts.version.to_owned(),
        command: command.to_owned(),
        model: load.map(|load| load.model.clone()).unwrap_or_default(),
        url: load.map(urls).unwrap_or_default(),
        endpoint_type: load
            .map(|load| load.endpoint.as_str().to_owned())
            .unwrap_or_default(),
        load: load.and_then(profiling).map(describe).unwrap_or_default(),
        started: Instant2 {
            mono_ns: now.mono.0,
            wall_ns: now.wall_ns,
        },
        artifact_dir: String::new(),
        terminal: parts.terminal,
        settings: load.map(|load| settings(plan, load)).unwrap_or_default(),
    }
}

/// All servers, with commas between.
fn urls(load: &LoadPlan) -> String {
    let name = |origin: &Origin| load.secrets.scrub_name(&origin.to_string()).into_owned();
    let urls: Vec<String> = load.origins().map(name).collect();
    urls.join(", ")
}

fn profiling(load: &LoadPlan) -> Option<&PhasePlan> {
    load.phases
        .iter()
        .find(|phase| phase.kind == PhaseKind::Profiling)
}

/// One line about a phase's load.
fn describe(phase: &PhasePlan) -> String {
    let mut words = Vec::new();
    if let ArrivalPlan::Rate(rate) = &phase.arrival {
        words.push(format!(
            "{} requests/s ({})",
            rate.curve.peak(),
            rate.pattern.as_str()
        ));
    }
    match &phase.arrival {
        ArrivalPlan::Schedule(_) => words.push("at the times of the file".to_owned()),
        ArrivalPlan::Users { gap } => {
            words.push(format!(
                "each user every {}",
                humantime::format_duration(*gap)
            ));
        }
        _ => {}
    }
    let most = phase.concurrency;
    words.extend(most.map(|most| format!("concurrency {most}")));
    words.extend(
        phase
            .stop
            .request_count
            .map(|count| format!("{count} requests")),
    );
    let conversations = phase.stop.conversations;
    words.extend(conversations.map(|count| format!("{count} conversations")));
    words.extend(
        phase
            .stop
            .duration
            .map(|duration| format!("{}", humantime::format_duration(duration))),
    );
    words.join(", ")
}

/// Nothing for no time at all.
fn seconds_of(time: Duration) -> Value {
    if time.is_zero() {
        Value::Null
    } else {
        json!(time.as_secs_f64())
    }
}

/// What a reader of the files wants to compare runs by.
fn settings(plan: &RunPlan, load: &LoadPlan) -> Map<String, Value> {
    let mut settings = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            settings.insert(name.to_owned(), value);
        }
    };
    set("streaming", json!(load.streaming));
    set("isl", json!(load.input_tokens.mean));
    set("isl_stddev", json!(load.input_tokens.stddev));
    set("osl", json!(load.output_tokens.map(|tokens| tokens.mean)));
    set(
        "osl_stddev",
        json!(load.output_tokens.map(|tokens| tokens.stddev)),
    );
    set("random_seed", json!(plan.random_seed));
    if !plan.goodput.is_empty() {
        set("goodput", plan.goodput.settings());
    }
    if let Some(phase) = profiling(load) {
        set("concurrency", json!(phase.concurrency));
        let ramp = seconds_of(phase.concurrency_ramp);
        set("concurrency_ramp_seconds", ramp);
        let prefill = phase.prefill.map(|prefill| prefill.concurrency);
        set("prefill_concurrency", json!(prefill));
        if let Some(cancellation) = phase.cancellation {
            let percent = cancellation.share * 100.0;
            set("request_cancellation_rate", json!(percent));
            set(
                "request_cancellation_delay_seconds",
                json!(cancellation.delay.as_secs_f64()),
            );
        }
        if let ArrivalPlan::Rate(rate) = &phase.arrival {
            set("request_rate", json!(rate.curve.peak()));
            set("arrival_pattern", json!(rate.pattern.as_str()));
            if load.prompts.has_turns() {
                set("rate_of", json!(rate.of.as_str()));
            }
            if let Pattern::Gamma { smoothness } = rate.pattern {
                set("arrival_smoothness", json!(smoothness));
            }
            set(
                "request_rate_ramp_seconds",
                json!(rate.curve.ramp_seconds()),
            );
        }
        if let ArrivalPlan::Users { gap } = &phase.arrival {
            let users = phase.concurrency.map(|users| users as f64);
            set("num_users", json!(phase.concurrency));
            let rate = users.map(|users| users / gap.as_secs_f64());
            set("user_centric_rate", json!(rate));
        }
        if let ArrivalPlan::Schedule(_) = &phase.arrival {
            set("fixed_schedule", json!(true));
        }
        set("conversation_num", json!(phase.stop.conversations));
        set("request_count", json!(phase.stop.request_count));
        set(
            "benchmark_duration_seconds",
            json!(phase.stop.duration.map(|d| d.as_secs_f64())),
        );
        set(
            "benchmark_grace_period_seconds",
            json!(phase.grace_period.as_secs_f64()),
        );
    }
    let warmup = load
        .phases
        .iter()
        .find(|phase| phase.kind == PhaseKind::Warmup);
    set(
        "warmup_request_count",
        json!(warmup.and_then(|phase| phase.stop.request_count)),
    );
    let warmup = warmup.and_then(|phase| phase.stop.duration);
    set(
        "warmup_duration_seconds",
        json!(warmup.map(|d| d.as_secs_f64())),
    );
    settings
}

/// `artifacts/<model>-<endpoint>-<load>`, or what the user chose.
pub(super) fn artifact_dir(plan: &RunPlan, load: Option<&LoadPlan>) -> PathBuf {
    if let Some(dir) = &plan.artifacts.dir {
        return dir.clone();
    }
    let name = match load {
        Some(load) => {
            let mut name = format!("{}-{}", load.model, load.endpoint.as_str());
            let phase = profiling(load);
            let most = phase.and_then(|phase| phase.concurrency);
            name.extend(most.map(|most| format!("-concurrency{most}")));
            let rate = match phase.map(|phase| &phase.arrival) {
                Some(ArrivalPlan::Rate(rate)) => Some(rate.curve.peak()),
                _ => None,
            };
            name.extend(rate.map(|rate| format!("-request_rate{rate}")));
            name
        }
        None => format!(
            "collect-{}",
            Origin::parse(&plan.url).map_or_else(|_| String::new(), |o| o.authority())
        ),
    };
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "-._".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().map(safe).collect();
    PathBuf::from("artifacts").join(name.trim_matches(['-', '.']))
}
