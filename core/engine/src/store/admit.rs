//! A series is met for the first time: whose it is, what it is, where its samples go.

use aiperf_plugin_sdk::batch::{BatchView, SampleView};

use super::catalog::Catalog;
use super::endpoint::Endpoint;
use super::family::{Family, bound, inner_label, role};
use super::group::{Group, Part};
use super::ingest::Ingest;
use super::series::{Data, NEVER, Role, Samples, Series};
use super::table::Entry;
use super::{Families, encode};

/// Label of the default server id if the user attached one to the endpoint.
const USER_SERVER_ID: &str = "server_id";

/// A sample that is not known yet, as text.
struct Met<'a> {
    name: &'a str,
    family: &'a str,
    /// Row of the family on the page.
    family_row: usize,
    /// Sorted by name.
    labels: &'a [(&'a str, &'a str)],
    /// Row of its key in the endpoint's table.
    key: u32,
}

impl Catalog {
    /// Adds the server of an endpoint whose pages do not name theirs.
    pub(super) fn add_default_server(
        &mut self,
        endpoint: &mut Endpoint,
        at: u32,
        born: u32,
    ) -> u32 {
        let chosen = endpoint.info.labels.get(USER_SERVER_ID).cloned();
        let id = chosen.unwrap_or_else(|| format!("server-{at}"));
        let row = self.add_server(endpoint, &id, born);
        let server = &mut self.servers[row as usize];
        if let Some(identity) = &endpoint.identity {
            server.describe_by(identity);
        }
        server.override_by(&endpoint.info.labels);
        row
    }
}

