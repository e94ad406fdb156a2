//! What the clients saw beside what the servers say of it.

use std::collections::BTreeSet;

use aiperf_plugin_sdk::report::{PairCause, PairReport, Report, ServerReport};

use crate::number::{Scale, largest};
use crate::rows::{CLIENT_DIGITS, mark_estimate};
use crate::server_summary;
use crate::table::{Columns, Row, Table};
use crate::text::neutral;

const COLUMNS: Columns = Columns {
    first: "Quantity",
    names: &["client", "server", "difference", "%"],
    given_up: &[3, 2],
};
/// Significant digits of a difference and its parts.
const PART_DIGITS: i32 = 3;
/// Percentiles that have a row of their own: name and position among the seven.
const PERCENTILES: [(&str, usize); 2] = [("p50", 5), ("p99", 3)];
const INDENT: usize = 2;
/// Parts of differences are shown from this part of the value on.
const NEGLIGIBLE: f64 = 0.001;
/// Differences below this part of the value are rounding errors.
const ROUNDING: f64 = 1e-9;
/// Servers that a heading names.
const MOST_SERVERS: usize = 4;

/// The table of pairs with what its causes mean; `None` if there are none, or if no request was
/// completed that servers could be compared by.
pub(crate) fn table(report: &Report, available: usize) -> Option<(Table, Vec<String>)> {
    if report
        .requests
        .as_ref()
        .is_some_and(|requests| requests.done == 0)
    {
        return None;
    }
    let same = |a: &PairReport, b: &PairReport| (&a.software, &a.role) == (&b.software, &b.role);
    let groups = report.pairs.chunk_by(same);
    let groups = groups.map(|pairs| group(pairs, &report.servers));
    let (rows, causes): (Vec<_>, Vec<_>) = groups.unzip();
    let (rows, causes) = (rows.concat(), causes.concat());
    let table = || {
        (
            Table::new(&COLUMNS, rows.clone(), available),
            meanings(&causes),
        )
    };
    (!rows.is_empty()).then(table)
}

/// Rows of servers of one role, and the causes among them that need to be explained.
fn group<'a>(pairs: &'a [PairReport], servers: &[ServerReport]) -> (Vec<Row>, Vec<&'a PairCause>) {
    let mut rows = vec![heading(pairs, servers)];
    if let Some(why) = silence(pairs) {
        rows.push(Row::sentence(why.to_owned(), INDENT));
        return (rows, Vec::new());
    }
    let mut explained = Vec::new();
    for pair in pairs.iter().filter(|pair| pair.part_of.is_none()) {
        let parts = pairs
            .iter()
            .filter(|part| part.part_of.as_ref() == Some(&pair.name));
        rows.extend(pair_rows(pair, parts));
        let known = shown_causes(pair).filter(|cause| cause.amount.is_some());
        explained.extend(known);
    }
    (rows, explained)
}

/// `vllm engine: 127.0.0.1:8000`.
fn heading(pairs: &[PairReport], servers: &[ServerReport]) -> Row {
    let mut ids: Vec<&String> = Vec::new();
    for id in pairs.iter().flat_map(|pair| &pair.servers) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let title = |id: &&String| {
        let server = servers.iter().find(|server| server.server_id == **id);
        server.map_or_else(
            || neutral(id),
            |server| server_summary::title(server, servers),
        )
    };
    let mut names: Vec<_> = ids.iter().take(MOST_SERVERS).map(title).collect();
    if let Some(more) = ids.len().checked_sub(MOST_SERVERS).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    let what = pairs.first().map_or_else(String::new, |pair| {
        let words = [pair.software.as_str(), pair.role.as_str()];
        let words = words.into_iter().filter(|word| !word.is_empty());
        neutral(&words.collect::<Vec<_>>().join(" "))
    });
    Row {
        name: format!("{what}: {}", names.join(", ")),
        ruled: true,
        heading: true,
        flows: true,
        ..Row::default()
    }
}

/// Why the servers have nothing to be compared, if none of them has.
fn silence(pairs: &[PairReport]) -> Option<&'static str> {
    // A gauge has readings also when there was nothing to be read.
    let values = || pairs.iter().map(|pair| pair.server.avg.or(pair.server_n));
    let some = values().flatten().any(|value| value != 0.0);
    let client = pairs
        .iter()
        .filter_map(|pair| pair.client.avg)
        .any(|value| value > 0.0);
    match (some, values().flatten().next()) {
        (true, _) => None,
        (false, None) => Some("its pages do not tell of the time of the load"),
        (false, Some(_)) => client.then_some("saw none of these requests"),
    }
}

