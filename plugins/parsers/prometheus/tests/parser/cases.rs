//! Small pages, one rule each.

mod bad_lines;
mod metadata;

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

#[test]
fn a_byte_order_mark_costs_no_line() {
    for format in [PrometheusText, OpenMetrics] {
        let reading = read("\u{feff}a 1\nb 2\n# EOF\n".as_bytes(), format);
        assert_eq!(shown(&reading), "a 1; b 2");
        assert_eq!(reading.diagnostics, []);
    }
    let late = read(
        "\u{feff}a_total 1\n# TYPE a counter\n".as_bytes(),
        PrometheusText,
    );
    assert_eq!(late.families.len(), 1);
}
