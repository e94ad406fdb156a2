//! When requests are sent.

use std::path::PathBuf;

use aiperf_core::config::UnitDuration;
use clap::Args;
use serde_json::{Value, json};

use super::flags::Flags;

/// When requests are sent, and which are given up.
#[derive(Debug, Args)]
#[command(next_help_heading = "Load")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags, each with a name of its own"
)]
pub(crate) struct ArrivalArgs {
    /// Requests in flight: each response is followed by the next request [default: 1];
    /// with a request rate the most in flight [default: no limit]
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<u32>,
    /// Let the requests in flight begin one after the other over this time.
    #[arg(long, value_name = "DURATION")]
    pub(crate) concurrency_ramp_duration: Option<String>,
    /// Requests per second, sent whatever the responses do.
    #[arg(long, value_name = "N")]
    pub(crate) request_rate: Option<f64>,
    /// Let the request rate rise from 0 over this time.
    #[arg(long, value_name = "DURATION")]
    pub(crate) request_rate_ramp_duration: Option<String>,
    /// A request rate that changes: JSON like `{"points": [{"time_s": 0, "qps": 1}, ...]}`.
    #[arg(long, value_name = "FILE")]
    pub(crate) request_rate_series: Option<PathBuf>,
    /// What --request-rate counts: requests, or conversations that begin [default: requests]
    #[arg(long, value_name = "WHAT")]
    pub(crate) rate_of: Option<String>,
    /// Requests per second of --num-users users, each of whom waits for his answer before he asks again.
    #[arg(long, value_name = "N")]
    pub(crate) user_centric_rate: Option<f64>,
    /// Users of --user-centric-rate.
    #[arg(long, value_name = "N")]
    pub(crate) num_users: Option<u32>,
    /// Conversations to begin, and to carry on to their ends [default: no limit]
    #[arg(
        long,
        alias = "num-conversations",
        alias = "num-sessions",
        value_name = "N"
    )]
    pub(crate) conversation_num: Option<u64>,
    /// Send the requests of --input-file at its timestamps; the default where all have one and neither a
    /// concurrency nor a rate is given.
    #[arg(long, overrides_with = "no_fixed_schedule")]
    pub(crate) fixed_schedule: bool,
    /// Leave the timestamps of --input-file aside.
    #[arg(long, overrides_with = "fixed_schedule")]
    pub(crate) no_fixed_schedule: bool,
    /// Send each request at its timestamp, alone, without waiting for the answer before it.
    #[arg(long)]
    pub(crate) open_loop_strict: bool,
    /// Shift the timestamps so that the first request is sent at once.
    #[arg(long)]
    pub(crate) fixed_schedule_auto_offset: bool,
    /// Begin at this timestamp, in milliseconds unless it has a unit.
    #[arg(long, value_name = "MS")]
    pub(crate) fixed_schedule_start_offset: Option<String>,
    /// End at this timestamp, in milliseconds unless it has a unit.
    #[arg(long, value_name = "MS")]
    pub(crate) fixed_schedule_end_offset: Option<String>,
    /// How many times as fast as recorded [default: 1]
    #[arg(long, value_name = "FACTOR")]
    pub(crate) replay_speedup: Option<f64>,
    /// How gaps of a request rate vary: constant, poisson or gamma [default: poisson];
    /// concurrency-burst is no rate
    #[arg(long, alias = "request-rate-mode", value_name = "PATTERN")]
    pub(crate) arrival_pattern: Option<String>,
    /// Shape of gamma gaps: below 1 bursts, 1 as poisson, above more even.
    #[arg(long, alias = "vllm-burstiness", value_name = "SHAPE")]
    pub(crate) arrival_smoothness: Option<f64>,
    /// Requests at most that wait for their first token [default: no limit]
    #[arg(long, value_name = "N")]
    pub(crate) prefill_concurrency: Option<u32>,
    /// Let --prefill-concurrency rise from 1 over this time.
    #[arg(long, value_name = "DURATION")]
    pub(crate) prefill_concurrency_ramp_duration: Option<String>,
    /// Requests of 100 to give up, drawn at random [default: 0]
    #[arg(long, value_name = "PERCENT")]
    pub(crate) request_cancellation_rate: Option<f64>,
    /// From the sending of such a request to its end [default: 0s]
    #[arg(long, value_name = "DURATION")]
    pub(crate) request_cancellation_delay: Option<String>,
    /// Failed requests that end the run [default: no limit]
    #[arg(long, value_name = "N")]
    pub(crate) max_errors: Option<u64>,
    /// Share of failed requests, 0 to 1, beyond which the run ends [default: no limit]
    #[arg(long, value_name = "RATIO")]
    pub(crate) failed_request_threshold: Option<f64>,
}

