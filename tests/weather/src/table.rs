//! The list as people read it, in `docs/weather.md`.

use std::fmt::Write;

use crate::case::{Act, Case, Expect, Files, Peer, ProxyFault};

/// A table in Markdown, with a row for each case.
pub fn table<'a>(cases: impl Iterator<Item = &'a Case>) -> String {
    let mut table = String::from(
        "| fault | brought about by | what is said | exit code | what stays | test |\n\
         |---|---|---|---|---|---|\n",
    );
    for case in cases {
        let Expect { code, says, .. } = case.expect;
        let code = code.map_or("killed".to_owned(), |code| code.to_string());
        let says = if says.is_empty() {
            ""
        } else {
            &format!("“{says}”")
        };
        let (name, files) = (case.name, stays(case.expect));
        writeln!(
            table,
            "| {name} | {} | {says} | {code} | {files} | {} |",
            means(case),
            tries(case)
        )
        .expect("a string takes everything");
    }
    table
}

/// How a case is brought about.
fn means(case: &Case) -> String {
    let mut means = Vec::new();
    match case.peer {
        Peer::Sim(faults, pages) => {
            means.extend(faults.iter().map(|fault| format!("`--fault {fault}`")));
            if !pages.is_empty() {
                means.push(format!("`--metrics-fault {pages}`"));
            }
        }
        Peer::Nobody(url) => means.push(format!("`{url}`")),
        Peer::Silent => means.push("a server that says nothing".to_owned()),
        Peer::Proxied(url, fault) => {
            means.push(format!("`{url}` and a proxy that {}", does(fault)));
        }
    }
    let signals = match case.act {
        Act::Signal(signals) | Act::SignalAtOnce(signals) => signals,
        _ => &[],
    };
    means.extend(signals.iter().map(ToString::to_string));
    if !case.means.is_empty() {
        means.push(case.means.to_owned());
    }
    means.join(", ")
}

/// What tries it in each run of the tests, or `aiperf-weather`, which tries all, alone.
fn tries(case: &Case) -> String {
    if case.quick {
        format!("`cli::weather::{}`", case.group.test())
    } else {
        "`aiperf-weather`".to_owned()
    }
}

fn does(fault: ProxyFault) -> &'static str {
    match fault {
        ProxyFault::Absent => "is not there",
        ProxyFault::Login => "wants a login (407)",
        ProxyFault::Refuses => "refuses (403)",
        ProxyFault::Garbage => "speaks SSH",
        ProxyFault::Silent => "says nothing",
        ProxyFault::Cuts => "cuts answers after the fifth",
    }
}

fn stays(expect: Expect) -> &'static str {
    match expect.files {
        Files::None => "nothing was begun",
        Files::Whole => "all files",
        Files::Killed => "whole lines; `aiperf report` recovers them",
        Files::Some => "what fitted; `aiperf report` recovers it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_the_list() {
        let documented = include_str!("../../../docs/weather.md");
        let table = table(crate::all());
        let missing = table.lines().find(|row| !documented.contains(row));
        assert_eq!(missing, None, "run `aiperf-weather --list` and copy it");
        let names: Vec<_> = crate::all().map(|case| case.name).collect();
        let rows = documented.lines().filter(|line| line.starts_with("| "));
        let listed = rows.filter(|row| table.lines().any(|line| line == *row));
        assert_eq!(listed.count(), names.len() + 1, "a row and the head");
    }
}
