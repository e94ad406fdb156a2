//! A group on one page.

use super::super::group::{Part, Readings};
use super::super::series::Role;
use super::layout::{Layout, Place};

/// A group on one page.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// Observations not above each edge; `None` where the page lacks it.
    cumulative: Vec<Option<f64>>,
    total: f64,
    /// `_count`, which may differ from the total on a page written while the server counted.
    count: Option<f64>,
    pub(super) sum: Option<f64>,
    /// The edges are those of the layout, no less and no more.
    pub(super) is_whole: bool,
}

impl Reading {
    /// Nothing counted yet.
    pub(super) fn zero(edges: usize) -> Self {
        Self {
            cumulative: vec![Some(0.0); edges],
            total: 0.0,
            count: Some(0.0),
            sum: Some(0.0),
            is_whole: true,
        }
    }

    /// Takes over a page. False if it lacks the total: then it is no reading.
    pub(super) fn take(&mut self, readings: &Readings<'_>, layout: &Layout) -> bool {
        let Some(total) = total(readings) else {
            return false;
        };
        self.total = total;
        (self.count, self.sum, self.is_whole) = (None, None, true);
        self.cumulative.fill(None);
        for (at, place) in layout.places.iter().enumerate() {
            let Some(value) = readings.value(at) else {
                continue;
            };
            match place {
                Place::Edge(edge) => self.cumulative[*edge] = Some(value),
                Place::Sum => self.sum = Some(value),
                Place::Count => self.count = Some(value),
                Place::Elsewhere => self.is_whole = false,
                Place::Infinite => {}
            }
        }
        self.is_whole &= self.cumulative.iter().all(Option::is_some);
        true
    }

    /// True if a bucket or the count fell. A falling sum proves nothing: observations may be
    /// negative.
    pub(super) fn fell_from(&self, before: &Self) -> bool {
        let fell = |(now, before): (&Option<f64>, &Option<f64>)| {
            now.zip(*before).is_some_and(|(now, before)| now < before)
        };
        let edges = self.cumulative.iter().zip(&before.cumulative);
        self.total < before.total
            || fell((&self.count, &before.count))
            || edges.into_iter().any(fell)
    }

    /// By bucket, not cumulative.
    pub(super) fn counts_since(&self, base: &Self) -> Vec<f64> {
        let mut counts = Vec::with_capacity(self.cumulative.len() + 1);
        let (mut now, mut then, mut below) = (0.0, 0.0, 0.0);
        for (at_now, at_base) in self.cumulative.iter().zip(&base.cumulative) {
            now = at_now.unwrap_or(now);
            then = at_base.unwrap_or(then);
            counts.push(now - then - below);
            below = now - then;
        }
        counts.push(self.total - base.total - below);
        counts
    }
}

/// All observations.
pub(super) fn total(readings: &Readings<'_>) -> Option<f64> {
    let last_of = |wanted: fn(&Part) -> bool| {
        let parts = readings.parts.iter().enumerate().rev();
        let mut values = parts
            .filter(|(_, part)| wanted(part))
            .filter_map(|(at, _)| readings.value(at));
        values.next()
    };
    last_of(|part| part.is_bucket() && part.le == f64::INFINITY)
        .or_else(|| last_of(|part| part.role == Role::Count))
}
