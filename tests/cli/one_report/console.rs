//! The console against the report.

use super::*;

#[test]
fn each_cell_of_the_client_table_is_a_rounding_of_the_report() {
    let run = one_run();
    let tables = tables(&run.console);
    let metrics = &run.report.llm_metrics;
    assert_eq!(tables[0].len(), metrics.len());
    for (row, (key, metric)) in tables[0].iter().zip(metrics) {
        let (title, unit) = row.title();
        assert_eq!(title, metric.display_name, "{key}");
        let divisor = divisor(&metric.unit, unit).expect("a unit of the metric");
        let shown = row.cells.iter().filter(|cell| !cell.is_empty()).count();
        let values = metric.stats.seven();
        assert!(
            shown == 7 || values[shown..].iter().all(Option::is_none),
            "{row:?}"
        );
        assert!(
            shows(&row.cells[..shown], &values[..shown], divisor, 4),
            "{row:?} {values:?}"
        );
    }
}

#[test]
fn each_further_percentile_on_the_console_is_a_rounding_of_the_report() {
    let run = one_run();
    let rows = cells_below(&run.console, "aiperf | Percentiles");
    let metrics = run.report.llm_metrics.values();
    let metrics: Vec<_> = metrics
        .filter(|metric| metric.stats.p50.is_some())
        .collect();
    assert_eq!(rows.len(), metrics.len());
    for (row, metric) in rows.iter().zip(metrics) {
        let (title, unit) = row.title();
        assert_eq!(title, metric.display_name);
        let divisor = divisor(&metric.unit, unit).expect("a unit of the metric");
        let values = &metric.statistics()[7..];
        assert!(shows(&row.cells, values, divisor, 4), "{row:?} {values:?}");
    }
}

#[test]
fn each_cell_of_the_server_tables_is_a_rounding_of_the_report() {
    let run = one_run();
    let tables = tables(&run.console);
    // Clients, scrapes of each endpoint, all servers together, each server.
    let aggregates = usize::from(!run.report.aggregates.is_empty());
    let endpoints = run.report.endpoints.iter();
    let scraped: Vec<_> = endpoints.filter(|e| !e.scrape_metrics.is_empty()).collect();
    let others = 1 + scraped.len() + aggregates;
    assert_eq!(tables.len(), others + run.report.servers.len());
    for (table, endpoint) in tables[1..].iter().zip(scraped) {
        let metrics = &endpoint.scrape_metrics;
        assert_eq!(table.len(), metrics.len(), "{table:?}");
        for row in table {
            let fits = metrics.iter().any(|metric| shows_metric(row, row, metric));
            assert!(fits, "{row:?} is in no report");
        }
    }
    let of_servers = &tables[tables.len() - run.report.servers.len()..];
    for (table, server) in of_servers.iter().zip(&run.report.servers) {
        let mut family = &Row {
            name: String::new(),
            indent: 0,
            cells: Vec::new(),
        };
        let mut above: Vec<&MetricReport> = Vec::new();
        let mut seen = BTreeSet::new();
        for row in table {
            if row.name.starts_with('↳') {
                let (_, unit) = family.title();
                let fits = |metric: &&MetricReport| {
                    shows_rates(row, metric) || shows_bounds(row, metric, unit)
                };
                assert!(above.iter().any(fits), "{row:?}");
                continue;
            }
            if row.indent == 0 {
                family = row;
            }
            if row.cells.iter().any(|cell| !cell.is_empty()) {
                let fits = |metric: &&MetricReport| shows_metric(row, family, metric);
                above = server.metrics.iter().filter(fits).collect();
                assert!(!above.is_empty(), "{family:?} {row:?} is in no report");
                seen.extend(above.iter().map(|metric| metric.key.as_str()));
            }
        }
        let all: BTreeSet<&str> = server.metrics.iter().map(|m| m.key.as_str()).collect();
        assert_eq!(seen, all, "every metric has its row");
    }
}

/// Title of a key beside a unit: `Seconds` would contradict `ms`.
fn shown_title(key: &str, unit: &str) -> String {
    let title = metric_title(key);
    match title.strip_suffix(" Seconds").filter(|_| unit != "sec") {
        Some(short) => short.to_owned(),
        None => title,
    }
}

