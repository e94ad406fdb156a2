//! The embedded table of families that the settle rule knows.

use std::sync::LazyLock;

use serde::Deserialize;

/// What the increase of a counter equals at the end of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Equals {
    /// Answered requests.
    Requests,
    /// Sum of `usage.completion_tokens`.
    CompletionTokens,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counter {
    pub(super) family: String,
    pub(super) equals: Equals,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InFlight {
    families: Vec<String>,
}

/// See `families.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Families {
    counter: Vec<Counter>,
    in_flight: InFlight,
}

impl Families {
    /// The embedded table.
    pub(super) fn embedded() -> &'static Self {
        static TABLE: LazyLock<Families> = LazyLock::new(|| {
            toml::from_str(include_str!("families.toml")).expect("a test reads the embedded table")
        });
        &TABLE
    }

    /// The counter of this series name.
    pub(super) fn counter(&self, series: &str) -> Option<&Counter> {
        self.counter.iter().find(|counter| counter.family == series)
    }

    /// True if the series is a gauge of requests in flight.
    pub(super) fn is_in_flight(&self, series: &str) -> bool {
        self.in_flight
            .families
            .iter()
            .any(|family| family == series)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_reads() {
        let table = Families::embedded();
        let tokens = table.counter("vllm:generation_tokens_total").unwrap();
        assert_eq!(tokens.equals, Equals::CompletionTokens);
        assert!(table.is_in_flight("llamacpp:requests_deferred"));
        assert!(table.counter("process_cpu_seconds_total").is_none());
    }
}
