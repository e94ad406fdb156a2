//! One run, one report, continued: pairs, causes, aggregates, slices, endpoints and the tool's health
//! are in CSV and on the console what they are in JSON.

mod console;

use std::collections::BTreeMap;

use serde_json::Value;

use super::console_text::{self, cells_below, shows};
use super::one_report::{OneRun, csv_rows, one_run};

/// A section of the CSV: its columns and rows.
#[derive(Debug, Default)]
struct Section {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn sections(csv: &str) -> BTreeMap<String, Section> {
    let mut all = BTreeMap::new();
    let mut name = String::new();
    for row in csv_rows(csv) {
        if let [title] = row.as_slice()
            && title.starts_with("# ")
        {
            name.clone_from(title);
            continue;
        }
        let section: &mut Section = all.entry(name.clone()).or_default();
        if section.header.is_empty() {
            section.header = row;
        } else {
            section.rows.push(row);
        }
    }
    all
}

fn json(run: &OneRun) -> Value {
    serde_json::from_str(&run.json).expect("JSON")
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Whether a cell says what the JSON says.
fn says(cell: &str, value: &Value) -> bool {
    match value {
        Value::Null => cell.is_empty(),
        Value::Number(number) => cell.parse::<f64>().ok() == number.as_f64(),
        Value::Bool(bool) => cell == bool.to_string(),
        Value::String(text) => cell.strip_prefix('\'').unwrap_or(cell) == text,
        Value::Array(texts) => {
            let texts: Vec<_> = texts.iter().filter_map(Value::as_str).collect();
            cell == texts.join(" ")
        }
        // Labels.
        Value::Object(labels) if !labels.contains_key("message") => {
            let label = |(name, value): (&String, &Value)| format!("{name}={value}");
            cell == labels.iter().map(label).collect::<Vec<_>>().join(",")
        }
        // First and last error.
        Value::Object(error) => {
            let part = |name| error.get(name).and_then(Value::as_str).unwrap_or_default();
            cell == format!("{}: {}", part("type"), part("message"))
        }
    }
}

/// Holds every cell of a section to what `expected` finds for its row and column.
fn compare<'a>(section: &Section, expected: impl Fn(usize, &str) -> &'a Value) {
    assert!(!section.rows.is_empty());
    for (index, row) in section.rows.iter().enumerate() {
        let row = row.iter().map(String::as_str).chain(std::iter::repeat(""));
        for (column, cell) in section.header.iter().zip(row) {
            let value = expected(index, column);
            assert!(says(cell, value), "{column}: {cell} is not {value}");
        }
    }
}

/// `p99_lower` of bounds.
fn bound<'a>(bounds: &'a Value, column: &str) -> Option<&'a Value> {
    let (statistic, side) = column.rsplit_once('_')?;
    let is_side = ["lower", "upper"].contains(&side);
    is_side.then(|| &bounds[statistic][side])
}

#[test]
fn pairs_and_causes_of_the_csv_are_those_of_the_json() {
    let (run, sections) = (one_run(), sections(&one_run().csv));
    let json = json(run);
    let pairs = items(&json["pairs"]);
    let of_csv = &sections["# Client Beside Server"];
    assert_eq!(of_csv.rows.len(), pairs.len());
    compare(of_csv, |row, column| {
        let pair = &pairs[row];
        if let Some(value) = pair.get(column) {
            return value;
        }
        match column.split_once('_') {
            Some(("client", statistic)) => &pair["client"][statistic],
            Some(("server", statistic)) => bound(&pair["server_bounds"], statistic)
                .unwrap_or_else(|| &pair["server"][statistic]),
            _ if column == "pair" => &pair["name"],
            _ => &Value::Null,
        }
    });
    let causes = pairs.iter().flat_map(|pair| {
        let causes = items(&pair["causes"]).iter();
        causes.map(move |cause| (pair, cause))
    });
    let causes: Vec<_> = causes.collect();
    let of_csv = &sections["# Causes of Differences"];
    assert_eq!(of_csv.rows.len(), causes.len());
    compare(of_csv, |row, column| {
        let (pair, cause) = causes[row];
        match column {
            "pair" => &pair["name"],
            _ => cause.get(column).unwrap_or(&pair[column]),
        }
    });
}

/// What the JSON says of a metric in a column of the CSV; `None` for what is written in words.
fn of_metric<'a>(metric: &'a Value, column: &str) -> Option<&'a Value> {
    const IN_WORDS: [&str; 2] = ["estimator", "labels"];
    if let Some(bound) = bound(&metric["bounds"], column) {
        return Some(bound);
    }
    match column.strip_prefix("rate_") {
        Some(statistic) => Some(&metric["rates"][statistic]),
        None if column == "longest_gap_seconds" => Some(&metric["longest_gap"]),
        None => Some(&metric[column]).filter(|_| !IN_WORDS.contains(&column)),
    }
}