impl Ingest<'_> {
    /// Which families of the page are kept.
    pub(super) fn families(&self) -> &Families {
        let own = self.endpoint.info.families.as_ref();
        own.unwrap_or(&self.options.families)
    }

    /// A sample whose bytes were never seen.
    pub(super) fn meet(&mut self, page: &BatchView<'_>, sample: &SampleView<'_>, key: &[u8]) {
        // Other orders of labels and rejected samples take room as well.
        let room = self.options.max_series;
        if self.catalog.series.len() >= room || self.endpoint.table.len() >= room.saturating_mul(2)
        {
            self.over_limit += 1;
            return;
        }
        if self.memory.is_full() {
            self.over_memory += 1;
            return;
        }
        let entry = self.classify(page, sample);
        self.endpoint.table.insert(key, entry);
        self.memory.add_series(key.len());
        self.put(entry, sample.value);
    }

    fn classify(&mut self, page: &BatchView<'_>, sample: &SampleView<'_>) -> Entry {
        let utf8 = |bytes| std::str::from_utf8(bytes).ok();
        let family = page.family_name(sample.family).and_then(utf8);
        let labels: Option<Vec<(&str, &str)>> = sample
            .labels
            .clone()
            .map(|label| label.and_then(|(name, value)| utf8(name).zip(utf8(value))))
            .collect();
        let (Some(name), Some(family), Some(mut labels)) = (utf8(sample.name), family, labels)
        else {
            return Entry::NotUtf8;
        };
        if !self.families().wants(family) {
            return Entry::Filtered;
        }
        labels.sort_unstable();
        let mut key = Vec::new();
        encode::labelled(name, labels.iter().copied(), &mut key);
        if let Some(known) = self.endpoint.table.get(&key) {
            return known;
        }
        let row = self.endpoint.table.insert(&key, Entry::NotUtf8);
        let met = Met {
            name,
            family,
            family_row: sample.family,
            labels: &labels,
            key: row,
        };
        let entry = Entry::Series(self.add_series(page, &met));
        self.endpoint.table.insert(&key, entry);
        entry
    }

    fn add_series(&mut self, page: &BatchView<'_>, met: &Met<'_>) -> u32 {
        let server = self.server(met.labels);
        self.catalog.servers[server as usize].learn(self.scrape, met.labels);
        let family = self.family(page, server, met);
        let kind = self.catalog.families[family as usize].kind;
        let role = role(kind, met.family, met.name, met.labels);
        let id = super::index(self.catalog.series.len());
        let data = self.data(id, family, role, met);
        self.catalog.series.push(Series {
            server,
            family,
            key: met.key,
            role,
            in_plain_key: false,
            has_flat_key: false,
            latest: f64::NAN,
            latest_scrape: NEVER,
            base: f64::NAN,
            base_scrape: NEVER,
            data,
        });
        self.endpoint.series.push(id);
        self.fresh.push(id);
        id
    }

    /// Server of a series with these labels.
    fn server(&mut self, labels: &[(&str, &str)]) -> u32 {
        let split = self
            .endpoint
            .identity
            .as_ref()
            .is_some_and(|identity| identity.split);
        let label = self.options.server_label.as_str();
        let named = labels.iter().find(|(name, _)| split && *name == label);
        let servers = &self.catalog.servers;
        let Some((name, value)) = named else {
            let own = |row: &&u32| !split || servers[**row as usize].is_default();
            let known = self.endpoint.servers.iter().find(own).copied();
            return known.unwrap_or_else(|| {
                self.catalog
                    .add_default_server(self.endpoint, self.at, self.scrape)
            });
        };
        let same = |row: &&u32| servers[**row as usize].hides(name, value);
        if let Some(known) = self.endpoint.servers.iter().find(same) {
            return *known;
        }
        let row = self.catalog.add_server(self.endpoint, value, self.scrape);
        let server = &mut self.catalog.servers[row as usize];
        server.named_by(name, value);
        server.override_by(&self.endpoint.info.labels);
        row
    }

    fn family(&mut self, page: &BatchView<'_>, server: u32, met: &Met<'_>) -> u32 {
        let Catalog {
            servers, families, ..
        } = &mut *self.catalog;
        let known = &mut servers[server as usize].families;
        if let Some(id) = known.get(met.family) {
            return *id;
        }
        let id = super::index(families.len());
        known.insert(met.family.into(), id);
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let help = text(page.family_help(met.family_row));
        let unit = text(page.family_unit(met.family_row));
        let kind = page.family_kind(met.family_row);
        families.push(Family::new(server, met.family, kind, &help, &unit));
        id
    }

    /// Where the samples of a new series go; tells its family about it.
    fn data(&mut self, id: u32, family: u32, role: Role, met: &Met<'_>) -> Data {
        match role {
            Role::Value | Role::Quantile => {
                self.catalog.families[family as usize].scalars.push(id);
                Data::Scalar {
                    samples: Samples::default(),
                    past: None,
                }
            }
            Role::Fact => {
                self.catalog.families[family as usize].facts.push(id);
                Data::Latest
            }
            Role::Created => Data::Latest,
            Role::Bucket | Role::Sum | Role::Count => {
                let group = self.group(family, role, met);
                let le = bound(met.labels).unwrap_or(f64::NAN);
                self.catalog.groups[group as usize]
                    .parts
                    .push(Part::new(id, role, le));
                Data::Part { group }
            }
        }
    }

    fn group(&mut self, family: u32, role: Role, met: &Met<'_>) -> u32 {
        let inner = inner_label(role);
        let outer = met
            .labels
            .iter()
            .copied()
            .filter(|(name, _)| Some(*name) != inner);
        let mut key = Vec::new();
        encode::labelled(met.family, outer, &mut key);
        key.extend_from_slice(&family.to_le_bytes());
        if let Some(known) = self.endpoint.group_of.get(&key[..]) {
            return *known;
        }
        let id = super::index(self.catalog.groups.len());
        let families = &mut self.catalog.families;
        let family = &mut families[family as usize];
        let group = Group::new(family.kind, family.counts_things());
        self.catalog.groups.push(group);
        family.groups.push(id);
        self.endpoint.groups.push(id);
        self.endpoint.group_of.insert(key.into(), id);
        id
    }
}
