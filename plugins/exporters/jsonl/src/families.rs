//! Which families a page has, without allocating per page.

use std::collections::HashMap;

use aiperf_plugin_sdk::view::{ScrapeView, SeriesEntry};

/// Finds one series of each family of a page.
#[derive(Debug, Default)]
pub(crate) struct Families {
    numbers: HashMap<(u32, String), usize>,
    /// Family of each series, by id.
    of_series: Vec<usize>,
    /// Page on which each family was last seen.
    last_page: Vec<u64>,
    page: u64,
    firsts: Vec<u32>,
}

impl Families {
    /// Ids of the first series of each family of the page, in page order.
    pub(crate) fn of_page(&mut self, view: &ScrapeView<'_>) -> &[u32] {
        self.learn(&view.schema().series);
        self.page += 1;
        self.firsts.clear();
        for (series, _) in view.ids() {
            let seen = &mut self.last_page[self.of_series[series as usize]];
            if *seen != self.page {
                *seen = self.page;
                self.firsts.push(series);
            }
        }
        &self.firsts
    }

    fn learn(&mut self, series: &[SeriesEntry]) {
        for entry in series.iter().skip(self.of_series.len()) {
            let next = self.numbers.len();
            let family = (entry.server, entry.family.clone());
            self.of_series
                .push(*self.numbers.entry(family).or_insert(next));
        }
        self.last_page.resize(self.numbers.len(), 0);
    }
}
