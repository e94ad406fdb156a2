//! What is wrong with a page, also where it can be read: the strict side of the parser.
//!
//! Pages are read as in a run; what could not be read, and what each line is, is then held to the
//! rules of the formats (errors) and to the usual names (warnings, those of `promtool check metrics`).

mod finding;
mod histogram;
mod metadata;
mod naming;
mod page;
mod series;
mod spelling;
mod units;
mod value;

use aiperf_plugin_sdk::Batch;

pub use finding::{Finding, Severity};

use crate::format::{BYTE_ORDER_MARK, Format};
use crate::page::{MAX_PAGE_BYTES, watch_page};
use finding::Findings;
use page::{Lines, Page};

/// Everything that is wrong with `page`, in its order. Findings of one rule about one family are one.
pub fn lint(page: &[u8], format: Format) -> Vec<Finding> {
    let mut findings = Findings::default();
    if page.len() > MAX_PAGE_BYTES {
        findings.error(
            "too-large",
            0..0,
            "the page is larger than 1 GiB".to_owned(),
        );
        return findings.finish(page);
    }
    let mut batch = Batch::new();
    let mut lines = Lines::default();
    watch_page(page, format, &mut batch, &mut lines);
    ends(page, &mut findings);
    for (place, fault) in &lines.faults {
        let end = place.range.end.max(fault.at);
        findings.grouped(
            Severity::Error,
            "syntax",
            fault.what,
            fault.at..end,
            fault.what.to_owned(),
        );
    }
    for what in &lines.page {
        findings.error("end", page.len()..page.len(), (*what).to_owned());
    }
    let raw = page;
    let checked = batch.read(page, |view| {
        let page = Page::new(page, format, view, &lines);
        metadata::check(&page, &mut findings);
        series::check(&page, &mut findings);
        spelling::check(raw, &page, &mut findings);
        value::check(&page, &mut findings);
        histogram::check(&page, &mut findings);
        naming::check(&page, &mut findings);
        if page.samples.is_empty() && lines.faults.is_empty() {
            findings.error("empty", 0..0, "there is no sample on the page".to_owned());
        }
    });
    if let Err(error) = checked {
        findings.error("syntax", 0..0, error.to_string());
    }
    findings.finish(page)
}

/// What readers in general stumble over at both ends of a page, and at the ends of its lines.
fn ends(page: &[u8], findings: &mut Findings) {
    if page.starts_with(BYTE_ORDER_MARK) {
        let what = "a byte order mark stands before the first line";
        findings.error("byte-order-mark", 0..BYTE_ORDER_MARK.len(), what.to_owned());
    }
    if !page.is_empty() && !page.ends_with(b"\n") {
        let what = "the last line has no line feed at its end";
        findings.error("final-newline", page.len()..page.len(), what.to_owned());
    }
    if let Some(at) = memchr::memmem::find(page, b"\r\n") {
        let what = "lines end in CR LF, expected LF";
        findings.error("line-ends", at..at, what.to_owned());
    }
}