fn pair_rows<'a>(pair: &PairReport, parts: impl Iterator<Item = &'a PairReport>) -> Vec<Row> {
    let both = pair.client.seven().into_iter().chain(pair.server.seven());
    let scale = Scale::counted(&pair.unit, largest(both));
    let [client, server] = scale.cells([pair.client.avg, pair.server.avg], CLIENT_DIGITS);
    let causes: Vec<_> = shown_causes(pair).collect();
    let amounts = causes.iter().map(|cause| cause.amount);
    let differences: Vec<_> = std::iter::once(pair.difference).chain(amounts).collect();
    let shown = scale.list(&differences, PART_DIGITS);
    let mut shown = shown
        .into_iter()
        .zip(&differences)
        .map(|(text, by)| signed(text, *by));
    let difference = shown.next().unwrap_or_default();
    let (difference, share) = match share(pair) {
        Some(share) if share.abs() <= ROUNDING => ("equal".to_owned(), String::new()),
        share => (difference, share.map_or_else(String::new, percent)),
    };
    let first = Row {
        name: neutral(&format!("{} ({})", pair.display_name, scale.unit)),
        cells: vec![client, server, difference, share],
        ..Row::default()
    };
    let causes = causes
        .iter()
        .zip(shown)
        .map(|(cause, amount)| cause_row(cause, amount));
    std::iter::once(first)
        .chain(percentiles(pair, &scale))
        .chain(counts(pair))
        .chain(parts.map(|part| part_row(part, &scale)))
        .chain(causes)
        .collect()
}

/// What the difference is of the server's value; `None` if that is not known or 0.
fn share(pair: &PairReport) -> Option<f64> {
    let share = match (pair.difference?, pair.server.avg?) {
        (0.0, _) => 0.0,
        (by, server) => by / server,
    };
    Some(share).filter(|share| share.is_finite())
}

fn percent(share: f64) -> String {
    let decimals = usize::from(share.abs() < 0.1);
    format!("{:+.decimals$}", share * 100.0)
}

fn signed(text: String, value: Option<f64>) -> String {
    match value {
        Some(value) if value > 0.0 => format!("+{text}"),
        _ => text,
    }
}

/// Causes of a difference, unless it is too small for anybody to ask.
fn shown_causes(pair: &PairReport) -> impl Iterator<Item = &PairCause> {
    let is_small = share(pair).is_some_and(|share| share.abs() < NEGLIGIBLE);
    let causes = pair.causes.iter();
    causes.filter(move |cause| !is_small || cause.amount.is_none())
}

/// Percentiles that both sides have, of the same number of values: those of requests say nothing of
/// those of gaps.
fn percentiles<'a>(pair: &'a PairReport, scale: &'a Scale) -> impl Iterator<Item = Row> + 'a {
    let (client, server) = (pair.client.seven(), pair.server.seven());
    PERCENTILES.iter().filter_map(move |(name, position)| {
        if pair.client_n != pair.server_n {
            return None;
        }
        let values = [client[*position]?, server[*position]?].map(Some);
        let [client, mut server] = scale.cells(values, CLIENT_DIGITS);
        if pair.server_bounds.contains_key(*name) {
            mark_estimate(&mut server);
        }
        Some(detail(name, vec![client, server]))
    })
}

/// How many values both sides are made of, where that is not the same, and how unsure a gauge is.
fn counts(pair: &PairReport) -> impl Iterator<Item = Row> + use<> {
    let scale = Scale::counted("count", 0.0);
    let n = [pair.client_n, pair.server_n];
    let n = (n[0] != n[1]).then(|| detail("n", known(&scale, n, CLIENT_DIGITS)));
    let error = pair.server_sampling_error.filter(|error| *error > 0.0);
    let error = error.map(|error| detail("± (95 %)", known(&scale, [None, Some(error)], 3)));
    n.into_iter().chain(error)
}

fn known(scale: &Scale, values: [Option<f64>; 2], digits: i32) -> Vec<String> {
    let cells = scale.cells(values, digits).into_iter().zip(values);
    let cells = cells.map(|(text, value)| if value.is_some() { text } else { String::new() });
    cells.collect()
}

/// A part of the quantity above, which the clients cannot see.
fn part_row(part: &PairReport, scale: &Scale) -> Row {
    let name = neutral(&format!("of it {}", part.display_name));
    detail(&name, known(scale, [None, part.server.avg], CLIENT_DIGITS))
}

fn detail(name: &str, cells: Vec<String>) -> Row {
    Row {
        name: name.to_owned(),
        indent: INDENT,
        cells,
        ..Row::default()
    }
}

/// A part of a difference by its name, or what makes the difference unsure in a sentence.
fn cause_row(cause: &PairCause, amount: String) -> Row {
    let name = cause.code.replace('_', " ");
    if cause.amount.is_some() {
        let cells = vec![String::new(), String::new(), amount];
        return detail(&neutral(&format!("↳ {name}")), cells);
    }
    let text = match cause.message.as_str() {
        "" => &name,
        message => message,
    };
    Row::sentence(neutral(&format!("↳ {text}")), INDENT)
}

/// What causes mean, a line each.
fn meanings(causes: &[&PairCause]) -> Vec<String> {
    let mut told = BTreeSet::new();
    let mut lines = Vec::new();
    for cause in causes.iter().filter(|cause| told.insert(&cause.code)) {
        let mut seen = BTreeSet::new();
        let same = causes.iter().filter(|other| other.code == cause.code);
        let texts = same.map(|other| other.message.as_str());
        let texts: Vec<_> = texts
            .filter(|text| !text.is_empty() && seen.insert(*text))
            .collect();
        if !texts.is_empty() {
            let name = cause.code.replace('_', " ");
            lines.push(neutral(&format!("↳ {name}: {}", texts.join("; "))));
        }
    }
    lines
}
