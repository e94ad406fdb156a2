//! Families: which sample belongs to which, and what is said of it.

use super::*;

/// Family and type of each sample, in order.
fn families(format: Format, page: &str) -> Vec<(String, MetricKind)> {
    let reading = read(page.as_bytes(), format);
    reading
        .samples
        .into_iter()
        .map(|sample| (sample.family, sample.kind))
        .collect()
}

fn check_families(format: Format, page: &str, expect: &[(&str, MetricKind)]) {
    let expect: Vec<_> = expect
        .iter()
        .map(|(name, kind)| ((*name).to_owned(), *kind))
        .collect();
    assert_eq!(families(format, page), expect, "{page:?}");
}

#[test]
fn suffixes_belong_to_the_types_that_own_them() {
    use MetricKind::{Counter, Gauge, GaugeHistogram, Histogram, Info, StateSet, Summary, Unknown};
    for (kind, suffixes) in [
        (Counter, &["", "_total", "_created"][..]),
        (Histogram, &["_bucket", "_sum", "_count", "_created"]),
        (
            GaugeHistogram,
            &["_bucket", "_gsum", "_gcount", "_sum", "_count"],
        ),
        (Summary, &["", "_sum", "_count", "_created"]),
        (Info, &["_info"]),
        (StateSet, &[""]),
        (Gauge, &[""]),
        (Unknown, &[""]),
    ] {
        let all = [
            "", "_total", "_created", "_bucket", "_sum", "_count", "_gsum", "_gcount", "_info",
        ];
        for suffix in all {
            let page = format!("# TYPE x {}\nx{suffix} 1\n", kind.as_str());
            let name = format!("x{suffix}");
            let own = suffix.is_empty() || suffixes.contains(&suffix);
            let expect = if own {
                ("x", kind)
            } else {
                (name.as_str(), Unknown)
            };
            check_families(PrometheusText, &page, &[expect]);
        }
    }
}

#[test]
fn declared_names_win_over_suffixes() {
    use MetricKind::{Counter, Gauge, Histogram, Unknown};
    check_families(
        PrometheusText,
        "# TYPE x_total counter\nx_total 1\n",
        &[("x_total", Counter)],
    );
    let declared = "# TYPE x histogram\n# TYPE x_count gauge\nx_sum 1\nx_count 1\n";
    check_families(
        PrometheusText,
        declared,
        &[("x", Histogram), ("x_count", Gauge)],
    );
    let described = "# TYPE x histogram\n# HELP x_count y\nx_count 1\n";
    check_families(PrometheusText, described, &[("x", Histogram)]);
    let created =
        "# TYPE x histogram\nx_sum 1\n# HELP x_created y\n# TYPE x_created gauge\nx_created 1\n";
    check_families(
        PrometheusText,
        created,
        &[("x", Histogram), ("x_created", Gauge)],
    );
    check_families(
        PrometheusText,
        "x_sum 1\nx 1\n",
        &[("x_sum", Unknown), ("x", Unknown)],
    );
}

#[test]
fn metadata_may_come_late() {
    use MetricKind::{Counter, Gauge, Histogram};
    check_families(PrometheusText, "x 1\n# TYPE x gauge\n", &[("x", Gauge)]);
    check_families(
        PrometheusText,
        "x_sum 1\n# TYPE x histogram\n",
        &[("x", Histogram)],
    );
    let page = "# HELP x y\nx_total 1\n# TYPE x counter\n# EOF\n";
    check_families(OpenMetrics, page, &[("x", Counter)]);
    let page = "# TYPE x histogram\nx_count 1\n# TYPE x_count gauge\n";
    check_families(PrometheusText, page, &[("x_count", Gauge)]);
    let page = "x_sum 1\nbad\n# TYPE x histogram\n# TYPE y meh\n";
    let lines: Vec<_> = read(page.as_bytes(), PrometheusText)
        .diagnostics
        .iter()
        .map(|(line, _)| *line)
        .collect();
    assert_eq!(lines, [2, 4], "reading again reports each line once");
}

#[test]
fn families_are_merged_and_keep_their_order() {
    let page = "# HELP b first\n# TYPE b gauge\nb 1\na 1\n# HELP b second\n# TYPE b gauge\nb 2\n";
    let reading = read(page.as_bytes(), PrometheusText);
    let family =
        |name: &str, kind, help: &str| (name.to_owned(), kind, help.to_owned(), String::new());
    assert_eq!(
        reading.families,
        [
            family("b", MetricKind::Gauge, "first"),
            family("a", MetricKind::Unknown, "")
        ]
    );
    assert_eq!(
        reading
            .samples
            .iter()
            .filter(|sample| sample.family == "b")
            .count(),
        2
    );
}

#[test]
fn a_name_may_have_two_types() {
    use MetricKind::{Counter, Gauge, Histogram};
    for page in [
        "# TYPE a gauge\na 1\n# TYPE a counter\na_total 2\n",
        "# TYPE a counter\n# TYPE a gauge\na 1\na_total 2\n",
    ] {
        check_families(PrometheusText, page, &[("a", Gauge), ("a", Counter)]);
    }
    let page = "# TYPE a meh\n# TYPE a untyped\n# TYPE a gauge\n# TYPE a unknown\na 1\n";
    check_families(PrometheusText, page, &[("a", Gauge)]);
    assert_eq!(read(page.as_bytes(), PrometheusText).families.len(), 1);
    let page = "# TYPE a histogram\n# TYPE a counter\na_sum 1\na_total 1\n";
    check_families(PrometheusText, page, &[("a", Histogram), ("a", Counter)]);
}

#[test]
fn help_and_unit() {
    let check = |format, page: &str, help: &str, unit: &str| {
        let reading = read(page.as_bytes(), format);
        assert_eq!(
            (
                reading.families[0].2.as_str(),
                reading.families[0].3.as_str()
            ),
            (help, unit),
            "{page:?}"
        );
    };
    check(
        PrometheusText,
        r#"# HELP a x\\y\nz\" \t"#,
        "x\\y\nz\\\" \\t",
        "",
    );
    check(OpenMetrics, r#"# HELP a x\\y\nz\" \t"#, "x\\y\nz\" \\t", "");
    check(PrometheusText, "#  HELP\ta \t two words", "two words", "");
    check(OpenMetrics, "# HELP a ", "", "");
    check(OpenMetrics, "# UNIT a_seconds seconds", "", "seconds");
    check(OpenMetrics, "# UNIT a ", "", "");
    check(PrometheusText, "# UNIT a_seconds seconds", "", "seconds");
    check(PrometheusText, "# HELP \"a.b\" x", "x", "");
    let quoted = read(
        b"# TYPE \"a\\\"b\" counter\n{\"a\\\"b_total\"} 1\n",
        PrometheusText,
    );
    assert_eq!(quoted.samples[0].family, "a\"b");
}
