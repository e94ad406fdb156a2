//! Flat keys of `metrics_data`: which exist, and what they are worth on a page.
//!
//! Ids must stay, so a key is made when its series is first seen and never changes its name. The
//! report names keys afresh, with all series known.

use aiperf_plugin_sdk::MetricKind;

use super::catalog::Catalog;
use super::endpoint::Endpoint;
use super::naming::{base, flat_key};
use super::series::{NEVER, Role};

/// A flat key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) server: u32,
    pub(super) name: String,
    pub(super) kind: MetricKind,
    /// Series whose values it is the sum of; nearly always one.
    members: Vec<u32>,
}

impl Key {
    /// Its value on page `scrape`, if that is a finite number.
    pub(super) fn value(&self, catalog: &Catalog, scrape: u32) -> Option<f64> {
        let series = self.members.iter().map(|id| &catalog.series[*id as usize]);
        let values = series.filter(|s| s.latest_scrape == scrape).map(|s| {
            let known = catalog.families[s.family as usize].known;
            known.reading(s.latest)
        });
        // Not `sum()`: that starts from -0.0, which would show for a page without the series.
        values
            .reduce(|sum, value| sum + value)
            .filter(|value| value.is_finite())
    }
}

/// What of a family a series stands for in keys: suffix and slot in [`Family::plain`].
///
/// [`Family::plain`]: super::family::Family::plain
fn slot(role: Role) -> Option<(usize, &'static str)> {
    match role {
        Role::Value | Role::Quantile => Some((0, "")),
        Role::Sum => Some((1, "_sum")),
        Role::Count => Some((2, "_count")),
        Role::Bucket | Role::Fact | Role::Created => None,
    }
}

/// Makes the keys that the series `fresh`, new on this page, ask for.
pub(super) fn assign(catalog: &mut Catalog, endpoint: &Endpoint, fresh: &[u32]) {
    let mut families: Vec<u32> = fresh
        .iter()
        .map(|id| catalog.series[*id as usize].family)
        .collect();
    families.sort_unstable();
    families.dedup();
    // Counters last: on a collision it is the counter that keeps its `_total`.
    families.sort_by_cached_key(|id| {
        let family = &catalog.families[*id as usize];
        (family.kind == MetricKind::Counter, family.name.clone())
    });
    for id in &families {
        plain(catalog, *id);
    }
    for id in &families {
        flat(catalog, endpoint, *id);
    }
    for server in &endpoint.servers {
        let mut keys = std::mem::take(&mut catalog.servers[*server as usize].keys);
        keys.sort_by(|a, b| {
            catalog.keys[*a as usize]
                .name
                .cmp(&catalog.keys[*b as usize].name)
        });
        catalog.servers[*server as usize].keys = keys;
    }
}

/// Series of a family that have keys: scalars, and sums and counts of groups.
fn keyed(catalog: &Catalog, family: u32) -> Vec<u32> {
    let family = &catalog.families[family as usize];
    let groups = family.groups.iter().map(|id| &catalog.groups[*id as usize]);
    let parts = groups.flat_map(|group| group.parts.iter().map(|part| part.series));
    let all = family.scalars.iter().copied().chain(parts);
    all.filter(|id| slot(catalog.series[*id as usize].role).is_some())
        .collect()
}

/// The family's plain keys: sums over series; a gauge has one only while it is single.
fn plain(catalog: &mut Catalog, id: u32) {
    for series in keyed(catalog, id) {
        let role = catalog.series[series as usize].role;
        let Some((slot, suffix)) = slot(role) else {
            continue;
        };
        let family = &catalog.families[id as usize];
        let single = family.scalars.len() == 1;
        let wanted = match role {
            Role::Quantile => false,
            Role::Value if family.kind != MetricKind::Counter => single,
            _ => true,
        };
        let known = family.plain[slot];
        if !wanted || catalog.series[series as usize].in_plain_key {
            continue;
        }
        catalog.series[series as usize].in_plain_key = true;
        if known == NEVER {
            let name = format!("{}{suffix}", base(family.kind, &family.name));
            let total = (family.kind == MetricKind::Counter).then(|| total(&name));
            catalog.families[id as usize].plain[slot] = add(catalog, id, &name, total, series);
        } else {
            catalog.keys[known as usize].members.push(series);
        }
    }
}

fn total(base: &str) -> String {
    format!("{base}_total")
}

/// Flattened keys of a family that has several series.
fn flat(catalog: &mut Catalog, endpoint: &Endpoint, id: u32) {
    let family = &catalog.families[id as usize];
    let (several_scalars, several_groups) = (family.scalars.len() > 1, family.groups.len() > 1);
    let mut wanted: Vec<(Vec<(String, String)>, u32)> = keyed(catalog, id)
        .into_iter()
        .filter(|series| match catalog.series[*series as usize].role {
            Role::Quantile => true,
            Role::Value => several_scalars,
            _ => several_groups,
        })
        .filter(|series| !has_own_key(catalog, *series))
        .map(|series| (owned_labels(catalog, endpoint, series), series))
        .collect();
    wanted.sort();
    for (labels, series) in wanted {
        let family = &catalog.families[id as usize];
        let suffix = slot(catalog.series[series as usize].role).map_or("", |(_, suffix)| suffix);
        let pairs = || {
            labels
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
        };
        let stem = base(family.kind, &family.name);
        let name = flat_key(stem, pairs()) + suffix;
        let kept = (family.kind == MetricKind::Counter).then(|| flat_key(&total(stem), pairs()));
        add(catalog, id, &name, kept, series);
        catalog.series[series as usize].has_flat_key = true;
    }
}

fn owned_labels(catalog: &Catalog, endpoint: &Endpoint, series: u32) -> Vec<(String, String)> {
    let series = &catalog.series[series as usize];
    catalog
        .labels(endpoint, series)
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .collect()
}

/// True if no flattened key is needed: it has one, or it is a gauge that owns the plain key.
fn has_own_key(catalog: &Catalog, id: u32) -> bool {
    let series = &catalog.series[id as usize];
    let counter = catalog.families[series.family as usize].kind == MetricKind::Counter;
    series.has_flat_key || (series.in_plain_key && series.role == Role::Value && !counter)
}

fn add(catalog: &mut Catalog, family: u32, name: &str, kept: Option<String>, series: u32) -> u32 {
    let Catalog {
        families,
        servers,
        keys,
        ..
    } = catalog;
    let family = &families[family as usize];
    let server = &mut servers[family.server as usize];
    let sanitized = kept.map(|kept| super::sanitize(&kept));
    let name = server.names.claim(super::sanitize(name), sanitized);
    let id = super::index(keys.len());
    keys.push(Key {
        server: family.server,
        name,
        kind: family.kind,
        members: vec![series],
    });
    server.keys.push(id);
    id
}
