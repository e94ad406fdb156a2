//! What the clients saw beside what the servers say of it.

use aiperf_plugin_sdk::report::{PairCause, PairReport};

use crate::number::{Scale, UNKNOWN, largest};
use crate::rows::{CLIENT_DIGITS, mark_estimate};
use crate::table::{Columns, Row, Table};
use crate::text::neutral;

const COLUMNS: Columns = Columns {
    first: "Quantity",
    names: &["client", "server", "difference"],
    given_up: &[2],
};
/// Significant digits of a part of a difference.
const CAUSE_DIGITS: i32 = 3;
/// Percentiles that have a row of their own: name and position among the seven.
const PERCENTILES: [(&str, usize); 2] = [("p50", 5), ("p99", 3)];

/// The table of pairs; `None` if there are none.
pub(crate) fn table(pairs: &[PairReport], available: usize) -> Option<Table> {
    let rows: Vec<_> = pairs.iter().flat_map(rows).collect();
    (!rows.is_empty()).then(|| Table::new(&COLUMNS, rows, available))
}

fn rows(pair: &PairReport) -> Vec<Row> {
    let both = pair.client.seven().into_iter().chain(pair.server.seven());
    let scale = Scale::counted(&pair.unit, largest(both));
    let averages = [pair.client.avg, pair.server.avg, pair.difference];
    let [client, server, difference] = scale.cells(averages, CLIENT_DIGITS);
    let first = Row {
        name: neutral(&format!("{} ({})", pair.display_name, scale.unit)),
        cells: vec![client, server, signed(difference, pair)],
        ..Row::default()
    };
    let causes = pair.causes.iter().map(|cause| cause_row(cause, &scale));
    std::iter::once(first)
        .chain(percentiles(pair, &scale))
        .chain(causes)
        .collect()
}

/// `+0.45 (+12 %)`: how far the client's number is from the server's.
fn signed(difference: String, pair: &PairReport) -> String {
    let (Some(by), Some(server)) = (pair.difference, pair.server.avg) else {
        return difference;
    };
    if by == 0.0 {
        return "equal".to_owned();
    }
    let plus = if by > 0.0 { "+" } else { "" };
    let share = by / server * 100.0;
    if !share.is_finite() {
        return format!("{plus}{difference}");
    }
    let decimals = usize::from(share.abs() < 10.0);
    format!("{plus}{difference} ({share:+.decimals$} %)")
}

/// Percentiles that both sides have.
fn percentiles<'a>(pair: &'a PairReport, scale: &'a Scale) -> impl Iterator<Item = Row> + 'a {
    let (client, server) = (pair.client.seven(), pair.server.seven());
    PERCENTILES.iter().filter_map(move |(name, position)| {
        let values = [client[*position]?, server[*position]?].map(Some);
        let [client, mut server] = scale.cells(values, CLIENT_DIGITS);
        if pair.server_bounds.contains_key(*name) {
            mark_estimate(&mut server);
        }
        Some(Row {
            name: (*name).to_owned(),
            indent: 2,
            cells: vec![client, server],
            ..Row::default()
        })
    })
}

fn cause_row(cause: &PairCause, scale: &Scale) -> Row {
    let [amount] = scale.cells([cause.amount], CAUSE_DIGITS);
    let amount = if amount == UNKNOWN {
        String::new()
    } else {
        format!("{amount} {}: ", scale.unit)
    };
    let text = match cause.message.as_str() {
        "" => cause.code.replace('_', " "),
        message => message.to_owned(),
    };
    Row::sentence(neutral(&format!("↳ {amount}{text}")), 2)
}
