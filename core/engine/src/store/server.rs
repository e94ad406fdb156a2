//! Which servers stand behind an endpoint, and what they say of themselves.

use std::collections::{BTreeMap, HashMap};

use aiperf_plugin_sdk::batch::{BatchView, SampleView};
use aiperf_plugin_sdk::report::ServerMetadata;
use aiperf_plugin_sdk::view::ServerEntry;

use super::Families;
use super::naming::{KeyNames, collector_id};

/// Labels that describe a server rather than a series.
const DESCRIPTIVE: [&str; 3] = ["server_type", "hostname", "instance"];

fn is_descriptive(label: &str) -> bool {
    DESCRIPTIVE.contains(&label)
}

/// How an endpoint's series are told apart by server. Decided by its first page with samples.
#[derive(Debug, Default)]
pub(super) struct Identity {
    /// True if every series names its server.
    pub(super) split: bool,
    /// One server: descriptive labels that every series carries with the same value.
    common: Vec<(String, String)>,
}

impl Identity {
    /// Decides by a page that has samples of wanted families; `None` if it has none.
    pub(super) fn of(
        page: &BatchView<'_>,
        families: &Families,
        server_label: &str,
    ) -> Option<Self> {
        let mut split = true;
        let mut common: Option<Vec<(String, String)>> = None;
        let wanted = |sample: &SampleView<'_>| {
            let family = page.family_name(sample.family).unwrap_or_default();
            std::str::from_utf8(family).is_ok_and(|family| families.wants(family))
        };
        let samples = (0..page.len()).filter_map(|row| page.sample(row));
        for sample in samples.filter(wanted) {
            let labels: Vec<(&str, &str)> = sample.labels.flatten().filter_map(utf8).collect();
            split &= labels.iter().any(|(name, _)| *name == server_label);
            let here = labels.iter().filter(|(name, _)| is_descriptive(name));
            match &mut common {
                None => {
                    common = Some(
                        here.map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                            .collect(),
                    );
                }
                Some(common) => common.retain(|(n, v)| labels.contains(&(n.as_str(), v.as_str()))),
            }
        }
        let common = common?;
        let common = if split { Vec::new() } else { common };
        Some(Self { split, common })
    }
}

fn utf8<'a>((name, value): (&'a [u8], &'a [u8])) -> Option<(&'a str, &'a str)> {
    std::str::from_utf8(name)
        .ok()
        .zip(std::str::from_utf8(value).ok())
}

/// A server. Its id in views is its row in the catalog.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) id: String,
    pub(super) metadata: ServerMetadata,
    /// Labels that stay out of keys and series because they say the same of all.
    hidden: Vec<(String, String)>,
    /// Scrape that brought it: only that page may still describe it.
    born: u32,
    pub(super) families: HashMap<Box<str>, u32>,
    pub(super) names: KeyNames,
    /// Its keys, sorted by name.
    pub(super) keys: Vec<u32>,
    /// True once a page had samples of it.
    pub(super) answered: bool,
    /// True if no page named it.
    default: bool,
}

impl Server {
    /// A server without series; `id` is unique within the run.
    pub(super) fn new(id: String, born: u32) -> Self {
        Self {
            id,
            metadata: ServerMetadata::default(),
            hidden: Vec::new(),
            born,
            families: HashMap::new(),
            names: KeyNames::default(),
            keys: Vec::new(),
            answered: false,
            default: true,
        }
    }

    /// Names it by a label, which then stays out of keys and series.
    pub(super) fn named_by(&mut self, label: &str, value: &str) {
        self.default = false;
        self.hide(label, value);
    }

    /// True if no page named it.
    pub(super) fn is_default(&self) -> bool {
        self.default
    }

    /// Takes over what the whole page says of its one server.
    pub(super) fn describe_by(&mut self, identity: &Identity) {
        for (name, value) in &identity.common {
            self.describe(name, value);
        }
    }

    /// Takes over what a series says of the server that it names, on the server's first page.
    pub(super) fn learn(&mut self, scrape: u32, labels: &[(&str, &str)]) {
        if self.default || scrape != self.born {
            return;
        }
        for (name, value) in labels.iter().filter(|(name, _)| is_descriptive(name)) {
            if !self.hidden.iter().any(|(known, _)| known == name) {
                self.describe(name, value);
            }
        }
    }

    fn describe(&mut self, name: &str, value: &str) {
        self.set(name, value);
        self.hide(name, value);
    }

    fn hide(&mut self, name: &str, value: &str) {
        self.hidden.push((name.to_owned(), value.to_owned()));
    }

    /// Lets the user's labels have the last word.
    pub(super) fn override_by(&mut self, labels: &BTreeMap<String, String>) {
        for (name, value) in labels {
            self.set(name, value);
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        let field = match name {
            "server_type" => &mut self.metadata.server_type,
            "hostname" => &mut self.metadata.hostname,
            "instance" => &mut self.metadata.instance,
            _ => return,
        };
        value.clone_into(field);
    }

    /// True if the label says nothing that the server's metadata does not.
    pub(super) fn hides(&self, name: &str, value: &str) -> bool {
        self.hidden.iter().any(|(n, v)| n == name && v == value)
    }

    /// What views say of it.
    pub(super) fn entry(&self, url: &str) -> ServerEntry {
        ServerEntry {
            url: url.to_owned(),
            collector_id: collector_id(url),
            server_id: self.id.clone(),
            metadata: self.metadata.clone(),
        }
    }
}
