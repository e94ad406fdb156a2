//! What an instance is told about itself.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What an instance is told about itself when it is opened. Crosses as JSON, so that it can grow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Context {
    /// Name that the user gave it, such as the `gpu` of `[collectors.gpu]`.
    pub name: String,
    /// Collectors: nanoseconds between two readings.
    pub interval_ns: Option<u64>,
    /// Collectors: nanoseconds that one reading may take.
    pub timeout_ns: Option<u64>,
    /// Collectors: labels that the user attached. The host adds them to what is read.
    pub labels: BTreeMap<String, String>,
}

impl Context {
    /// Of an instance with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Adds how often a collector is read, and how long a reading may take.
    #[must_use]
    pub fn read_every(mut self, interval: Duration, timeout: Duration) -> Self {
        let ns = |time: Duration| u64::try_from(time.as_nanos()).ok();
        self.interval_ns = ns(interval);
        self.timeout_ns = ns(timeout);
        self
    }

    /// Time between two readings.
    pub fn interval(&self) -> Option<Duration> {
        self.interval_ns.map(Duration::from_nanos)
    }

    /// Time that one reading may take.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout_ns.map(Duration::from_nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_of_another_version_is_read_as_far_as_it_is_known() {
        let context = Context::new("gpu").read_every(Duration::from_secs(1), Duration::MAX);
        let text = serde_json::to_string(&context).unwrap();
        assert_eq!(serde_json::from_str::<Context>(&text).unwrap(), context);
        assert_eq!(context.timeout(), None, "beyond what can be written");
        let newer: Context = serde_json::from_str(r#"{"name":"a","moon":1}"#).unwrap();
        assert_eq!(newer, Context::new("a"));
    }
}
