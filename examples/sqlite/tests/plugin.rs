//! A run's database, read back by SQLite itself.

use aiperf_sqlite::Sqlite;

use aiperf_plugin_sdk::RunInfo;
use aiperf_plugin_sdk::serde_json::json;
use aiperf_plugin_sdk::testing::{self, sample_report};
use rusqlite::Connection;

#[test]
fn conforms() {
    testing::exporter("sqlite");
}

#[test]
fn the_sample_shows_the_defaults() {
    testing::sample_is_the_defaults::<Sqlite>();
}

#[test]
fn a_nameless_file_is_refused() {
    let problems = testing::exporter_option_problems("sqlite", &json!({ "path": "" }));
    assert_eq!(
        problems,
        ["`path`: is empty; to write nothing, set `enabled = false`"]
    );
}

#[test]
fn every_metric_of_the_report_is_a_row() {
    let (run, report) = (RunInfo::default(), sample_report());
    let host = testing::export("sqlite", &json!({}), &run, &report).unwrap();
    let path = std::env::temp_dir().join(format!("sqlite-{}", std::process::id()));
    std::fs::write(&path, host.bytes("run.sqlite").unwrap()).unwrap();
    let database = Connection::open(&path).unwrap();
    let count = |table: &str| {
        let query = format!("SELECT count(*) FROM {table}");
        database
            .query_row(&query, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let of_servers: usize = report
        .servers
        .iter()
        .map(|server| server.metrics.len())
        .sum();
    let counts = ["client_metrics", "server_metrics", "warnings"].map(count);
    let query = "SELECT avg FROM client_metrics WHERE name = 'time_to_first_token'";
    let avg: f64 = database.query_row(query, [], |row| row.get(0)).unwrap();
    std::fs::remove_file(&path).unwrap();
    let expected = [report.llm_metrics.len(), of_servers, report.warnings.len()];
    assert_eq!(counts, expected.map(|count| i64::try_from(count).unwrap()));
    assert_eq!(
        Some(avg),
        report.llm_metrics["time_to_first_token"].stats.avg
    );
}
