//! What is known of scrapes: `up` and the like, in every format.

use std::sync::atomic::{AtomicU32, Ordering};

use super::context::Context;
use super::peer::{response, send, serve};

const PAGE: &str = "# TYPE a gauge\na 1\n# TYPE go_b gauge\ngo_b 2\n";

/// A page that every third time is an error.
fn flaky() -> String {
    let asked = AtomicU32::new(0);
    serve(move |_, stream| {
        let n = asked.fetch_add(1, Ordering::Relaxed);
        let good = response("text/plain; version=0.0.4", "", PAGE.as_bytes());
        if n % 3 == 2 {
            let text = String::from_utf8(good).expect("UTF-8");
            return send(stream, text.replacen("200 OK", "503 Busy", 1).as_bytes());
        }
        send(stream, &good)
    })
}

fn collect(context: &Context, url: &str, more: &[&str]) -> String {
    let metrics = format!("{url}/metrics");
    let line = [
        "collect",
        "--duration",
        "600ms",
        "--server-metrics-interval",
        "50ms",
        "--server-metrics-exclude",
        "go_*",
        "--artifact-dir",
        "out",
        "--ui",
        "none",
        "--server-metrics",
        &metrics,
    ];
    context.succeed(&[&line, more].concat());
    metrics
}

#[test]
fn readings_are_series_beside_those_of_the_page() {
    let context = Context::new();
    let metrics = collect(&context, &flaky(), &[]);
    let report = context.json("out/aiperf.json");
    let endpoint = &report["server_metrics"]["endpoints"][&metrics];
    let of = |key: &str| &endpoint["scrape_metrics"][key];
    let (done, failed) = (&endpoint["scrapes"]["done"], &endpoint["scrapes"]["failed"]);
    let readings = done.as_u64().expect("a count") + failed.as_u64().expect("a count");
    let up = of("up");
    assert_eq!(up["n"], readings);
    assert_eq!((&up["min"], &up["max"]), (&0.0.into(), &1.0.into()));
    // Also what is left out of the report stood on the page.
    assert_eq!(of("scrape_samples_scraped")["max"], 2.0);
    assert_eq!(of("scrape_samples_scraped")["min"], 0.0);
    assert_eq!(of("scrape_body_size_bytes")["max"], PAGE.len() as f64);
    let slowest = of("scrape_duration_seconds")["max"]
        .as_f64()
        .expect("a time");
    assert!(slowest > 0.0 && slowest < 60.0, "{slowest}");
    // The page's own metrics are what they were.
    let servers = endpoint["servers"].as_object().expect("servers");
    let metrics_of =
        |server: &serde_json::Value| server["metrics"].as_object().map(serde_json::Map::len);
    assert_eq!(
        servers.values().map(metrics_of).collect::<Vec<_>>(),
        [Some(1)]
    );
    for line in context.json_lines("out/server_metrics_export.jsonl") {
        let facts = &line["scrape_metrics"];
        let failed = !line["error"].is_null();
        assert_eq!(facts["up"], u8::from(!failed), "{line}");
        let bytes = if failed { 0 } else { PAGE.len() };
        assert_eq!(facts["scrape_body_size_bytes"], bytes, "{line}");
        let keys: Vec<_> = line["metrics_data"]
            .as_object()
            .expect("a table")
            .keys()
            .collect();
        assert_eq!(keys, if failed { vec![] } else { vec!["a"] }, "{line}");
    }
    let csv = context.read("out/metrics.csv");
    assert!(
        csv.contains("# Scrape Metrics") && csv.contains(",scrape_body_size_bytes,"),
        "{csv}"
    );
    // The recording says all of it again.
    let again = context.succeed(&["report", "out", "--format", "json"]);
    assert_eq!(again.stdout, context.read("out/aiperf.json"));
}

#[test]
fn tables_show_them_where_everything_is_shown() {
    let context = Context::new();
    context.write("all.toml", "[exporters.console.options]\nrows = \"all\"\n");
    let url = flaky();
    collect(&context, &url, &[]);
    let shown = |more: &[&str]| {
        let line = ["report", "out", "--server-metrics"];
        context.succeed(&[&line, more].concat()).stdout
    };
    assert!(!shown(&[]).contains("Scrapes of"), "{}", shown(&[]));
    let all = shown(&["-f", "all.toml"]);
    assert!(
        all.contains("Scrapes of") && all.contains("Scrape Body Size"),
        "{all}"
    );
}

#[test]
fn they_can_be_switched_off() {
    let context = Context::new();
    context.write("off.toml", "[server_metrics]\nscrape_metrics = false\n");
    let metrics = collect(&context, &flaky(), &["-f", "off.toml"]);
    let report = context.json("out/aiperf.json");
    let endpoint = &report["server_metrics"]["endpoints"][&metrics];
    assert_eq!(endpoint["scrape_metrics"], serde_json::json!({}));
    assert!(!context.read("out/metrics.csv").contains("# Scrape Metrics"));
    let lines = context.json_lines("out/server_metrics_export.jsonl");
    assert!(
        lines
            .iter()
            .all(|line| line.get("scrape_metrics").is_none())
    );
    let again = context.succeed(&["report", "out", "--format", "json"]);
    assert_eq!(again.stdout, context.read("out/aiperf.json"));
}
