//! Small pages, one rule each.

use aiperf_parser_prometheus::Format::{self, OpenMetrics, PrometheusText};
use aiperf_plugin_sdk::MetricKind;

use crate::support::{Reading, read};

/// Renders samples as `name{label=value} value @ns`, joined by `; `.
fn shown(reading: &Reading) -> String {
    let sample = |sample: &crate::support::Sample| {
        let labels: Vec<_> = sample
            .labels
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        let time = sample
            .time_ns
            .map(|ns| format!(" @{ns}"))
            .unwrap_or_default();
        format!("{}{labels} {}{time}", sample.name, sample.value)
    };
    reading
        .samples
        .iter()
        .map(sample)
        .collect::<Vec<_>>()
        .join("; ")
}

fn good(format: Format, page: &str, expect: &str) {
    let page = if format == OpenMetrics {
        format!("{page}\n# EOF\n")
    } else {
        page.to_owned()
    };
    let reading = read(page.as_bytes(), format);
    assert_eq!(reading.diagnostics, [], "{page:?}");
    assert_eq!(shown(&reading), expect, "{page:?}");
}

/// The line is reported, with `reason` as part of the text, and the line behind it is kept.
fn bad(format: Format, line: impl AsRef<[u8]>, reason: &str) {
    let line = line.as_ref();
    let page = [line, b"\nnext 1\n# EOF\n"].concat();
    let shown_page = String::from_utf8_lossy(&page).into_owned();
    let reading = read(&page, format);
    let found: Vec<_> = reading
        .diagnostics
        .iter()
        .filter(|(line, _)| *line == 1)
        .collect();
    assert_eq!(found.len(), 1, "{shown_page:?}: {:?}", reading.diagnostics);
    assert!(
        found[0].1.contains(reason),
        "{shown_page:?}: {:?}",
        found[0].1
    );
    assert_eq!(shown(&reading), "next 1", "{shown_page:?}");
}

#[test]
fn prometheus_text_lines() {
    for (page, expect) in [
        ("", ""),
        ("\n\n \t\n", ""),
        ("a 1", "a 1"),
        ("a 1\nb 2\n", "a 1; b 2"),
        ("a:b_9 1", "a:b_9 1"),
        ("  a\t1  ", "a 1"),
        ("a{} 1", "a 1"),
        ("a {  } 0.3\t 2", "a 0.3 @2000000"),
        ("a{b=\"c\"}1", "a{b=c} 1"),
        ("a{b=\"c\",} 1", "a{b=c} 1"),
        ("a { b = \"c\" , d\t=\"e\" } 1", "a{b=c,d=e} 1"),
        ("a{b=\"\"} 1", "a{b=} 1"),
        ("a{b=\"{x},#\"} 1", "a{b={x},#} 1"),
        ("a{b=\"c\" d=\"e\"} 1", "a{b=c,d=e} 1"),
        ("a{b=\"\0x\"} 1", "a{b=\0x} 1"),
        ("a 1 -3982045", "a 1 @-3982045000000"),
        ("a NaN", "a NaN"),
        ("a +Inf\nb -Inf", "a inf; b -inf"),
        ("a -nan", "a NaN"),
        ("a 1\r\nb 2\r\n", "a 1; b 2"),
        ("a 1 # {t=\"x\"} 0.5 1.5", "a 1"),
        ("a 1\n# EOF\nb 2", "a 1; b 2"),
    ] {
        good(PrometheusText, page, expect);
    }
}

#[test]
fn open_metrics_lines() {
    for (page, expect) in [
        ("a 1", "a 1"),
        ("a{} 1", "a 1"),
        ("a{b=\"c\",} 1 1.5", "a{b=c} 1 @1500000000"),
        ("a 1 # {} 2", "a 1"),
        ("a 1 123 # {a=\"b\"} 0.5", "a 1 @123000000000"),
        ("a{b=\"\0\"} 1", "a{b=\0} 1"),
        ("{\"a\", b=\"c\"} 1", "a{b=c} 1"),
    ] {
        good(OpenMetrics, page, expect);
    }
}

