//! One scrape of one server: values by id, ids explained once.

use std::collections::BTreeMap;

use abi_stable::std_types::RSlice;
use serde::{Deserialize, Serialize};

use super::wire;
use crate::abi::{AbiBatch, Column};
use crate::report::{ScrapeFailure, ServerMetadata};
use crate::{ErrorKind, MetricKind, PluginError, Result};

const SCHEMA: &str = "schema";
const SERIES_ID: &str = "series.id";
const SERIES_VALUE: &str = "series.value";
const KEY_ID: &str = "key.id";
const KEY_VALUE: &str = "key.value";

/// Where a scrape stands in its phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Barrier {
    /// Before the first request of the phase.
    Start,
    /// After the last response of the phase.
    End,
    /// A tick between barriers. Also what a newer version says that is not known here.
    #[default]
    #[serde(other)]
    Tick,
}

/// When and of what a scrape was.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScrapeMeta {
    /// Row in [`Schema::servers`].
    pub server: u32,
    /// Number of the source among those of the run, from 0.
    pub endpoint: u32,
    /// Number of the page among the answered ones of its source, from 0; the servers of one page
    /// share it. `None` if the scrape failed.
    pub page: Option<u32>,
    /// Number of servers on the page, each of which has a record; 0 if the scrape failed.
    pub servers: u32,
    /// Name of the phase, `None` outside all phases.
    pub phase: Option<String>,
    /// Where it stands in the phase.
    pub barrier: Barrier,
    /// Wall nanoseconds when the request was sent.
    pub timestamp_ns: i64,
    /// Monotonic nanoseconds when the request was sent.
    pub mono_ns: i64,
    /// Nanoseconds from the request to the last byte.
    pub latency_ns: i64,
    /// Why there are no values.
    pub error: Option<ScrapeFailure>,
    /// What is known of the reading beside its time; `None` if the user does not want it.
    pub facts: Option<ScrapeFacts>,
}

/// What the tool knows of a reading, whatever the page says; see `docs/metrics.md#scrape-metrics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScrapeFacts {
    /// Whether it was answered with metrics: `up`.
    pub up: bool,
    /// Samples on the page, those that are not kept among them: `scrape_samples_scraped`.
    pub samples: u64,
    /// Bytes of the page, uncompressed: `scrape_body_size_bytes`. 0 if the reading failed, -1 if there
    /// were too many; `None` if there was no text to read.
    pub body_bytes: Option<i64>,
}

/// A server that values can belong to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerEntry {
    /// URL of the endpoint, without secrets.
    pub url: String,
    /// `collector_` and the URL with every character that is not alphanumeric as `_`.
    pub collector_id: String,
    /// Unique within the run.
    pub server_id: String,
    /// What it says of itself.
    pub metadata: ServerMetadata,
}

/// A family of one server. Its name is unique within the server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FamilyEntry {
    /// Row of its server.
    pub server: u32,
    /// Name, as the page declares it.
    pub name: String,
    /// Type.
    pub kind: MetricKind,
    /// Help text, empty if none.
    pub help: String,
    /// Unit that the page declares, empty if none.
    pub unit: String,
}

/// A series. Its id is its position in [`Schema::series`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeriesEntry {
    /// Row of its server.
    pub server: u32,
    /// Name as the server writes it, with suffix.
    pub name: String,
    /// Name of its family.
    pub family: String,
    /// Type of its family.
    pub kind: MetricKind,
    /// Labels that identify it, `le` and `quantile` among them.
    pub labels: BTreeMap<String, String>,
    /// Further labels on the page, which say what the metadata of its server says.
    pub server_labels: BTreeMap<String, String>,
}

/// A flat key of `metrics_data`. Its id is its position in [`Schema::keys`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyEntry {
    /// Row of its server.
    pub server: u32,
    /// The key.
    pub key: String,
    /// Type of its family.
    pub kind: MetricKind,
}

/// Additions to the [`Schema`], sent with the first scrape that needs them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SchemaDelta {
    /// Appended to [`Schema::servers`].
    pub servers: Vec<ServerEntry>,
    /// Appended to [`Schema::families`].
    pub families: Vec<FamilyEntry>,
    /// Appended to [`Schema::series`].
    pub series: Vec<SeriesEntry>,
    /// Appended to [`Schema::keys`].
    pub keys: Vec<KeyEntry>,
}