impl ArrivalArgs {
    pub(crate) fn add_to(&self, flags: &mut Flags) {
        let mut load = |name: &str, value: Option<String>| of_load(flags, name, value.as_ref());
        load("concurrency", text(self.concurrency));
        load(
            "concurrency-ramp-duration",
            self.concurrency_ramp_duration.clone(),
        );
        load("request-rate", text(self.request_rate));
        load(
            "request-rate-ramp-duration",
            self.request_rate_ramp_duration.clone(),
        );
        load("rate-of", self.rate_of.clone());
        load("arrival-pattern", pattern(self.arrival_pattern.as_deref()));
        load("arrival-smoothness", text(self.arrival_smoothness));
        load("prefill-concurrency", text(self.prefill_concurrency));
        let ramp = self.prefill_concurrency_ramp_duration.clone();
        load("prefill-concurrency-ramp-duration", ramp);
        load(
            "request-cancellation-rate",
            text(self.request_cancellation_rate),
        );
        load(
            "request-cancellation-delay",
            self.request_cancellation_delay.clone(),
        );
        load("user-centric-rate", text(self.user_centric_rate));
        load("num-users", text(self.num_users));
        load("conversation-num", text(self.conversation_num));
        load("max-errors", text(self.max_errors));
        load(
            "failed-request-threshold",
            text(self.failed_request_threshold),
        );
        let start = self.fixed_schedule_start_offset.as_deref();
        load("fixed-schedule-start-offset", start.map(millis));
        let end = self.fixed_schedule_end_offset.as_deref();
        load("fixed-schedule-end-offset", end.map(millis));
        load("replay-speedup", text(self.replay_speedup));
        let (name, path) = ("--fixed-schedule", "load.fixed_schedule");
        flags.switch(name, path, self.fixed_schedule, true);
        flags.switch("--no-fixed-schedule", path, self.no_fixed_schedule, false);
        let (name, path) = ("--open-loop-strict", "load.open_loop_strict");
        flags.switch(name, path, self.open_loop_strict, true);
        let (name, path) = (
            "--fixed-schedule-auto-offset",
            "load.fixed_schedule_auto_offset",
        );
        flags.switch(name, path, self.fixed_schedule_auto_offset, true);
        let (name, path) = ("--request-rate-series", "load.request_rate_series");
        flags.file(name, path, self.request_rate_series.as_ref(), series);
    }
}

/// The warm-up.
#[derive(Debug, Args)]
#[command(next_help_heading = "Warm-up")]
pub(crate) struct WarmupArgs {
    /// Requests to send first, left out of the results [default: 0]
    #[arg(long, alias = "num-warmup-requests", value_name = "N")]
    pub(crate) warmup_request_count: Option<u64>,
    /// Send warm-up requests for this time.
    #[arg(long, value_name = "DURATION")]
    pub(crate) warmup_duration: Option<String>,
    /// Warm-up conversations to begin, and to carry on to their ends.
    #[arg(long, alias = "num-warmup-sessions", value_name = "N")]
    pub(crate) warmup_conversation_num: Option<u64>,
    /// Measure without a pause after the warm-up, while its last requests are running.
    #[arg(long)]
    pub(crate) seamless_warmup: bool,
    /// --concurrency of the warm-up [default: the same]
    #[arg(long, value_name = "N")]
    pub(crate) warmup_concurrency: Option<u32>,
    /// --request-rate of the warm-up [default: the same]
    #[arg(long, value_name = "N")]
    pub(crate) warmup_request_rate: Option<f64>,
    /// --arrival-pattern of the warm-up [default: the same]
    #[arg(long, value_name = "PATTERN")]
    pub(crate) warmup_arrival_pattern: Option<String>,
    /// --prefill-concurrency of the warm-up [default: the same]
    #[arg(long, value_name = "N")]
    pub(crate) warmup_prefill_concurrency: Option<u32>,
    /// --concurrency-ramp-duration of the warm-up [default: the same]
    #[arg(long, value_name = "DURATION")]
    pub(crate) warmup_concurrency_ramp_duration: Option<String>,
    /// --request-rate-ramp-duration of the warm-up [default: the same]
    #[arg(long, value_name = "DURATION")]
    pub(crate) warmup_request_rate_ramp_duration: Option<String>,
    /// --prefill-concurrency-ramp-duration of the warm-up [default: the same]
    #[arg(long, value_name = "DURATION")]
    pub(crate) warmup_prefill_concurrency_ramp_duration: Option<String>,
    /// --benchmark-grace-period of the warm-up [default: the same]
    #[arg(long, value_name = "DURATION")]
    pub(crate) warmup_grace_period: Option<String>,
}