#[test]
fn quoted_names() {
    for format in [PrometheusText, OpenMetrics] {
        good(format, "{\"a.b\"} 1", "a.b 1");
        good(format, "{\"a.b\",c=\"d\"} 1", "a.b{c=d} 1");
        good(format, "{c=\"d\",\"a.b\"} 1", "a.b{c=d} 1");
        good(format, "{\"温度{房间\"} 1", "温度{房间 1");
        good(format, "a{\"b c\"=\"d\"} 1", "a{b c=d} 1");
        good(format, r#"{"a\"\\\n","x\"y"="z"} 1"#, "a\"\\\n{x\"y=z} 1");
    }
}

#[test]
fn escapes() {
    for format in [PrometheusText, OpenMetrics] {
        good(format, r#"a{b="\"q\"\\\n"} 1"#, "a{b=\"q\"\\\n} 1");
        good(format, r#"a{b="\\n"} 1"#, "a{b=\\n} 1");
        good(format, r#"a{b="\z\t"} 1"#, "a{b=\\z\\t} 1");
        good(format, r#"a{b="x\\"} 1"#, "a{b=x\\} 1");
    }
}

#[test]
fn lines_that_are_bad_in_both_formats() {
    for format in [PrometheusText, OpenMetrics] {
        bad(format, "a", "value, found the end of the line (column 2)");
        bad(
            format,
            "9a 1",
            "expected a metric name, found `9a 1` (column 1)",
        );
        bad(
            format,
            "a.b 1",
            "expected a blank or `{` after the metric name, found `.b 1` (column 2)",
        );
        bad(format, "a\0 1", "expected a blank or `{`");
        bad(format, "\"a\" 1", "expected a metric name");
        bad(format, "a a", "expected a number as value, found `a`");
        bad(format, "a 1_2", "found `1_2`");
        bad(format, "a 0x1", "expected a number");
        bad(format, "a true", "expected a number");
        bad(format, "a 1 z", "expected a timestamp in");
        bad(format, "a 1 NaN", "expected a timestamp in");
        bad(
            format,
            "a 1 2 3",
            "expected `# {` of an exemplar or the end of the line, found `3`",
        );
    }
}

#[test]
fn label_sets_that_are_bad_in_both_formats() {
    for format in [PrometheusText, OpenMetrics] {
        bad(
            format,
            "a{",
            "expected a label name or `}`, found the end of the line",
        );
        bad(format, "a{b", "expected `=` after the label name");
        bad(
            format,
            "a{b} 1",
            "expected `=` after the label name, found `} 1` (column 4)",
        );
        bad(
            format,
            "a{b:c=\"d\"} 1",
            "expected `=` after the label name",
        );
        bad(format, "a{b=} 1", "expected a label value in double quotes");
        bad(
            format,
            "a{b='c'} 1",
            "expected a label value in double quotes",
        );
        bad(format, "a{b=\"c} 1", "expected a closing `\"`");
        bad(format, "a{b=\"c\\", "expected a closing `\"`");
        bad(
            format,
            "a{b=\"c\",,d=\"e\"} 1",
            "expected a label name or `}`",
        );
        bad(format, "a{,} 1", "expected a label name or `}`");
        bad(format, "a{=\"c\"} 1", "expected a label name or `}`");
        bad(format, "a{\"\"=\"c\"} 1", "a label name is empty");
        bad(format, "{b=\"c\"} 1", "expected a metric name before here");
        bad(format, "{} 1", "expected a metric name before here");
        bad(format, "{\"\"} 1", "the metric name is empty");
        bad(format, "a{\"b\"} 1", "the metric already has a name");
        bad(format, "{\"a\",\"b\"} 1", "the metric already has a name");
    }
}

#[test]
fn other_text_that_is_bad_in_both_formats() {
    for format in [PrometheusText, OpenMetrics] {
        bad(format, "a 1 # {b=\"c\"}", "found the end of the line");
        bad(
            format,
            "a 1 # {b=\"c\"} x",
            "expected a number as the exemplar's value",
        );
        bad(
            format,
            "a 1 # {b=\"c\"} 1 Inf",
            "expected the exemplar's timestamp in finite seconds",
        );
        bad(format, "a 1 # {b} 1", "expected `=` after the label name");
        bad(format, "a 1 # {\"b\"} 1", "in an exemplar's labels");
        bad(format, "a 1 # {b=\"\0\"} 1", "null byte");
        bad(format, b"a{b=\"\xff\"} 1", "not UTF-8");
        bad(format, b"\xff 1", "not UTF-8");
        bad(format, b"# HELP a \xff", "not UTF-8");
        bad(format, "# HELP ", "expected a metric name after HELP");
        bad(format, "# TYPE ", "expected a metric name after TYPE");
        bad(format, "# TYPE a", "");
        bad(
            format,
            "# TYPE a meh",
            "this type is not known, found `meh`",
        );
        bad(format, "# HELP a.b x", "after the name");
    }
}

#[test]
fn lines_that_are_bad_in_open_metrics_only() {
    for (line, reason) in [
        ("", "OpenMetrics has no blank lines"),
        (" a 1", "expected a metric name"),
        ("a  1", "expected a number as value"),
        ("a\t1", "expected one space before the value"),
        ("a 1 ", "expected a timestamp in finite seconds"),
        ("a 1 2 ", "expected `# {` of an exemplar"),
        ("a{b=\"c\"}1", "expected one space before the value"),
        ("a {b=\"c\"} 1", "composite values"),
        ("a{b=\"c\"d=\"e\"} 1", "expected `,` or `}`"),
        ("a 1 #{b=\"c\"} 1", "expected one space after the `#`"),
        (
            "a 1 # {b=\"c\"}1",
            "expected one space before the exemplar's value",
        ),
        ("a 1 # {b=\"c\"} 1 ", "expected the exemplar's timestamp"),
        ("#a 1", "OpenMetrics has no comments"),
        ("# a comment", "OpenMetrics has no comments"),
        ("#\tTYPE a gauge", "OpenMetrics has no comments"),
        ("# UNIT", "OpenMetrics has no comments"),
        ("# HELP a", "expected a space and a text"),
        (
            "# UNIT a seconds",
            "expected a unit that is the last word of the name",
        ),
        (
            "# UNIT aseconds seconds",
            "expected a unit that is the last word of the name",
        ),
        (
            "# UNIT seconds seconds",
            "expected a unit that is the last word of the name",
        ),
        ("# TYPE a gauge ", "expected a type without blanks"),
        ("# TYPE a  gauge", "expected a type without blanks"),
        ("# TYPE a untyped", "expected `unknown`"),
    ] {
        bad(OpenMetrics, line, reason);
    }
}

#[test]
fn prometheus_text_comments() {
    for line in [
        "#",
        "# a comment",
        "#HELP a b",
        "## TYPE a gauge",
        "# HELPa b",
        "# TYPEabcd asdf",
        "# HELP",
        "# TYPE",
        "# UNIT a b c",
        "# UNIT",
        "# EOF",
        "  # HELP a b",
        "#\tTYPE\ta\tcounter",
        "#  TYPE  a  gauge  ",
        "# HELP a",
    ] {
        good(PrometheusText, line, "");
    }
    assert_eq!(
        read(b"# \xff\na 1\n", PrometheusText).diagnostics,
        [],
        "a comment may be anything"
    );
}

#[test]
fn the_end_of_an_open_metrics_page() {
    let check = |page: &str, expect: &[(u32, &str)]| {
        let reading = read(page.as_bytes(), OpenMetrics);
        let found: Vec<_> = reading
            .diagnostics
            .iter()
            .map(|(n, why)| (*n, why.as_str()))
            .collect();
        assert_eq!(found.len(), expect.len(), "{page:?}: {found:?}");
        for ((line, why), (expect_line, part)) in found.iter().zip(expect) {
            assert_eq!(line, expect_line, "{page:?}");
            assert!(why.contains(part), "{page:?}: {why}");
        }
    };
    check("# EOF", &[]);
    check("a 1\n# EOF\n", &[]);
    check("", &[(0, "`# EOF` is missing")]);
    check("a 1\n", &[(0, "`# EOF` is missing")]);
    check("# EOF\n\n\n", &[(2, "expected nothing after `# EOF`")]);
    check(
        "# EOF\nb 1\nc 1\n",
        &[(2, "expected nothing after `# EOF`")],
    );
    check("a 1\r\nb 1\r\n# EOF\r\n", &[(0, "CR LF")]);
    assert_eq!(shown(&read(b"a 1\r\n# EOF\nb 1", OpenMetrics)), "a 1; b 1");
}

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

#[test]
fn spans_are_exactly_the_text_of_value_and_time() {
    let page = "a  1.50\t-12  \n{\"b\"} NaN\nc{d=\"e\"} +1e3 7 # {} 9 8\n";
    let reading = read(page.as_bytes(), PrometheusText);
    let spans: Vec<_> = reading
        .samples
        .iter()
        .map(|s| (s.value_text.as_str(), s.time_text.as_str()))
        .collect();
    assert_eq!(spans, [("1.50", "-12"), ("NaN", ""), ("+1e3", "7")]);
}

#[test]
fn exemplars() {
    let page = "a_bucket{le=\"1\"} 11 # {trace_id=\"x\",b=\"c\"} 0.67\nb 1\n\
                c 2 3 # {} -1 1520879607.789\n# EOF\n";
    let reading = read(page.as_bytes(), OpenMetrics);
    assert_eq!(reading.diagnostics, []);
    assert_eq!(
        reading.exemplars,
        [(0, 0.67, None), (2, -1.0, Some(1_520_879_607_789_000_000))]
    );
    let text = read(b"a 1   #   { b = \"c\" }   2   1.5  \n", PrometheusText);
    assert_eq!(text.exemplars, [(0, 2.0, Some(1_500_000_000))]);
}