impl SchemaDelta {
    /// Appends later additions.
    pub fn extend(&mut self, later: Self) {
        self.servers.extend(later.servers);
        self.families.extend(later.families);
        self.series.extend(later.series);
        self.keys.extend(later.keys);
    }

    /// True if nothing is added.
    pub fn is_empty(&self) -> bool {
        let Self {
            servers,
            families,
            series,
            keys,
        } = self;
        servers.is_empty() && families.is_empty() && series.is_empty() && keys.is_empty()
    }
}

/// Everything that ids refer to. Only grows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schema {
    /// Servers, by row.
    pub servers: Vec<ServerEntry>,
    /// Families, in the order in which they were met.
    pub families: Vec<FamilyEntry>,
    /// Series, by id.
    pub series: Vec<SeriesEntry>,
    /// Flat keys, by id.
    pub keys: Vec<KeyEntry>,
}

impl Schema {
    /// Applies additions.
    pub fn add(&mut self, delta: SchemaDelta) {
        self.servers.extend(delta.servers);
        self.families.extend(delta.families);
        self.series.extend(delta.series);
        self.keys.extend(delta.keys);
    }
}

/// A scrape as the host hands it over; exporters see it as a [`ScrapeView`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScrapeRecord {
    /// When and of what.
    pub meta: ScrapeMeta,
    /// New servers, series and keys.
    pub schema: SchemaDelta,
    /// Ids of the series that the page had.
    pub series: Vec<u32>,
    /// Their values, as many.
    pub values: Vec<f64>,
    /// Ids of flat keys that have a finite value.
    pub keys: Vec<u32>,
    /// Their values, as many.
    pub key_values: Vec<f64>,
}

impl ScrapeRecord {
    /// The record as bytes, appended to `bytes`. For [`ScrapeRecord::from_bytes`] of the same
    /// program only.
    ///
    /// # Errors
    /// If it holds something that JSON cannot.
    pub fn to_bytes(&self, bytes: &mut Vec<u8>) -> Result<()> {
        let (meta, schema) = (serde_json::to_vec(&self.meta)?, self.schema_json()?);
        wire::put(bytes, &meta);
        wire::put(bytes, &schema);
        wire::put(bytes, &self.series);
        wire::put(bytes, &self.values);
        wire::put(bytes, &self.keys);
        wire::put(bytes, &self.key_values);
        Ok(())
    }

    /// Bytes that it takes in memory, roughly.
    pub fn weight(&self) -> usize {
        let values = self.series.len() + self.keys.len();
        let SchemaDelta {
            servers,
            families,
            series,
            keys,
        } = &self.schema;
        let entries = servers.len() + families.len() + series.len() + keys.len();
        // Ids and values; entries of a schema with their texts.
        12 * values + 256 * (1 + entries)
    }

    /// The record that [`ScrapeRecord::to_bytes`] wrote.
    ///
    /// # Errors
    /// If `bytes` are anything else.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self> {
        let bytes = &mut bytes;
        let meta = serde_json::from_slice(&wire::take::<u8>(bytes)?)?;
        let schema = wire::take::<u8>(bytes)?;
        Ok(Self {
            meta,
            schema: if schema.is_empty() {
                SchemaDelta::default()
            } else {
                serde_json::from_slice(&schema)?
            },
            series: wire::take(bytes)?,
            values: wire::take(bytes)?,
            keys: wire::take(bytes)?,
            key_values: wire::take(bytes)?,
        })
    }

    /// Nothing if nothing is new.
    fn schema_json(&self) -> Result<Vec<u8>> {
        if self.schema.is_empty() {
            return Ok(Vec::new());
        }
        Ok(serde_json::to_vec(&self.schema)?)
    }

    pub(crate) fn with_abi<T>(&self, with: impl FnOnce(AbiBatch<'_>) -> T) -> Result<T> {
        let meta = serde_json::to_vec(&self.meta)?;
        let schema = self.schema_json()?;
        let columns = [
            Column::u8s(SCHEMA, &schema),
            Column::u32s(SERIES_ID, &self.series),
            Column::f64s(SERIES_VALUE, &self.values),
            Column::u32s(KEY_ID, &self.keys),
            Column::f64s(KEY_VALUE, &self.key_values),
        ];
        Ok(with(AbiBatch {
            text: meta.as_slice().into(),
            extra: RSlice::EMPTY,
            columns: (&columns[..]).into(),
        }))
    }
}

