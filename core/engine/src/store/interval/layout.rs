//! The buckets of a group, by edge.

use super::super::group::{Group, Part, Readings};
use super::super::series::Role;
use super::reading::total;

/// Which parts are which bucket.
#[derive(Debug)]
pub(super) struct Layout {
    /// Finite, rising, each once.
    pub(super) edges: Vec<f64>,
    /// By part.
    pub(super) places: Vec<Place>,
}

/// What a part is to the layout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    Edge(usize),
    Infinite,
    Sum,
    Count,
    /// A bucket that the layout does not have.
    Elsewhere,
}

impl Layout {
    /// Edges of the last reading up to page `end`.
    pub(super) fn of(group: &Group, end: u32) -> Self {
        let mut edges = edges_at(group, from(group, end), end).unwrap_or_default();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let place = |part: &Part| match part.role {
            Role::Sum => Place::Sum,
            Role::Bucket if part.le == f64::INFINITY => Place::Infinite,
            Role::Bucket => edges
                .iter()
                .position(|edge| edge.to_bits() == part.le.to_bits())
                .map_or(Place::Elsewhere, Place::Edge),
            _ => Place::Count,
        };
        let places = group.parts.iter().map(place).collect();
        Self { edges, places }
    }
}

/// The page to read from for the last reading up to `page`: the last page itself may be none.
pub(super) fn from(group: &Group, page: u32) -> u32 {
    edges_at(group, page, page).map_or(0, |_| page)
}

/// Edges of the last reading up to page `end`, read from `from` on.
fn edges_at(group: &Group, from: u32, end: u32) -> Option<Vec<f64>> {
    let mut readings = group.readings(from);
    let mut edges = None;
    while readings.advance().is_some_and(|run| run.first <= end) {
        if total(&readings).is_some() {
            let known: &mut Vec<f64> = edges.get_or_insert_default();
            known.clear();
            known.extend(edges_on(&readings));
        }
    }
    edges
}

fn edges_on(readings: &Readings<'_>) -> impl Iterator<Item = f64> {
    let parts = readings.parts.iter().enumerate();
    parts
        .filter(|(at, part)| part.is_bucket() && readings.value(*at).is_some())
        .map(|(_, part)| part.le)
        .filter(|le| le.is_finite())
}
