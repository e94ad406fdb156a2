//! Everything that has an id: servers, families, series, groups, keys.

use std::collections::HashSet;

use aiperf_plugin_sdk::view::{FamilyEntry, KeyEntry, SchemaDelta, SeriesEntry};

use super::encode;
use super::endpoint::Endpoint;
use super::family::Family;
use super::group::Group;
use super::keys::Key;
use super::series::Series;
use super::server::Server;

/// Tables of the run, by id.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    pub(super) servers: Vec<Server>,
    pub(super) families: Vec<Family>,
    pub(super) series: Vec<Series>,
    pub(super) groups: Vec<Group>,
    pub(super) keys: Vec<Key>,
    server_ids: HashSet<String>,
    /// Rows of servers, families, series and keys that exporters know.
    sent: [usize; 4],
}

impl Catalog {
    /// Adds a server of `endpoint` and returns its row. An id that is taken gets a number.
    pub(super) fn add_server(&mut self, endpoint: &mut Endpoint, id: &str, born: u32) -> u32 {
        let numbered = (2_u32..).map(|n| format!("{id}-{n}"));
        let mut candidates = std::iter::once(id.to_owned()).chain(numbered);
        let id = candidates
            .find(|id| !self.server_ids.contains(id))
            .unwrap_or_default();
        self.server_ids.insert(id.clone());
        let row = super::index(self.servers.len());
        self.servers.push(Server::new(id, born));
        endpoint.servers.push(row);
        row
    }

    /// Labels of a series without those that its server hides.
    pub(super) fn labels<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        series: &Series,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let server = &self.servers[series.server as usize];
        encode::labels(endpoint.table.key(series.key))
            .filter(|(name, value)| !server.hides(name, value))
    }

    /// What exporters do not know yet. All of it belongs to `endpoint`, the one just scraped.
    pub(super) fn delta(&mut self, endpoint: &Endpoint) -> SchemaDelta {
        let [servers, families, series, keys] = self.sent;
        self.sent = [
            self.servers.len(),
            self.families.len(),
            self.series.len(),
            self.keys.len(),
        ];
        SchemaDelta {
            servers: self.servers[servers..]
                .iter()
                .map(|s| s.entry(&endpoint.info.url))
                .collect(),
            families: self.families[families..]
                .iter()
                .map(Family::entry)
                .collect(),
            series: self.series[series..]
                .iter()
                .map(|s| self.series_entry(endpoint, s))
                .collect(),
            keys: self.keys[keys..].iter().map(Key::entry).collect(),
        }
    }

    fn series_entry(&self, endpoint: &Endpoint, series: &Series) -> SeriesEntry {
        let family = &self.families[series.family as usize];
        let server = &self.servers[series.server as usize];
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let (server_labels, labels) = encode::labels(endpoint.table.key(series.key))
            .map(own)
            .partition(|(name, value)| server.hides(name, value));
        SeriesEntry {
            server: series.server,
            name: encode::name(endpoint.table.key(series.key)).to_owned(),
            family: family.name.clone().into(),
            kind: family.kind,
            labels,
            server_labels,
        }
    }
}

impl Family {
    fn entry(&self) -> FamilyEntry {
        FamilyEntry {
            server: self.server,
            name: self.name.clone().into(),
            kind: self.kind,
            help: self.help.clone().into(),
            unit: self.unit.clone().into(),
        }
    }
}

impl Key {
    fn entry(&self) -> KeyEntry {
        KeyEntry {
            server: self.server,
            key: self.name.clone(),
            kind: self.kind,
        }
    }
}