/// One scrape of one server, or its failure.
#[derive(Debug)]
pub struct ScrapeView<'a> {
    /// When and of what.
    pub meta: ScrapeMeta,
    schema: &'a Schema,
    series: &'a [u32],
    values: &'a [f64],
    keys: &'a [u32],
    key_values: &'a [f64],
}

impl<'a> ScrapeView<'a> {
    /// Reads what came across, and extends `schema` by what is new.
    pub(crate) fn read(batch: AbiBatch<'a>, schema: &'a mut Schema) -> Result<Self> {
        let columns = batch.columns.as_slice();
        let find = |name: &str| columns.iter().find(|column| column.name.as_str() == name);
        let meta: ScrapeMeta = serde_json::from_slice(batch.text.as_slice())?;
        if let Some(delta) = find(SCHEMA).filter(|column| !column.u8s.is_empty()) {
            schema.add(serde_json::from_slice(delta.u8s.as_slice())?);
        }
        let u32s = |name| find(name).map_or(&[][..], |column| column.u32s.as_slice());
        let f64s = |name| find(name).map_or(&[][..], |column| column.f64s.as_slice());
        let view = Self {
            meta,
            schema,
            series: u32s(SERIES_ID),
            values: f64s(SERIES_VALUE),
            keys: u32s(KEY_ID),
            key_values: f64s(KEY_VALUE),
        };
        view.check()
    }

    fn check(self) -> Result<Self> {
        let lengths = self.series.len() == self.values.len()
            && self.keys.len() == self.key_values.len()
            && (self.meta.server as usize) < self.schema.servers.len();
        let known = |ids: &[u32], n: usize| ids.iter().all(|id| (*id as usize) < n);
        let ids = known(self.series, self.schema.series.len())
            && known(self.keys, self.schema.keys.len());
        if lengths && ids {
            Ok(self)
        } else {
            Err(PluginError::new(
                ErrorKind::Format,
                "the host sent a malformed scrape view",
            ))
        }
    }

    /// Everything that ids refer to.
    pub fn schema(&self) -> &'a Schema {
        self.schema
    }

    /// The server.
    pub fn server(&self) -> &'a ServerEntry {
        &self.schema.servers[self.meta.server as usize]
    }

    /// Series and values, in page order; NaN and infinities are possible.
    pub fn series(&self) -> impl Iterator<Item = (&'a SeriesEntry, f64)> + use<'a> {
        let schema = self.schema;
        let rows = self.series.iter().zip(self.values);
        rows.map(move |(id, value)| (&schema.series[*id as usize], *value))
    }

    /// Series ids and values, in page order, for exporters that keep state by id.
    pub fn ids(&self) -> impl Iterator<Item = (u32, f64)> + use<'a> {
        self.series.iter().copied().zip(self.values.iter().copied())
    }

    /// Flat keys and their finite values, sorted by key.
    pub fn keys(&self) -> impl Iterator<Item = (&'a KeyEntry, f64)> + use<'a> {
        let schema = self.schema;
        let rows = self.keys.iter().zip(self.key_values);
        rows.map(move |(id, value)| (&schema.keys[*id as usize], *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_from_bytes() {
        let record = ScrapeRecord {
            meta: ScrapeMeta {
                phase: Some("profiling".to_owned()),
                timestamp_ns: 1_730_000_000_000_000_000,
                ..ScrapeMeta::default()
            },
            schema: SchemaDelta {
                keys: vec![KeyEntry::default()],
                ..SchemaDelta::default()
            },
            series: vec![3, 4],
            values: vec![0.1, f64::INFINITY],
            keys: vec![0],
            key_values: vec![0.1],
        };
        for record in [record, ScrapeRecord::default()] {
            let mut bytes = Vec::new();
            record.to_bytes(&mut bytes).unwrap();
            assert_eq!(ScrapeRecord::from_bytes(&bytes).unwrap(), record);
            assert!(ScrapeRecord::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        }
    }
}
