//! What the clients saw beside what the servers say of it. See `docs/metrics.md#client-beside-server`.

mod causes;
mod client;
mod facts;
mod server;

use aiperf_plugin_sdk::report::{PairReport, Report};

use super::histogram::Histograms;
use crate::knowledge::{Group, Knowledge, PairRule, Quantity, Software};
use causes::Case;
pub(super) use client::ClientSide;
pub(super) use facts::Facts;
use server::ServerSide;

/// One row for each quantity of each software in each role, from a report that is complete but for its
/// pairs. Empty without load.
pub(super) fn of(
    report: &Report,
    knowledge: &Knowledge,
    histograms: &Histograms,
) -> Vec<PairReport> {
    let Some(facts) = Facts::of(report) else {
        return Vec::new();
    };
    let mut pairs = Vec::new();
    let groups = knowledge.groups(&report.servers);
    for group in &groups {
        let is_leg = groups.iter().any(|other| group.splits_work_with(other));
        for software in &group.software {
            let sides = sides(group, software, &report.metadata.model, histograms);
            let row = |(rule, side): &(&PairRule, ServerSide)| {
                let pair = pair(report, &facts, &sides, is_leg, (rule, side));
                PairReport {
                    software: software.name.clone(),
                    role: group.role(software),
                    ..pair
                }
            };
            pairs.extend(sides.iter().map(row));
        }
    }
    pairs
}

/// The servers' side of each quantity that they tell.
fn sides<'a>(
    group: &Group<'_>,
    software: &'a Software,
    model: &str,
    histograms: &Histograms,
) -> Vec<(&'a PairRule, ServerSide)> {
    let of = |quantity: Quantity| {
        let mut rules = software
            .pairs
            .iter()
            .filter(|rule| rule.quantity == quantity);
        rules.find_map(|rule| {
            Some((
                rule,
                ServerSide::of(group, software, rule, (model, histograms))?,
            ))
        })
    };
    Quantity::ALL.into_iter().filter_map(of).collect()
}

fn pair(
    report: &Report,
    facts: &Facts<'_>,
    sides: &[(&PairRule, ServerSide)],
    is_leg: bool,
    (rule, server): (&PairRule, &ServerSide),
) -> PairReport {
    let quantity = rule.quantity;
    let client = ClientSide::of(report, facts, quantity);
    let both = client.stats.avg.zip(server.stats.avg);
    let difference = both.map(|(client, server)| client - server);
    let case = Case {
        rule,
        facts,
        sides,
        is_leg,
        client: &client,
        server,
    };
    let is_queue = quantity == Quantity::QueueTime;
    let whole = Quantity::TimeToFirstToken.as_str().to_owned();
    PairReport {
        name: quantity.as_str().to_owned(),
        display_name: quantity.title().to_owned(),
        unit: quantity.unit().to_owned(),
        part_of: is_queue.then_some(whole),
        family: server.family.clone(),
        servers: server.servers.clone(),
        client: client.stats,
        client_n: client.n,
        server: server.stats,
        server_n: server.n,
        server_sampling_error: server.sampling_error,
        server_bounds: server.bounds.clone(),
        difference,
        causes: if is_queue {
            Vec::new()
        } else {
            case.causes(difference)
        },
        ..PairReport::default()
    }
}
