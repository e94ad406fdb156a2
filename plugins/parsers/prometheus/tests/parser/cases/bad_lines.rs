//! Lines that cannot be read, and why.

use super::*;

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
