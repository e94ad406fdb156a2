//! Properties that hold for all pages.

use std::fmt::Write as _;

use aiperf_parser_prometheus::Format;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{Sample, read};

/// A sample to write: name, labels, value, timestamp in ms.
type Row = (String, Vec<(String, String)>, f64, Option<i64>);

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn is_plain(name: &str) -> bool {
    name.chars()
        .enumerate()
        .all(|(at, c)| c == '_' || c.is_ascii_alphabetic() || (at > 0 && c.is_ascii_digit()))
}

/// Writes a page as an exposition library would.
fn render(rows: &[Row], format: Format) -> String {
    let mut page = String::new();
    for (name, labels, value, time) in rows {
        let mut entries = Vec::new();
        if is_plain(name) {
            page.push_str(name);
        } else {
            entries.push(format!("\"{}\"", escape(name)));
        }
        for (label, text) in labels {
            let quote = if is_plain(label) { "" } else { "\"" };
            entries.push(format!(
                "{quote}{}{quote}=\"{}\"",
                escape(label),
                escape(text)
            ));
        }
        if !entries.is_empty() {
            write!(page, "{{{}}}", entries.join(",")).unwrap();
        }
        write!(page, " {value}").unwrap();
        match (time, format) {
            (Some(ms), Format::PrometheusText) => write!(page, " {ms}").unwrap(),
            (Some(ms), Format::OpenMetrics) => {
                let sign = if *ms < 0 { "-" } else { "" };
                write!(page, " {sign}{}.{:03}", ms.abs() / 1000, ms.abs() % 1000).unwrap();
            }
            (None, _) => {}
        }
        page.push('\n');
    }
    if format == Format::OpenMetrics {
        page.push_str("# EOF\n");
    }
    page
}

fn row() -> impl Strategy<Value = Row> {
    let name = prop_oneof!["[a-z_][a-z0-9_]{0,12}", "[^\r]{1,8}"];
    let labels = vec(("([a-z_][a-z0-9_]{0,6}|[^\r]{1,4})", "[^\r]{0,12}"), 0..4);
    let value = prop_oneof![
        any::<f64>(),
        (0_u32..1000).prop_map(f64::from),
        Just(f64::INFINITY)
    ];
    let time = proptest::option::of(-4_000_000_000_000_i64..4_000_000_000_000);
    (name, labels, value, time)
}

fn format() -> impl Strategy<Value = Format> {
    prop_oneof![Just(Format::PrometheusText), Just(Format::OpenMetrics)]
}

/// A sample without what depends on the rest of its page.
fn essence(sample: &Sample) -> Row {
    let time = sample.time_ns.map(|ns| ns / 1_000_000);
    (
        sample.name.clone(),
        sample.labels.clone(),
        sample.value,
        time,
    )
}

fn same(a: &[Row], b: &[Row]) -> bool {
    let equal = |(a, b): (&Row, &Row)| {
        let same_value = a.2.to_bits() == b.2.to_bits() || (a.2.is_nan() && b.2.is_nan());
        a.0 == b.0 && a.1 == b.1 && same_value && a.3 == b.3
    };
    a.len() == b.len() && a.iter().zip(b).all(equal)
}

/// Text that looks enough like a page to get deep into the parser.
fn nearly_a_page() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("a_sum 1\n"),
        Just("a_total{b=\"c\"} 2\n"),
        Just("# HELP a_sum x\n"),
        Just("# TYPE a histogram\n"),
        Just("# TYPE a counter\n"),
        Just("# TYPE a_sum gauge\n"),
        Just("# TYPE "),
        Just("# HELP "),
        Just("# UNIT "),
        Just("# EOF\n"),
        Just("counter"),
        Just("histogram"),
        Just("a"),
        Just("a_sum"),
        Just("_total"),
        Just("{"),
        Just("}"),
        Just("\""),
        Just("="),
        Just(","),
        Just("\\"),
        Just(" "),
        Just("\t"),
        Just("\n"),
        Just("\r\n"),
        Just("1"),
        Just("-"),
        Just("."),
        Just("NaN"),
        Just("# {"),
        Just("é"),
        Just("\0"),
        Just("{b=\"c\"}"),
        Just(" 1 2\n"),
    ];
    vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_read(page in vec(any::<u8>(), 0..300), format in format()) {
        read(&page, format);
    }

    #[test]
    fn nearly_valid_text_is_read(page in nearly_a_page(), format in format()) {
        read(page.as_bytes(), format);
    }

    #[test]
    fn bytes_may_be_changed_in_a_page(
        rows in vec(row(), 1..5),
        format in format(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut page = render(&rows, format).into_bytes();
        let at = at.index(page.len());
        page[at] = byte;
        read(&page, format);
    }

    #[test]
    fn what_is_written_is_read(rows in vec(row(), 0..8), format in format()) {
        let page = render(&rows, format);
        let reading = read(page.as_bytes(), format);
        prop_assert_eq!(&reading.diagnostics, &[]);
        let found: Vec<_> = reading.samples.iter().map(essence).collect();
        prop_assert!(same(&found, &rows), "{page}\n{found:?}");
    }

    #[test]
    fn pages_may_be_joined(a in vec(row(), 0..5), b in vec(row(), 0..5)) {
        let format = Format::PrometheusText;
        let (a, b) = (render(&a, format), render(&b, format));
        let joined = read((a.clone() + &b).as_bytes(), format);
        let parts = [read(a.as_bytes(), format), read(b.as_bytes(), format)];
        let parts: Vec<_> = parts.iter().flat_map(|part| &part.samples).map(essence).collect();
        let joined: Vec<_> = joined.samples.iter().map(essence).collect();
        prop_assert!(same(&joined, &parts));
    }

    #[test]
    fn a_bad_line_costs_itself_only(rows in vec(row(), 1..6), at in any::<prop::sample::Index>()) {
        let page = render(&rows, Format::PrometheusText);
        let mut lines: Vec<&str> = page.lines().collect();
        let at = at.index(lines.len() + 1);
        lines.insert(at, "a{b=\"c\" 1");
        let reading = read(lines.join("\n").as_bytes(), Format::PrometheusText);
        prop_assert_eq!(reading.diagnostics.len(), 1);
        prop_assert_eq!(reading.diagnostics[0].0 as usize, at + 1);
        let found: Vec<_> = reading.samples.iter().map(essence).collect();
        prop_assert!(same(&found, &rows));
    }
}
