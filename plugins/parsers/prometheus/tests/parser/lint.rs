//! What the strict side says of pages.

use std::path::Path;

use aiperf_parser_prometheus::Format::{self, OpenMetrics, PrometheusText};
use aiperf_parser_prometheus::lint::{Finding, Severity, lint};

/// `severity rule line` of each finding.
fn found(format: Format, page: &str) -> Vec<String> {
    lint(page.as_bytes(), format).iter().map(shown).collect()
}

fn shown(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("{severity} {} {}", finding.rule, finding.line)
}

#[track_caller]
fn text(page: &str, expected: &[&str]) {
    assert_eq!(found(PrometheusText, page), expected, "{page}");
}

#[track_caller]
fn open_metrics(page: &str, expected: &[&str]) {
    let page = format!("{page}# EOF\n");
    assert_eq!(found(OpenMetrics, &page), expected, "{page}");
}

/// A described family of Prometheus text.
fn family(name: &str, kind: &str, samples: &str) -> String {
    format!("# HELP {name} Text.\n# TYPE {name} {kind}\n{samples}")
}

const HISTOGRAM: &str = "a_seconds_bucket{le=\"1\"} 1\na_seconds_bucket{le=\"+Inf\"} 3\n\
                         a_seconds_sum 4.5\na_seconds_count 3\n";

#[test]
fn a_clean_page_has_no_findings() {
    text(
        &family("requests_total", "counter", "requests_total{a=\"b\"} 1\n"),
        &[],
    );
    text(&family("a_seconds", "histogram", HISTOGRAM), &[]);
    let summary = "c_seconds{quantile=\"0.5\"} 1\nc_seconds_sum 2\nc_seconds_count 2\n";
    text(&family("c_seconds", "summary", summary), &[]);
    open_metrics(
        &family(
            "requests",
            "counter",
            "requests_total 1\nrequests_created 2\n",
        ),
        &[],
    );
    open_metrics(
        &family("build", "info", "build_info{version=\"1\"} 1\n"),
        &[],
    );
}

#[test]
fn lines_that_cannot_be_read_are_errors_with_their_place() {
    let page = family("a", "gauge", "a{b=c} 1\na{b=d} 1\na 1\n");
    let findings = lint(page.as_bytes(), PrometheusText);
    assert_eq!(findings.len(), 1, "{findings:?}");
    let finding = &findings[0];
    assert_eq!(shown(finding), "error syntax 3");
    assert_eq!(page.get(finding.span.clone()), Some("c} 1"));
    assert_eq!(finding.others, 1);
    assert_eq!(finding.message, "expected a label value in double quotes");
}

#[test]
fn both_ends_of_a_page() {
    text("", &["error empty 1"]);
    text(&family("a", "gauge", "a 1"), &["error final-newline 3"]);
    text(&family("a", "gauge", "a 1\r\n"), &["error line-ends 3"]);
    let marked = format!("\u{feff}{}", family("a", "gauge", "a 1\n"));
    text(&marked, &["error byte-order-mark 1"]);
    let page = family("a", "gauge", "a 1\n");
    assert_eq!(found(OpenMetrics, &page), ["error end 3"]);
}

#[test]
fn series_are_unique() {
    let twice = "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\",z=\"\"} 2\n";
    text(&family("a", "gauge", twice), &["error duplicate-series 4"]);
    text(&family("a", "gauge", "a{x=\"1\"} 1\na{x=\"2\"} 2\n"), &[]);
    text(
        &family("a", "gauge", "a{x=\"1\",x=\"1\"} 1\n"),
        &["error duplicate-label 3"],
    );
    text(
        &family("a", "gauge", "a{__x=\"1\"} 1\n"),
        &["error reserved-label 3"],
    );
}

#[test]
fn texts_and_times_are_written_as_other_readers_expect() {
    let good = "a{x=\"\\\\ \\\" \\n\"} 1\n";
    text(&family("a", "gauge", good), &[]);
    let page = family("a", "gauge", "a{x=\"C:\\q\"} 1\na{x=\"\\d\"} 1\n");
    text(&page, &["error escape 3"]);
    let findings = lint(page.as_bytes(), PrometheusText);
    assert_eq!(page.get(findings[0].span.clone()), Some("\\q"));
    assert_eq!(findings[0].others, 1);
    let page = family("a", "gauge", "a 1 99999999999999999999\n");
    text(&page, &["warning timestamp 3", "error timestamp-range 3"]);
    text(
        &family("a", "gauge", "a 1 -9223372036854775808\n"),
        &["warning timestamp 3"],
    );
}

#[test]
fn metadata_comes_once_and_before_the_samples() {
    let page = family("a", "gauge", "# TYPE a gauge\n# HELP a Again.\na 1\n");
    text(&page, &["error second-type 3", "error second-help 4"]);
    text(
        "# HELP a Text.\na 1\n# TYPE a gauge\n",
        &["error late-type 3"],
    );
    text("a 1\n", &["warning no-help 1", "warning no-type 1"]);
    let page = family("a", "gauge", "a{x=\"1\"} 1\n") + &family("c", "gauge", "c 1\na 2\n");
    text(&page, &["warning scattered 7"]);
    open_metrics(&page, &["error scattered 7"]);
}

#[test]
fn times() {
    text(
        &family("a", "gauge", "a 1 1000\n"),
        &["warning timestamp 3"],
    );
    let page = family("a", "gauge", "a 1 2\na 1 1\n");
    open_metrics(&page, &["warning timestamp 3", "error time-order 4"]);
}