/// As [`says`]: what is left out of the JSON is zero or nothing.
fn says_of_metric(cell: &str, value: &Value) -> bool {
    says(cell, value) || (value.is_null() && cell == "0")
}

#[test]
fn all_that_the_csv_says_of_a_metric_is_in_the_json() {
    let (run, sections) = (one_run(), sections(&one_run().csv));
    let json = json(run);
    let header = &csv_rows(&run.csv)[0];
    let mut compared = 0;
    for server in &run.report.servers {
        let endpoint = &json["server_metrics"]["endpoints"][&server.endpoint_url];
        let metrics = &endpoint["servers"][&server.server_id]["metrics"];
        let rows = rows_of(&run.csv, &server.server_id);
        assert_eq!(rows.len(), server.metrics.len());
        for row in rows {
            for (column, cell) in header.iter().zip(&row).skip(1) {
                let value = of_metric(&metrics[&row[0]], column);
                let fits = value.is_none_or(|value| says_of_metric(cell, value));
                assert!(fits, "{} {column}: {cell} is not {value:?}", row[0]);
                compared += usize::from(value.is_some_and(|value| !value.is_null()));
            }
        }
    }
    assert!(compared > 500, "{compared}");
    let aggregates = items(&json["aggregates"]);
    let of_csv = &sections["# Aggregates"];
    assert_eq!(of_csv.rows.len(), aggregates.len());
    for (row, aggregate) in of_csv.rows.iter().zip(aggregates) {
        assert!(says(&row[0], &aggregate["key"]));
        for (column, cell) in of_csv.header.iter().zip(row).skip(1) {
            let value = aggregate
                .get(column)
                .or_else(|| of_metric(&aggregate["metric"], column));
            let fits = value.is_none_or(|value| says_of_metric(cell, value));
            assert!(fits, "{} {column}: {cell} is not {value:?}", row[0]);
        }
    }
}

/// Rows of the metrics of a server.
fn rows_of(csv: &str, server_id: &str) -> Vec<Vec<String>> {
    let rows = csv_rows(csv);
    let columns = rows[0].len();
    let from = rows
        .iter()
        .skip_while(|row| row[..] != ["server_id", server_id]);
    let until = from
        .skip(1)
        .take_while(|row| row[0] != "server_endpoint" && !row[0].starts_with("# "));
    until.filter(|row| row.len() == columns).cloned().collect()
}

#[test]
fn each_slice_of_the_csv_is_that_of_the_json() {
    let run = one_run();
    let json = json(run);
    let rows = csv_rows(&run.slices_csv);
    let (header, rows) = rows.split_first().expect("a header");
    for row in rows {
        let cell = |name: &str| {
            let at = header.iter().position(|column| column == name);
            row[at.expect("a column")].as_str()
        };
        let index: usize = cell("slice").parse().expect("a number");
        let slice = &json["slices"][index];
        for name in ["start_ns", "end_ns", "partial"] {
            assert!(says(cell(name), &slice[name]), "{row:?}");
        }
        let metric = match (cell("side"), cell("metric")) {
            ("client", "requests") => &slice["requests"],
            ("client", name) => &slice["llm_metrics"][name],
            ("aggregate", key) => {
                let of_key = |family: &&Value| {
                    let servers = items(&family["servers"]).iter();
                    let servers: Vec<&str> = servers.filter_map(Value::as_str).collect();
                    family["key"] == key && servers.join(" ") == cell("server_id")
                };
                let family = items(&json["aggregates"]).iter().find(of_key);
                of_index(&family.expect("the aggregate")["metric"], index)
            }
            (_, key) => {
                let endpoint = &json["server_metrics"]["endpoints"][cell("server_endpoint")];
                let server = &endpoint["servers"][cell("server_id")];
                of_index(&server["metrics"][key], index)
            }
        };
        let value = bound(&metric["bounds"], cell("stat")).unwrap_or(&metric[cell("stat")]);
        assert!(
            !value.is_null() && says(cell("value"), value),
            "{row:?} {value}"
        );
    }
    let sides: Vec<_> = rows.iter().map(|row| row[8].as_str()).collect();
    for side in ["client", "server", "aggregate"] {
        assert!(sides.contains(&side), "{side}");
    }
}

/// A slice of a metric.
fn of_index(metric: &Value, index: usize) -> &Value {
    let slices = items(&metric["slices"]).iter();
    let mut slices = slices.filter(|slice| slice["slice"] == index);
    slices.next().expect("the slice of the metric")
}

