use super::*;
use crate::metrics::family::Type;
use crate::metrics::process::Reading;
use crate::metrics::stats::Stats;

fn view() -> View {
    let stats = Stats::default();
    View {
        ended: stats.all_ended(),
        http: stats.all_http(),
        stats,
        reading: Reading::default(),
        now: 0,
        uptime: 1.5,
    }
}

fn page(family: Family, format: Format, servers: &[Labels]) -> String {
    let mut catalog = Catalog::default();
    catalog.add(family);
    let views: Vec<View> = servers.iter().map(|_| view()).collect();
    String::from_utf8(Layout::new(&catalog, format, servers).render(&views)).unwrap()
}

#[test]
fn a_counter_is_named_as_its_format_wants() {
    let family = || {
        Family::new("a_b", Type::Counter, Style::Plain, "Help.").number(&[("l", "x\"\\")], |_| 2.0)
    };
    assert_eq!(
        page(family(), Format::Classic, &[Labels::new()]),
        "# HELP a_b_total Help.\n# TYPE a_b_total counter\na_b_total{l=\"x\\\"\\\\\"} 2\n"
    );
    assert_eq!(
        page(family(), Format::OpenMetrics, &[Labels::new()]),
        "# HELP a_b Help.\n# TYPE a_b counter\na_b_total{l=\"x\\\"\\\\\"} 2\n# EOF\n"
    );
}

#[test]
fn a_counter_without_the_suffix_is_unknown_to_openmetrics() {
    let family =
        || Family::new("count", Type::BareCounter, Style::Plain, "Help.").number(&[], |_| 0.0);
    let classic = page(family(), Format::Classic, &[Labels::new()]);
    assert!(
        classic.ends_with("# TYPE count counter\ncount 0\n"),
        "{classic}"
    );
    let open = page(family(), Format::OpenMetrics, &[Labels::new()]);
    assert!(
        open.ends_with("# TYPE count unknown\ncount 0\n# EOF\n"),
        "{open}"
    );
}

#[test]
fn styles_differ_in_numbers_and_label_order() {
    let family = |style| {
        Family::new("h", Type::Histogram, style, "Help.")
            .counts(&[("z", "1")], &[1.0], |view| &view.stats.iteration_tokens)
    };
    let python = page(family(Style::Python), Format::Classic, &[Labels::new()]);
    assert!(
        python.contains("h_bucket{le=\"1.0\",z=\"1\"} 0.0\n"),
        "{python}"
    );
    let plain = page(family(Style::Plain), Format::Classic, &[Labels::new()]);
    assert!(plain.contains("h_bucket{z=\"1\",le=\"1\"} 0\n"), "{plain}");
}

#[test]
fn several_servers_share_one_header() {
    let family =
        Family::new("g", Type::Gauge, Style::Plain, "Help.").number(&[], |view| view.uptime);
    let servers: Vec<Labels> = ["a", "b"]
        .map(|name| vec![("server_id", name.to_owned())])
        .into();
    assert_eq!(
        page(family, Format::Classic, &servers),
        "# HELP g Help.\n# TYPE g gauge\ng{server_id=\"a\"} 1.5\ng{server_id=\"b\"} 1.5\n"
    );
}
