//! The console against the report.

use super::*;

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
