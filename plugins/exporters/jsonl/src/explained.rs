//! What the file has explained so far, so that every fact is written once.

use std::collections::HashMap;

use aiperf_plugin_sdk::view::{Schema, ScrapeView};

/// Which series and families have been explained, and the last page of each server.
///
/// A page whose series are known allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Explained {
    families: HashMap<(u32, String), usize>,
    families_read: usize,
    series: Vec<bool>,
    /// Whether each family, by row in the schema, has been explained.
    known_families: Vec<bool>,
    /// Series of the last page of each server, in page order.
    layouts: Vec<Option<Vec<u32>>>,
}

/// What a line must say of its series.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Rows of families that no line has explained, in page order.
    pub(crate) families: Vec<usize>,
    /// Ids of series that no line has explained, in page order.
    pub(crate) series: Vec<u32>,
    /// True if the page has not the series of the server's page before, in the same order.
    pub(crate) layout: bool,
}

impl Explained {
    /// What is new on the page, which counts as explained from now on.
    pub(crate) fn page(&mut self, view: &ScrapeView<'_>) -> News {
        let schema = view.schema();
        self.learn(schema);
        let mut news = News {
            layout: self.layout(view),
            ..News::default()
        };
        // The same layout has the same series, all of them explained.
        if news.layout {
            for (series, _) in view.ids() {
                self.explain(schema, series, &mut news);
            }
        }
        news
    }

    fn learn(&mut self, schema: &Schema) {
        for (row, family) in schema.families.iter().enumerate().skip(self.families_read) {
            let name = (family.server, family.name.clone());
            self.families.entry(name).or_insert(row);
        }
        self.families_read = schema.families.len();
        self.known_families.resize(schema.families.len(), false);
        self.series.resize(schema.series.len(), false);
        self.layouts.resize(schema.servers.len(), None);
    }

    fn layout(&mut self, view: &ScrapeView<'_>) -> bool {
        let ids = || view.ids().map(|(series, _)| series);
        let last = &mut self.layouts[view.meta.server as usize];
        if last
            .as_ref()
            .is_some_and(|last| ids().eq(last.iter().copied()))
        {
            return false;
        }
        let last = last.get_or_insert_default();
        last.clear();
        last.extend(ids());
        true
    }

    fn explain(&mut self, schema: &Schema, series: u32, news: &mut News) {
        if std::mem::replace(&mut self.series[series as usize], true) {
            return;
        }
        news.series.push(series);
        let entry = &schema.series[series as usize];
        let family = self.families.get(&(entry.server, entry.family.clone()));
        if let Some(row) = family.copied()
            && !std::mem::replace(&mut self.known_families[row], true)
        {
            news.families.push(row);
        }
    }
}
