//! One run, one report, continued: pairs, causes, aggregates, slices, endpoints and the tool's health
//! are in CSV and on the console what they are in JSON.

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
            (_, key) => {
                let endpoint = &json["server_metrics"]["endpoints"][cell("server_endpoint")];
                let metric = &endpoint["servers"][cell("server_id")]["metrics"][key];
                let mut slices = items(&metric["slices"]).iter();
                let of_index = slices.find(|slice| slice["slice"] == index);
                of_index.expect("the slice of the metric")
            }
        };
        let value = bound(&metric["bounds"], cell("stat")).unwrap_or(&metric[cell("stat")]);
        assert!(
            !value.is_null() && says(cell("value"), value),
            "{row:?} {value}"
        );
    }
    let sides: Vec<_> = rows.iter().map(|row| row[8].as_str()).collect();
    assert!(sides.contains(&"client") && sides.contains(&"server"));
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

#[test]
fn each_cell_of_the_pairs_on_the_console_is_a_rounding_of_the_report() {
    let run = one_run();
    let rows = cells_below(&run.console, "Client Beside Server");
    let mut rows = rows.iter().peekable();
    for pair in run
        .report
        .pairs
        .iter()
        .filter(|pair| pair.part_of.is_none())
    {
        let title = format!("{} ({})", pair.display_name, pair.unit);
        let row = rows
            .find(|row| row.title().0 == pair.display_name)
            .expect(&title);
        let divisor = console_text::divisor(&pair.unit, row.title().1).expect("a unit of the pair");
        assert!(
            shows(
                &row.cells[..2],
                &[pair.client.avg, pair.server.avg],
                divisor,
                4
            ),
            "{row:?}"
        );
        let mut parts = vec![pair.difference];
        let mut shown = vec![row.cells[2].clone()];
        while let Some(row) = rows.next_if(|row| row.indent > 0) {
            let percentile =
                |all: [Option<f64>; 7]| if row.name == "p50" { all[5] } else { all[3] };
            match row.name.as_str() {
                "p50" | "p99" => {
                    let both = [pair.client.seven(), pair.server.seven()].map(percentile);
                    assert!(shows(&row.cells[..2], &both, divisor, 4), "{row:?}");
                }
                "n" => assert!(
                    shows_known(&row.cells, &[pair.client_n, pair.server_n], 4),
                    "{row:?}"
                ),
                "± (95 %)" => {
                    assert!(
                        shows_known(&row.cells, &[None, pair.server_sampling_error], 3),
                        "{row:?}"
                    );
                }
                name if name.starts_with("of it ") => {
                    let mut all = run.report.pairs.iter();
                    let fits = |part: &&_| is_part(part, pair, name);
                    let part = all.find(fits).expect("a part of the pair");
                    assert!(
                        shows_known(&row.cells, &[None, part.server.avg], 4),
                        "{row:?}"
                    );
                }
                name => {
                    let code = name.trim_start_matches("↳ ").replace(' ', "_");
                    let cause = pair.causes.iter().find(|cause| cause.code == code);
                    parts.push(cause.expect("a cause of the report").amount);
                    shown.push(row.cells[2].clone());
                }
            }
        }
        if shown[0] == "equal" {
            assert!(
                pair.difference
                    .is_some_and(|by| by.abs() <= 1e-9 * pair.server.avg.unwrap_or(0.0))
            );
        } else {
            let shown: Vec<_> = shown
                .iter()
                .map(|cell| cell.trim_start_matches('+').to_owned())
                .collect();
            assert!(shows(&shown, &parts, divisor, 3), "{shown:?} {parts:?}");
        }
    }
}

fn is_part(
    part: &aiperf_plugin_sdk::report::PairReport,
    whole: &aiperf_plugin_sdk::report::PairReport,
    name: &str,
) -> bool {
    let same = (&part.software, &part.role) == (&whole.software, &whole.role);
    same && part.part_of.as_ref() == Some(&whole.name) && name.ends_with(&part.display_name)
}

/// As [`shows`]; what is not known is left blank.
fn shows_known(cells: &[String], values: &[Option<f64>], digits: i32) -> bool {
    let known = cells
        .iter()
        .zip(values)
        .filter(|(_, value)| value.is_some());
    let (cells, values): (Vec<_>, Vec<_>) =
        known.map(|(cell, value)| (cell.clone(), *value)).unzip();
    shows(&cells, &values, 1.0, digits)
}

#[test]
fn the_servers_together_and_the_curves_on_the_console_are_roundings_of_the_report() {
    let run = one_run();
    let together = cells_below(&run.console, "All Servers Together");
    let mut compared = 0;
    for row in together.iter().filter(|row| !row.name.starts_with('↳')) {
        let fits = run.report.aggregates.iter().any(|aggregate| {
            let stats = aggregate.metric.stats.seven();
            let units = [
                "sec",
                "ms",
                "µs",
                "ns",
                "bytes",
                "kB",
                "MB",
                "GB",
                &aggregate.metric.unit,
            ];
            let divisors = units
                .iter()
                .filter(|unit| row.name.contains(&format!("({unit})")));
            let mut divisors =
                divisors.filter_map(|unit| console_text::divisor(&aggregate.metric.unit, unit));
            divisors.any(|divisor| shows(&row.cells, &stats, divisor, 3))
        });
        assert!(fits, "{row:?}");
        compared += 1;
    }
    assert!(compared > 0, "{}", run.console);
    let curves = cells_below(&run.console, "Time Slices of");
    for row in curves.iter().filter(|row| row.cells.len() == 3) {
        let (title, unit) = row.title();
        let of_clients = run
            .report
            .llm_metrics
            .iter()
            .filter(|(_, metric)| metric.display_name == title);
        let mut found = false;
        for (key, metric) in of_clients {
            let slices = run
                .report
                .slices
                .iter()
                .filter_map(|slice| slice.llm_metrics.get(key));
            let averages: Vec<f64> = slices.filter_map(|metric| metric.stats.avg).collect();
            let ends = [f64::min, f64::max].map(|end| averages.iter().copied().reduce(end));
            let divisor = console_text::divisor(&metric.unit, unit).expect("a unit of the metric");
            found |= shows(&row.cells[1..], &ends, divisor, 3);
            assert!(found, "{row:?} {ends:?}");
        }
        compared += usize::from(found);
    }
    assert!(compared > 4, "{compared}");
}

#[test]
fn the_accounting_of_scrapes_on_the_console_is_that_of_the_report() {
    let run = one_run();
    let rows = cells_below(&run.console, "Server Metrics Summary");
    for endpoint in run
        .report
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.reachable)
    {
        let row = rows.iter().find(|row| row.name == endpoint.display);
        let row = row.unwrap_or_else(|| panic!("{}: {rows:?}", endpoint.display));
        let scrapes = endpoint.scrapes;
        let counts = [
            scrapes.due,
            scrapes.done,
            scrapes.failed,
            scrapes.skipped,
            scrapes.late,
        ];
        let counts = counts.map(|count| count.to_string());
        assert_eq!(row.cells[..5], counts);
        let times = [endpoint.latency_avg_ms, endpoint.latency_max_ms];
        assert!(shows(&row.cells[5..], &times, 1.0, 3), "{row:?}");
    }
}
