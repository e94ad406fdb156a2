//! How software shows the devices that it is about.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Deserialize;

/// Devices that a page shows, series by series.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRule {
    /// What they are, such as `GPU`.
    pub kind: String,
    /// What their parts are, such as `MIG`.
    #[serde(default)]
    pub part_kind: String,
    /// Labels with the id of the whole device; the first that a series has counts. Series without one
    /// are of no device.
    id: Vec<String>,
    /// Labels with the id of a part of it.
    part: Vec<String>,
    /// What else tells devices apart, with the labels that say it, the first one first.
    apart: IndexMap<String, Vec<String>>,
    /// What describes them, in the same way.
    about: IndexMap<String, Vec<String>>,
    /// Their values.
    #[serde(rename = "value")]
    pub values: Vec<ValueRule>,
}

/// A value of a device.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueRule {
    /// Stable name.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Unit, after scaling.
    pub unit: String,
    /// Families that are added. A device gets the value by the first rule of a name whose families
    /// it has all.
    pub families: Vec<String>,
    /// What the sum is multiplied by.
    #[serde(default = "one")]
    pub scale: f64,
    /// A value other than 0 is a warning that begins with this.
    #[serde(default)]
    pub alarm: String,
}

/// Who is who among devices.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceId {
    /// The whole device.
    pub device: String,
    /// Part of it; `None` for the whole.
    pub part: Option<String>,
    /// What else tells it apart.
    pub apart: BTreeMap<String, String>,
}

/// Labels of a series.
type Labels = BTreeMap<String, String>;

impl DeviceRule {
    /// Whose series has these labels; `None` for one that is of no device.
    pub fn id_of(&self, labels: &Labels) -> Option<DeviceId> {
        Some(DeviceId {
            device: first(&self.id, labels)?.to_owned(),
            part: first(&self.part, labels).map(str::to_owned),
            apart: read(&self.apart, labels),
        })
    }

    /// What the labels say about the device besides.
    pub fn about(&self, labels: &Labels) -> BTreeMap<String, String> {
        read(&self.about, labels)
    }
}

fn read(wanted: &IndexMap<String, Vec<String>>, labels: &Labels) -> BTreeMap<String, String> {
    let found = wanted.iter().filter_map(|(name, from)| {
        let value = first(from, labels)?;
        Some((name.clone(), value.to_owned()))
    });
    found.collect()
}

/// An empty label is as good as none.
fn first<'a>(names: &[String], labels: &'a Labels) -> Option<&'a str> {
    let values = names.iter().filter_map(|name| labels.get(name));
    values.map(String::as_str).find(|value| !value.is_empty())
}

fn one() -> f64 {
    1.0
}
