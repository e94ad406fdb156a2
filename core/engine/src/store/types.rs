//! Types that a source gives its families, and those that it changes its mind about.

use std::collections::HashMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::batch::BatchView;
use serde::{Deserialize, Serialize};

/// A family that was called something else later on. It is read by its first type throughout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TypeChange {
    /// Name of the family.
    pub family: String,
    /// Its first type.
    pub before: String,
    /// The first other one.
    pub after: String,
}

/// Changes that are kept by name.
const MAX_CHANGES: usize = 100;

/// What is known of the types of one source.
#[derive(Debug, Default)]
pub(super) struct Types {
    known: HashMap<Box<str>, MetricKind>,
    /// Those of the last page, in its order: most pages are like the one before.
    last: Vec<MetricKind>,
}

impl Types {
    /// Adds the changes on `page` to `changes`, one for each family. O(families), and without a look
    /// at their names if the page is like the last one.
    pub(super) fn look(&mut self, page: &BatchView<'_>, changes: &mut Vec<TypeChange>) {
        let rows = page.families();
        let said = |row| page.family_kind(row);
        if self.last.len() == rows && (0..rows).map(said).eq(self.last.iter().copied()) {
            return;
        }
        self.last = (0..rows).map(said).collect();
        for row in 0..rows {
            let name = page.family_name(row).map(std::str::from_utf8);
            // A page that lost its metadata, or has none yet, says nothing else.
            let (Some(Ok(name)), true) = (name, said(row) != MetricKind::Unknown) else {
                continue;
            };
            match self.known.get(name) {
                Some(known) if *known != said(row) => note(changes, name, *known, said(row)),
                Some(_) => {}
                None => drop(self.known.insert(name.into(), said(row))),
            }
        }
    }
}

fn note(changes: &mut Vec<TypeChange>, family: &str, before: MetricKind, after: MetricKind) {
    if changes.len() < MAX_CHANGES && !changes.iter().any(|change| change.family == family) {
        changes.push(TypeChange {
            family: family.to_owned(),
            before: before.as_str().to_owned(),
            after: after.as_str().to_owned(),
        });
    }
}
