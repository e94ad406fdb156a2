//! Scalar series.

use aiperf_plugin_sdk::MetricKind;

use super::super::series::{Role, Samples};
use super::counter::Step;
use super::{Chunk, CounterPast, GaugePast, QuantilePast};

/// Readings of a scalar series that are no longer kept one by one.
#[derive(Debug, Clone)]
pub(in super::super) struct Past {
    /// The phase that they belong to.
    pub(in super::super) phase: u32,
    /// What is known of them.
    pub(in super::super) kind: PastKind,
}

/// See [`Past`].
#[derive(Debug, Clone)]
pub(in super::super) enum PastKind {
    Gauge(GaugePast),
    Counter(CounterPast),
    Quantile(QuantilePast),
}

pub(super) fn heap_bytes(past: Option<&Past>) -> usize {
    past.map_or(0, |past| {
        let sketches = match &past.kind {
            PastKind::Gauge(gauge) => gauge.heap_bytes(),
            PastKind::Counter(counter) => counter.spread().heap_bytes(),
            PastKind::Quantile(quantile) => quantile.heap_bytes(),
        };
        size_of::<Past>() + sketches
    })
}

/// Folds the pages of a chunk. What a counter did on each is added to `sum`.
pub(super) fn fold(
    samples: &mut Samples,
    past: &mut Option<Box<Past>>,
    chunk: &Chunk,
    kind: MetricKind,
    role: Role,
    sum: Option<&mut [Step]>,
) {
    if past.as_ref().is_none_or(|past| past.phase != chunk.phase) {
        *past = Some(Box::new(Past {
            phase: chunk.phase,
            kind: PastKind::new(samples, chunk, kind, role),
        }));
    }
    let pages = chunk.pages.first().zip(chunk.pages.last());
    if let (Some(past), Some((first, last))) = (past, pages) {
        let values = samples.between(first.number, last.number);
        match &mut past.kind {
            PastKind::Gauge(gauge) => gauge.fold(chunk.readings(values)),
            PastKind::Counter(counter) => {
                counter.fold(chunk.readings(values), chunk.median_ns, sum);
            }
            PastKind::Quantile(quantile) => quantile.fold(chunk.readings(values)),
        }
    }
    samples.forget_before(chunk.to);
}

impl PastKind {
    fn new(samples: &Samples, chunk: &Chunk, kind: MetricKind, role: Role) -> Self {
        match (kind, role) {
            (_, Role::Quantile) => Self::Quantile(QuantilePast::default()),
            (MetricKind::Counter, _) => {
                // A series that was there before counts from its last value, another one from 0.
                let base = samples.at_or_before(chunk.start);
                Self::Counter(CounterPast::new(base.map_or(0.0, |(_, value)| value)))
            }
            _ => Self::Gauge(GaugePast::default()),
        }
    }
}
