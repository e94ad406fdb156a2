//! The database while it grows. It lies in a temporary file that SQLite removes by itself, as aiperf
//! and not the plugin decides where files of a run go.

use std::io::Write;

use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::report::{ClientMetric, MetricReport, ServerReport, Stats};
use rusqlite::{Connection, Error, params};

const SCHEMA: &str = include_str!("schema.sql");
const RUN: &str = "INSERT INTO run VALUES (?, ?)";
const CLIENT: &str = "INSERT INTO client_metrics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const SERVER: &str = "INSERT INTO server_metrics VALUES \
                      (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const REQUEST: &str = "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const WARNING: &str = "INSERT INTO warnings VALUES (?, ?, ?, ?)";

/// The database of one run.
#[derive(Debug)]
pub(crate) struct Database(Connection);

impl Database {
    /// An empty database that knows what run it is of.
    pub(crate) fn create(run: &RunInfo) -> Result<Self, Error> {
        // The empty name is a temporary file.
        let connection = Connection::open("")?;
        connection.execute_batch(SCHEMA)?;
        for (name, value) in [
            ("model", &run.model),
            ("url", &run.url),
            ("load", &run.load),
            ("command", &run.command),
            ("aiperf_version", &run.aiperf_version),
        ] {
            connection.execute(RUN, (name, value))?;
        }
        Ok(Self(connection))
    }

    /// Adds finished requests, in one transaction.
    pub(crate) fn requests(&mut self, view: &RequestView<'_>) -> Result<(), Error> {
        let transaction = self.0.transaction()?;
        let mut insert = transaction.prepare(REQUEST)?;
        for row in view.rows() {
            insert.execute(params![
                row.id,
                row.phase,
                row.outcome.as_str(),
                row.status,
                row.start_ns,
                row.ttft_ns,
                row.latency_ns,
                row.prompt_tokens,
                row.completion_tokens,
                Some(row.error_message).filter(|message| !message.is_empty()),
            ])?;
        }
        drop(insert);
        transaction.commit()
    }

    /// Adds what the report says.
    pub(crate) fn report(&mut self, report: &Report) -> Result<(), Error> {
        let transaction = self.0.transaction()?;
        for (name, metric) in &report.llm_metrics {
            client_metric(&transaction, name, metric)?;
        }
        for server in &report.servers {
            for metric in &server.metrics {
                server_metric(&transaction, server, metric)?;
            }
        }
        for warning in &report.warnings {
            let row = (
                &warning.code,
                &warning.subject,
                &warning.message,
                &warning.remedy,
            );
            transaction.execute(WARNING, row)?;
        }
        transaction.commit()
    }

    /// Writes the database as a file.
    pub(crate) fn write_to(&mut self, file: &mut impl Write) -> Result<(), PluginError> {
        let bytes = self.0.serialize("main").map_err(super::plain)?;
        Ok(file.write_all(&bytes)?)
    }
}

fn client_metric(database: &Connection, name: &str, metric: &ClientMetric) -> Result<(), Error> {
    let [avg, min, max, p50, p90, p99, std] = seven(&metric.stats);
    let count = integer(metric.n);
    let row = params![name, metric.unit, count, avg, min, max, p50, p90, p99, std];
    database.execute(CLIENT, row).map(drop)
}

fn server_metric(
    database: &Connection,
    server: &ServerReport,
    metric: &MetricReport,
) -> Result<(), Error> {
    let [avg, min, max, p50, p90, p99, std] = seven(&metric.stats);
    let row = params![
        server.endpoint_url,
        server.server_id,
        metric.key,
        metric.kind.as_str(),
        metric.unit,
        integer(metric.n),
        avg,
        min,
        max,
        p50,
        p90,
        p99,
        std,
        metric.total,
        metric.rate,
        metric.count,
        metric.sum,
    ];
    database.execute(SERVER, row).map(drop)
}

fn seven(stats: &Stats) -> [Option<f64>; 7] {
    [
        stats.avg, stats.min, stats.max, stats.p50, stats.p90, stats.p99, stats.std,
    ]
}

/// SQLite has no larger integer.
fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
