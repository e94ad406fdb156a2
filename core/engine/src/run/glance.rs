//! What servers say of their load while the run lasts, for display.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aiperf_plugin_sdk::MetricKind;

use crate::event::{Gauge, ServerGlance};
use crate::http::MonoNs;
use crate::knowledge::Knowledge;
use crate::report::unit_of;
use crate::store::{FamilyView, SeriesRef, ServerView, Store};

/// Between two looks: about as often as most servers are read.
const EVERY: Duration = Duration::from_millis(500);
/// Servers that are looked at: what fits a screen.
const MOST_SERVERS: usize = 16;

/// Looks at the store from time to time.
#[derive(Debug)]
pub(super) struct Glances {
    knowledge: Knowledge,
    last: Mutex<Option<MonoNs>>,
}

impl Glances {
    pub(super) fn new(knowledge: Knowledge) -> Self {
        Self {
            knowledge,
            last: Mutex::new(None),
        }
    }

    /// True if it is time to look, which the caller then does.
    pub(super) fn is_due(&self, now: MonoNs) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.until(last) >= EVERY);
        if is_due {
            *last = Some(now);
        }
        is_due
    }

    /// Servers with gauges of requests in flight, or of shares and levels that are averaged over
    /// servers, such as that of a cache.
    pub(super) fn of(&self, store: &Store) -> Vec<ServerGlance> {
        let servers = store.endpoints().flat_map(|endpoint| endpoint.servers());
        servers
            .map(|server| self.server(server))
            .filter(|glance| !glance.gauges.is_empty())
            .take(MOST_SERVERS)
            .collect()
    }

    fn server(&self, server: ServerView<'_>) -> ServerGlance {
        let gauges = server.families().into_iter();
        ServerGlance {
            server: server.id().to_owned(),
            gauges: gauges.filter_map(|family| self.gauge(family)).collect(),
        }
    }

    /// The sum over the family's series of what is in flight, the mean of what is averaged.
    fn gauge(&self, family: FamilyView<'_>) -> Option<Gauge> {
        if family.kind() != MetricKind::Gauge {
            return None;
        }
        let in_flight = self.knowledge.is_in_flight(family.name());
        let averaged = || self.knowledge.is_averaged(family.name());
        if !in_flight && !averaged() {
            return None;
        }
        let scalars = family.scalars();
        let values: Vec<f64> = scalars.iter().map(SeriesRef::latest).collect();
        let sum: f64 = values.iter().sum();
        let value = if in_flight {
            sum
        } else {
            sum / values.len() as f64
        };
        value.is_finite().then(|| Gauge {
            name: family.name().to_owned(),
            value,
            unit: unit_of(family.kind(), family.unit(), family.help(), family.key()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn looks_are_half_a_second_apart() {
        let glances = Glances::new(Knowledge::embedded().clone());
        let start = MonoNs(5);
        assert!(glances.is_due(start));
        assert!(!glances.is_due(start.after(Duration::from_millis(499))));
        assert!(glances.is_due(start.after(EVERY)));
        assert!(!glances.is_due(start.after(EVERY)));
    }
}
