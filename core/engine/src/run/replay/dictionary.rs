//! Series and families that a recording has explained, as text that batches point into.

use std::collections::HashMap;

use aiperf_plugin_sdk::MetricKind;
use aiperf_plugin_sdk::batch::{Batch, FamilyRow, SampleRow, Span};

use super::lines::{NewFamily, NewSchema, NewSeries};

/// Bytes of text that spans can point into.
const MAX_TEXT: usize = (1 << 31) - 1;

/// Everything explained so far. A page whose series are known copies no text.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    text: Vec<u8>,
    families: Vec<Family>,
    /// Rows of `families`, by server and name.
    named: HashMap<(String, String), usize>,
    /// By id; `None` if an id was never explained.
    series: Vec<Option<Series>>,
    /// Number of the page that is being put together.
    page: u64,
}

#[derive(Debug)]
struct Family {
    name: Span,
    kind: MetricKind,
    help: Span,
    unit: Span,
    /// Its row on the page that it was last pushed for.
    row: Option<(u64, u32)>,
}

#[derive(Debug)]
struct Series {
    family: usize,
    name: Span,
    labels: Vec<(Span, Span)>,
}

impl Dictionary {
    /// What spans of the batches point into.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Forgets which families the batch has.
    pub(super) fn next_page(&mut self) {
        self.page += 1;
    }

    /// Takes over what a line of `server` explains.
    pub(super) fn learn(&mut self, server: &str, new: NewSchema) -> Result<(), String> {
        for family in new.families {
            self.learn_family(server, &family)?;
        }
        new.series
            .iter()
            .try_for_each(|series| self.learn_series(server, series))
    }

    fn learn_family(&mut self, server: &str, new: &NewFamily) -> Result<(), String> {
        let family = Family {
            name: self.write(&new.name)?,
            kind: new.kind,
            help: self.write(&new.help)?,
            unit: self.write(&new.unit)?,
            row: None,
        };
        let key = (server.to_owned(), new.name.clone());
        self.named.insert(key, self.families.len());
        self.families.push(family);
        Ok(())
    }

    fn learn_series(&mut self, server: &str, new: &NewSeries) -> Result<(), String> {
        let family = self.named.get(&(server.to_owned(), new.family.clone()));
        let unexplained = || format!("family `{}` is not explained", new.family);
        let family = *family.ok_or_else(unexplained)?;
        let name = self.write(&new.name)?;
        let labels = new.labels.iter();
        let labels: Result<_, String> = labels
            .map(|(name, value)| Ok((self.write(name)?, self.write(value)?)))
            .collect();
        let series = Series {
            family,
            name,
            labels: labels?,
        };
        let at = new.id as usize;
        // Ids are dense: one far beyond the rest is no id of this recording.
        if at > self.series.len() + (1 << 20) {
            return Err(format!("series {at} is out of order"));
        }
        if at >= self.series.len() {
            self.series.resize_with(at + 1, || None);
        }
        self.series[at] = Some(series);
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<Span, String> {
        let start = self.text.len();
        if start + text.len() > MAX_TEXT {
            return Err("names and labels take more than 2 GiB".to_owned());
        }
        self.text.extend_from_slice(text.as_bytes());
        Ok(Span::text(start, self.text.len()))
    }

    /// Checks that all ids are explained.
    pub(super) fn check(&self, ids: &[u32]) -> Result<(), String> {
        let known = |id: &u32| matches!(self.series.get(*id as usize), Some(Some(_)));
        match ids.iter().find(|id| !known(id)) {
            Some(id) => Err(format!("the line that explains series {id} is missing")),
            None => Ok(()),
        }
    }

    /// Adds a sample to the page. A series that [`Dictionary::check`] does not know is left out.
    pub(super) fn push(&mut self, batch: &mut Batch, series: u32, value: f64) {
        let Some(Some(series)) = self.series.get(series as usize) else {
            return;
        };
        let family = &mut self.families[series.family];
        let row = match family.row {
            Some((page, row)) if page == self.page => row,
            _ => batch.push_family(
                FamilyRow::new(family.name, family.kind)
                    .help(family.help)
                    .unit(family.unit),
            ),
        };
        family.row = Some((self.page, row));
        for (name, value) in &series.labels {
            batch.push_label(*name, *value);
        }
        batch.push_sample(SampleRow::new(row, series.name, value));
    }
}