/// True if `row`, below the row `family`, is that of `metric`.
fn shows_metric(row: &Row, family: &Row, metric: &MetricReport) -> bool {
    let (title, unit) = family.title();
    let plain = metric.name.strip_suffix("_total").unwrap_or(&metric.name);
    let of_family = [metric.key.as_str(), &metric.name, plain];
    // A series that no label tells apart has the title of its own key.
    let own = shown_title(&metric.key, unit);
    let has = |pair: &str| {
        let pair = pair.split_once('=');
        pair.is_some_and(|(name, value)| metric.labels.get(name).is_some_and(|v| v == value))
    };
    let named = match row.indent {
        0 => title == own,
        _ if row.name == own => true,
        _ => {
            of_family
                .iter()
                .any(|name| title == shown_title(name, unit))
                && row.name.split(' ').all(has)
        }
    };
    named
        && divisor(&metric.unit, unit)
            .is_some_and(|divisor| shows(&row.cells, &metric.stats.seven(), divisor, 3))
}

fn shows_rates(row: &Row, metric: &MetricReport) -> bool {
    let (_, unit) = row.title();
    let unit = if unit.is_empty() { &metric.unit } else { unit };
    let rates = metric.rates.unwrap_or_default();
    let rates = Stats {
        avg: metric.rate.or(rates.avg),
        ..rates
    };
    divisor(&metric.unit, unit).is_some_and(|divisor| shows(&row.cells, &rates.seven(), divisor, 3))
}

/// True if each cell is a rounding of the proven bounds of its statistic: `220–245`, `≥ 5` or `≤ 5`.
fn shows_bounds(row: &Row, metric: &MetricReport, unit: &str) -> bool {
    let Some(divisor) = divisor(&metric.unit, unit) else {
        return false;
    };
    let mut cells = row.cells.iter().zip(Stats::NAMES);
    row.name == "↳ between"
        && cells.all(|(cell, name)| {
            let bounds = metric.bounds.get(name).copied().unwrap_or_default();
            let ends = match (cell.split_once('–'), cell.split_once(' ')) {
                (Some((lower, upper)), _) => vec![(lower, bounds.lower), (upper, bounds.upper)],
                (None, Some(("≥", lower))) => vec![(lower, bounds.lower)],
                (None, Some(("≤", upper))) => vec![(upper, bounds.upper)],
                _ => vec![(cell.as_str(), bounds.lower), (cell, bounds.upper)],
            };
            let mut ends = ends.into_iter();
            cell.is_empty()
                || ends.all(|(text, end)| is_rounding(text, end.map(|end| end / divisor)))
        })
}

/// True if `text` is `value` with as many decimals as it has.
fn is_rounding(text: &str, value: Option<f64>) -> bool {
    let decimals = text.split_once('.');
    let decimals = decimals.map_or(0, |(_, decimals)| decimals.len());
    let rounded = value.map(|value| {
        if text.contains('e') {
            format!("{value:.0e}")
        } else {
            format!("{value:.decimals$}")
        }
    });
    rounded == Some(text.replace(',', ""))
}

#[test]
fn each_number_beside_the_tables_is_a_rounding_of_the_report() {
    let run = one_run();
    let line = |start: &str| {
        let mut lines = run.console.lines();
        lines
            .find(|line| line.starts_with(start))
            .unwrap_or_else(|| panic!("{start}"))
    };
    let counts = |line: &str| {
        numbers(line)
            .into_iter()
            .map(|(n, _)| n)
            .collect::<Vec<_>>()
    };
    let totals = run.report.requests.as_ref().expect("load");
    let known = [totals.sent, totals.done, totals.failed, totals.cancelled].map(|n| n as f64);
    assert_eq!(counts(line("Requests")), known);
    let tokens = [
        totals.prompt_tokens,
        totals.cached_tokens,
        totals.completion_tokens,
    ];
    let tokens: Vec<f64> = tokens.iter().flatten().map(|n| *n as f64).collect();
    assert_eq!(counts(line("Tokens")), tokens);
    for phase in &run.report.phases {
        let mut lines = run.console.lines();
        let start = format!("{}: ", phase.name);
        let line = lines
            .find(|line| line.contains(&start))
            .expect("a line of the phase");
        let sent = phase.requests.as_ref().expect("load").sent as f64;
        let wait = phase
            .settle
            .iter()
            .filter(|settle| settle.settled)
            .map(|settle| settle.wait_ms);
        let wait = wait.fold(0.0, f64::max) / 1e3;
        let shown = numbers(line);
        let values = [phase.duration_seconds, sent, wait];
        for ((number, unit), value) in shown.iter().zip(values) {
            let scale = divisor("sec", unit).unwrap_or(1.0);
            let error = (number * scale - value).abs() / value.abs().max(f64::MIN_POSITIVE);
            assert!(error < 0.005, "{number} {unit} for {value} in {line}");
        }
        assert!(shown.len() >= 2, "{line}");
    }
}
