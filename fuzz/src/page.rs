//! Metrics pages. The first byte says as what they are read.

use aiperf_parser_prometheus::lint::lint;
use aiperf_parser_prometheus::{Format, parse_page};
use aiperf_plugin_sdk::batch::{Batch, BatchView};

use crate::store;

/// No page makes the parser panic; what it reports stands on the page and is what stands there; the
/// store takes it, once and again.
///
/// # Panics
/// If that does not hold.
pub fn check(data: &[u8]) {
    let Some((choice, page)) = data.split_first() else {
        return;
    };
    let content_type = match choice % 4 {
        0 => "text/plain; version=0.0.4",
        1 => "application/openmetrics-text; version=1.0.0",
        2 => "text/plain; version=1.0.0; escaping=allow-utf-8",
        _ => "",
    };
    let format = Format::detect(content_type, page);
    let mut batch = Batch::new();
    parse_page(page, format, &mut batch);
    batch
        .read(page, |view| {
            check_view(page, view);
            store::take(view);
        })
        .expect("the parser's own batch is well formed");
    let findings = lint(page, format);
    for finding in &findings {
        assert!(page.get(finding.span.clone()).is_some(), "{finding:?}");
        assert!(finding.line > 0 && !finding.message.is_empty());
    }
    assert!(findings.is_sorted_by_key(|finding| finding.line));
}

fn check_view(page: &[u8], view: &BatchView<'_>) {
    let lines = page.split(|byte| *byte == b'\n').count();
    for row in 0..view.len() {
        let sample = view.sample(row).expect("its name stands on the page");
        assert!(sample.labels.clone().all(|label| label.is_some()));
        if let Some(range) = view.value_range(row) {
            let text = page.get(range).expect("the value stands on the page");
            let text = std::str::from_utf8(text).expect("numbers are ASCII");
            check_value(text, sample.value);
        }
        if let Some(range) = view.time_range(row) {
            assert!(page.get(range).is_some(), "the time stands on the page");
        }
    }
    for (line, reason) in view.diagnostics() {
        assert!(line as usize <= lines, "line {line} of {lines}");
        assert!(!reason.is_empty());
    }
    for (row, ..) in view.exemplars() {
        assert!(row < view.len());
    }
}

/// Values are read as Rust reads them, but for the many ways to write those that are none.
fn check_value(text: &str, value: f64) {
    match text.parse::<f64>() {
        Ok(read) if read.is_finite() => assert_eq!(read.to_bits(), value.to_bits(), "{text}"),
        _ => assert!(!value.is_finite(), "{text} is {value}"),
    }
}