#[test]
fn values_fit_their_type() {
    for value in ["-1", "NaN"] {
        let page = family("a_total", "counter", &format!("a_total {value}\n"));
        text(&page, &["error count-value 3"]);
    }
    open_metrics(&family("a", "info", "a_info 2\n"), &["error info-value 3"]);
    open_metrics(
        &family("a", "stateset", "a{a=\"x\"} 2\n"),
        &["error stateset-value 3"],
    );
    open_metrics(
        &family("a", "stateset", "a 1\n"),
        &["error stateset-label 3"],
    );
    open_metrics(&family("a", "counter", "a 1\n"), &["error counter-total 3"]);
}

#[test]
fn buckets_add_up() {
    let check = |from: &str, to: &str, expected: &[&str]| {
        let samples = HISTOGRAM.replace(from, to);
        text(&family("a_seconds", "histogram", &samples), expected);
    };
    check("le=\"1\"", "le=\"x\"", &["error bucket-le 3"]);
    check("{le=\"1\"}", "", &["error bucket-le 3"]);
    check("le=\"1\"} 1", "le=\"1\"} 4", &["error bucket-order 4"]);
    check("le=\"1\"} 1", "le=\"1\"} 0.5", &["error count-value 3"]);
    check("+Inf", "2", &["error bucket-inf 4"]);
    check("count 3", "count 4", &["error bucket-count 6"]);
    check("a_seconds_count 3\n", "", &["error histogram-sample 4"]);
    check("a_seconds_sum 4.5\n", "", &["warning histogram-sum 5"]);
    let more = "le=\"1\"} 1\na_seconds_bucket{le=\"1.0\"} 1";
    check("le=\"1\"} 1", more, &["error bucket-le 4"]);
}

#[test]
fn quantiles_are_some() {
    for labels in ["", "{quantile=\"1.5\"}", "{quantile=\"p50\"}"] {
        let page = family(
            "a",
            "summary",
            &format!("a{labels} 1\na_sum 1\na_count 1\n"),
        );
        text(&page, &["error quantile 3"]);
    }
}

#[test]
fn names_are_as_usual() {
    let check = |name: &str, kind: &str, rule: &str| {
        let page = family(name, kind, &format!("{name} 1\n"));
        text(&page, &[&format!("warning {rule} 2")]);
    };
    check("a", "counter", "counter-total");
    check("a_total", "gauge", "total-suffix");
    check("a_count", "gauge", "reserved-suffix");
    check("a_milliseconds", "gauge", "unit");
    check("a_ms", "gauge", "unit-abbreviated");
    check("a_gauge", "gauge", "type-in-name");
    check("a:b", "gauge", "colon");
    check("numItems", "gauge", "camel-case");
    let label = |label: &str, rule: &str| {
        let page = family("a", "gauge", &format!("a{{{label}=\"1\"}} 1\n"));
        text(&page, &[&format!("warning {rule} 3")]);
    };
    label("le", "reserved-label");
    label("quantile", "reserved-label");
    label("numItems", "camel-case");
}

#[test]
fn every_rule_is_documented() {
    let readme = include_str!("../../README.md");
    let sources = [
        include_str!("../../src/lint/mod.rs"),
        include_str!("../../src/lint/histogram.rs"),
        include_str!("../../src/lint/metadata.rs"),
        include_str!("../../src/lint/naming.rs"),
        include_str!("../../src/lint/series.rs"),
        include_str!("../../src/lint/value.rs"),
    ];
    let is_rule = |text: &&str| {
        let bytes = text.bytes();
        text.contains('-')
            && bytes
                .into_iter()
                .all(|b| b.is_ascii_lowercase() || b == b'-')
    };
    let quoted = sources.iter().flat_map(|text| text.split('"'));
    let missing: Vec<_> = quoted
        .filter(is_rule)
        .filter(|rule| !readme.contains(&format!("`{rule}`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Pages of real servers: most warnings are about names, and errors are worth a look.
#[test]
fn pages_of_real_servers_are_judged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let mut judged: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "md"))
        .map(|path| {
            let page = std::fs::read(&path).unwrap();
            let findings = lint(&page, Format::detect("", &page));
            let errors = findings.iter().filter(|f| f.severity == Severity::Error);
            let errors: Vec<_> = errors.map(|f| format!("{} {}", f.rule, f.line)).collect();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, errors.join(", "), findings.len())
        })
        .collect();
    judged.sort();
    let expected = [
        ("dcgm-exporter-a100-mig-nvidia-docs.prom", "", 38),
        ("dcgm-exporter-readme-emptylabels.prom", "", 0),
        ("dcgm-exporter-t4-datadog.prom", "final-newline 116", 33),
        // Go's `go_memstats_alloc_bytes`, a gauge and a counter.
        (
            "debian12-caddy.openmetrics",
            "second-help 138, second-type 139",
            2,
        ),
        ("debian12-pushgateway-pushed.prom", "", 3),
        ("dynamo-1.6.1-worker-after.prom", "", 8),
        ("llamacpp-after.prom", "", 16),
        ("sglang-llama31-docs.prom", "", 12),
        ("vllm-0.32.0-after.prom", "", 73),
    ];
    let expected = expected.map(|(name, errors, n)| (name.to_owned(), errors.to_owned(), n));
    assert_eq!(judged, expected);
}
