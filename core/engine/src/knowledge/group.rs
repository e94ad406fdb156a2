//! Servers that do the same job.

use std::collections::{BTreeMap, BTreeSet};

use aiperf_plugin_sdk::report::ServerReport;

use super::{Knowledge, Software};

/// Servers of the same software in the same role: they share the requests, so that their counters add
/// up to the whole. A frontend and its workers are apart, since each of them counts every request.
#[derive(Debug)]
pub struct Group<'a> {
    /// What they are; empty if nobody knows.
    pub software: Vec<&'a Software>,
    /// Part of a deployment, where a label tells it, such as `prefill`; else empty.
    pub part: String,
    /// The servers, in the order of the report.
    pub servers: Vec<&'a ServerReport>,
}

impl Group<'_> {
    /// Role of the servers as `software`, with the part.
    pub fn role(&self, software: &Software) -> String {
        self.with_part(&software.role)
    }

    /// Names of all that the servers are, such as `vllm+dynamo`.
    pub fn names(&self) -> String {
        joined(self.software.iter().map(|one| one.name.as_str()))
    }

    /// Their roles, with the part, such as `engine+worker.backend`.
    pub fn roles(&self) -> String {
        self.with_part(&joined(self.software.iter().map(|one| one.role.as_str())))
    }

    /// True if the others are another part of the same deployment: each does its share of every
    /// request.
    pub fn splits_work_with(&self, other: &Self) -> bool {
        let parted = |one: &&&Software| one.part_label.is_some();
        let mine = self.software.iter().find(parted);
        let theirs = other.software.iter().find(parted);
        let same = mine.zip(theirs).is_some_and(|(a, b)| std::ptr::eq(*a, *b));
        same && self.part != other.part
    }

    fn with_part(&self, role: &str) -> String {
        let words = [role, self.part.as_str()];
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        words.join(".")
    }
}

/// Different words that follow one another.
fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.dedup();
    words.join("+")
}

impl Knowledge {
    /// The servers by what they are, in the order in which they first come.
    pub fn groups<'a>(&'a self, servers: &'a [ServerReport]) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut places: BTreeMap<(Vec<usize>, String), usize> = BTreeMap::new();
        for server in servers {
            let known = self.recognise(server);
            let software: Vec<_> = known.iter().map(|at| &self.software[*at]).collect();
            let part = part_of(server, &software);
            let place = *places.entry((known, part.clone())).or_insert_with(|| {
                let servers = Vec::new();
                groups.push(Group {
                    software,
                    part,
                    servers,
                });
                groups.len() - 1
            });
            groups[place].servers.push(server);
        }
        groups
    }

    /// Indices of what a server is, by the names of its series.
    fn recognise(&self, server: &ServerReport) -> Vec<usize> {
        let names: BTreeSet<&str> = server.metrics.iter().map(|m| m.name.as_str()).collect();
        let shown = |software: &Software| names.iter().any(|name| software.is_shown_by(name));
        let all = self.software.iter().enumerate();
        all.filter(|(_, software)| shown(software))
            .map(|(at, _)| at)
            .collect()
    }
}

/// Values of the labels that tell parts of a deployment apart.
fn part_of(server: &ServerReport, software: &[&Software]) -> String {
    let mut parts = BTreeSet::new();
    for one in software {
        let Some(label) = &one.part_label else {
            continue;
        };
        let of_it = server.metrics.iter().filter(|m| one.is_shown_by(&m.name));
        parts.extend(of_it.filter_map(|metric| metric.labels.get(label).map(String::as_str)));
    }
    Vec::from_iter(parts).join("+")
}