impl WarmupArgs {
    pub(crate) fn add_to(&self, flags: &mut Flags) {
        let mut load = |name: &str, value: Option<String>| of_load(flags, name, value.as_ref());
        load("warmup-request-count", text(self.warmup_request_count));
        load(
            "warmup-conversation-num",
            text(self.warmup_conversation_num),
        );
        load("warmup-duration", self.warmup_duration.clone());
        load("warmup-concurrency", text(self.warmup_concurrency));
        load("warmup-request-rate", text(self.warmup_request_rate));
        load(
            "warmup-arrival-pattern",
            pattern(self.warmup_arrival_pattern.as_deref()),
        );
        load(
            "warmup-prefill-concurrency",
            text(self.warmup_prefill_concurrency),
        );
        let ramp = self.warmup_concurrency_ramp_duration.clone();
        load("warmup-concurrency-ramp-duration", ramp);
        let ramp = self.warmup_request_rate_ramp_duration.clone();
        load("warmup-request-rate-ramp-duration", ramp);
        let ramp = self.warmup_prefill_concurrency_ramp_duration.clone();
        load("warmup-prefill-concurrency-ramp-duration", ramp);
        load("warmup-grace-period", self.warmup_grace_period.clone());
        let (name, path) = ("--seamless-warmup", "load.seamless_warmup");
        flags.switch(name, path, self.seamless_warmup, true);
    }
}

/// A flag that has the name of its setting in `[load]`.
fn of_load(flags: &mut Flags, name: &str, value: Option<&String>) {
    let setting = format!("load.{}", name.replace('-', "_"));
    flags.text(&format!("--{name}"), &setting, value);
}

fn text(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// Files write names with `_`.
fn pattern(written: Option<&str>) -> Option<String> {
    written.map(|name| name.replace('-', "_"))
}

/// Reads `{"points": [{"time_s": 0, "qps": 1}, ...]}`, or the list alone.
fn series(text: &str) -> Result<Value, String> {
    let whole: Value =
        serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}"))?;
    let points = whole.get("points").unwrap_or(&whole);
    let points = points.as_array().ok_or("has no list of `points`")?;
    let point = |(number, point): (usize, &Value)| {
        let field = |name: &str| point.get(name).and_then(Value::as_f64);
        let at = field("time_s").and_then(|at| std::time::Duration::try_from_secs_f64(at).ok());
        match (at, field("qps")) {
            (Some(at), Some(rate)) => {
                Ok(json!({ "at": UnitDuration(at).to_string(), "rate": rate }))
            }
            _ => Err(format!("has no `time_s` and `qps` at point {number}")),
        }
    };
    (1..).zip(points).map(point).collect()
}

/// A time in milliseconds, as timestamps of traces are, unless it has a unit.
pub(super) fn millis(text: &str) -> String {
    if text.parse::<f64>().is_ok() {
        format!("{text}ms")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_times_and_rates() {
        let text = r#"{"points": [{"time_s": 0, "qps": 1}, {"time_s": 0.5, "qps": 7.5}]}"#;
        let expected = json!([{ "at": "0s", "rate": 1.0 }, { "at": "500ms", "rate": 7.5 }]);
        assert_eq!(series(text), Ok(expected));
        let list = r#"[{"time_s": 90, "qps": 2}]"#;
        assert_eq!(series(list), Ok(json!([{ "at": "90s", "rate": 2.0 }])));
        assert!(series("{").unwrap_err().starts_with("is no JSON"));
        assert_eq!(series("{}").unwrap_err(), "has no list of `points`");
        let back = r#"[{"time_s": 1, "qps": 2}, {"time_s": -1, "qps": 2}]"#;
        assert!(series(back).unwrap_err().ends_with("at point 2"));
    }
}
