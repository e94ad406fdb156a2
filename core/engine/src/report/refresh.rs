//! How often a source looks at what it shows. See `docs/metrics.md#devices`.

use aiperf_plugin_sdk::report::Warning;

use super::warnings::warn;
use super::window::Window;
use crate::knowledge::{Knowledge, RefreshRule};
use crate::store::{EndpointView, SeriesRef};

/// Fewer readings say nothing about how often values move.
const FEWEST: usize = 4;

/// When values that always move were seen to move.
#[derive(Debug, Default, PartialEq)]
struct Moves {
    /// Times of all readings.
    readings_ns: Vec<i64>,
    /// Times of those that differ from the one before.
    moved_ns: Vec<i64>,
}

/// Warns if an endpoint shows the same values again and again, although they always move.
pub(super) fn check(
    to: &mut Vec<Warning>,
    knowledge: &Knowledge,
    endpoint: &EndpointView<'_>,
    window: &Window,
) {
    let rules = knowledge
        .software()
        .iter()
        .filter_map(|one| one.refresh.as_ref());
    let subject = endpoint.info().display.as_str();
    for rule in rules {
        let moves = Moves::of(&series(rule, endpoint), window);
        if let Some(message) = moves.complaint() {
            warn(to, "slow_source", subject, message, &rule.remedy);
        }
    }
}

fn series<'a>(rule: &RefreshRule, endpoint: &EndpointView<'a>) -> Vec<SeriesRef<'a>> {
    let families = endpoint.servers().flat_map(|server| server.families());
    let wanted = families.filter(|family| rule.families.iter().any(|name| name == family.name()));
    wanted.flat_map(|family| family.scalars()).collect()
}

impl Moves {
    /// A reading differs if any of the series does.
    fn of(series: &[SeriesRef<'_>], window: &Window) -> Self {
        let pages = window.pages();
        let (Some(first), Some(last)) = (pages.first(), pages.last()) else {
            return Self::default();
        };
        let mut moved = vec![false; pages.len()];
        let mut shown = vec![false; pages.len()];
        for one in series {
            let mut before = None;
            for (page, value) in one.samples(*first, *last) {
                let Ok(at) = pages.binary_search(&page) else {
                    continue;
                };
                shown[at] = true;
                moved[at] |= before.is_some_and(|before: f64| before.to_bits() != value.to_bits());
                before = Some(value);
            }
        }
        let times = |wanted: &[bool]| {
            let pages = pages.iter().zip(wanted);
            let wanted = pages.filter(|(_, wanted)| **wanted);
            wanted.map(|(page, _)| window.time(*page)).collect()
        };
        Self {
            readings_ns: times(&shown),
            moved_ns: times(&moved),
        }
    }

    /// What is wrong if less than half of the readings bring anything new.
    fn complaint(&self) -> Option<String> {
        let (readings, moves) = (self.readings_ns.len(), self.moved_ns.len());
        if readings < FEWEST || 2 * moves >= readings - 1 {
            return None;
        }
        let interval = mean_gap(&self.readings_ns)?;
        let shown = format!(
            "{readings} readings, {interval:.1} s apart, show {}",
            moves + 1
        );
        Some(match mean_gap(&self.moved_ns) {
            Some(period) => format!(
                "its values move every {period:.1} s only: {shown} different ones, and totals are \
                 wrong by up to {period:.1} s at each end"
            ),
            None => format!("its values hardly move: {shown} different ones"),
        })
    }
}

/// Seconds from one time to the next; `None` for fewer than two.
fn mean_gap(times_ns: &[i64]) -> Option<f64> {
    let (first, last) = (times_ns.first()?, times_ns.last()?);
    let gaps = times_ns.len() - 1;
    (gaps > 0).then(|| (last - first) as f64 / 1e9 / gaps as f64)
}