#[test]
fn phases_and_endpoints_of_the_csv_are_those_of_the_json() {
    let (run, sections) = (one_run(), sections(&one_run().csv));
    let json = json(run);
    let phases = items(&json["phases"]);
    compare(&sections["# Phases"], |row, column| {
        let phase = &phases[row];
        match column {
            "phase" => &phase["name"],
            _ => phase.get(column).unwrap_or(&phase["requests"][column]),
        }
    });
    let endpoints = &json["server_metrics"]["endpoints"];
    let rows = &sections["# Endpoints"];
    assert_eq!(
        rows.rows.len(),
        endpoints.as_object().map_or(0, serde_json::Map::len)
    );
    compare(rows, |row, column| {
        let url = &run.report.endpoints[row].url;
        let endpoint = &endpoints[url];
        match column {
            "url" => &json["server_metrics"]["summary"]["endpoints_configured"][row],
            _ => endpoint.get(column).unwrap_or(&endpoint["scrapes"][column]),
        }
    });
}

#[test]
fn the_percentiles_of_the_csv_are_those_of_the_json() {
    let (run, sections) = (one_run(), sections(&one_run().csv));
    let json = json(run);
    let of_csv = &sections["# LLM Percentiles"];
    let spread = run.report.llm_metrics.values();
    let spread = spread.filter(|metric| metric.stats.p50.is_some());
    assert_eq!(of_csv.rows.len(), 10 * spread.count());
    for row in &of_csv.rows {
        let (name, percentile) = (&row[0], &row[1]);
        let metric = &json["llm_metrics"][name];
        let interval = &metric["confidence_intervals"][percentile];
        let (unit, n) = (&metric["unit"], &metric["n"]);
        let expected = [
            &metric[percentile],
            &interval["lower"],
            &interval["upper"],
            unit,
            n,
        ];
        for (cell, value) in row[2..].iter().zip(expected) {
            assert!(says(cell, value), "{row:?}: {cell} is not {value}");
        }
    }
    let median = &json["llm_metrics"]["request_latency"]["confidence_intervals"]["p50"];
    assert!(median["lower"].is_number() && median["upper"].is_number());
    let rare = &json["llm_metrics"]["request_latency"]["confidence_intervals"]["p99"];
    assert!(
        rare["lower"].is_number() && rare["upper"].is_null(),
        "{rare}"
    );
    assert_eq!(
        json["llm_metrics"]["inter_chunk_latency"].get("confidence_intervals"),
        None
    );
}

#[test]
fn the_steady_state_and_what_is_in_flight_are_those_of_the_json() {
    let (run, sections) = (one_run(), sections(&one_run().csv));
    let json = json(run);
    let steady = &json["steady_state"];
    compare(&sections["# Steady State"], |_, column| {
        steady.get(column).unwrap_or(&steady["requests"][column])
    });
    assert!(steady["start_ns"].is_number(), "{steady}");
    let of_csv = &sections["# Steady State Metrics"];
    let metrics = steady["llm_metrics"].as_object().expect("metrics");
    assert_eq!(of_csv.rows.len(), metrics.len());
    for (row, (name, metric)) in of_csv.rows.iter().zip(metrics) {
        assert_eq!(&row[0], name);
        for (column, cell) in of_csv.header.iter().zip(row).skip(1) {
            assert!(says(cell, &metric[column]), "{row:?} {column}");
        }
    }
    let concurrency = &json["concurrency"];
    compare(&sections["# Concurrency"], |_, column| &concurrency[column]);
    let series = items(&concurrency["series"]);
    assert_eq!(sections["# Concurrency Over Time"].rows.len(), series.len());
    compare(&sections["# Concurrency Over Time"], |row, column| {
        &series[row][column]
    });
}

#[test]
fn the_goodput_of_the_csv_is_that_of_the_json() {
    let (run, sections) = (one_run(), sections(&one_run().csv));
    let json = json(run);
    let goodput = &json["goodput"];
    assert_eq!(sections["# Goodput"].rows.len(), 2);
    compare(&sections["# Goodput"], |row, column| {
        let limit = &goodput["limits"][row];
        limit.get(column).unwrap_or(&goodput[column])
    });
    assert!(run.console.contains("requests kept all limits"));
}

#[test]
fn the_health_of_the_csv_is_that_of_the_json() {
    let (run, sections) = (one_run(), sections(&one_run().csv));
    let json = json(run);
    let health = &json["client_health"];
    assert_eq!(health.is_object(), sections.contains_key("# Tool Health"));
    let Some(of_csv) = sections.get("# Tool Health") else {
        return;
    };
    for row in &of_csv.rows {
        let of_row = &health[&row[0]];
        for (column, cell) in of_csv.header.iter().zip(row).skip(1) {
            let single = (column == "avg" && !of_row.is_object()).then_some(of_row);
            let value = single.unwrap_or(&of_row[column]);
            assert!(says(cell, value), "{row:?} {column}: {value}");
        }
    }
}
