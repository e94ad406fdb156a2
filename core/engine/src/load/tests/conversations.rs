//! Conversations of several turns, against the simulated server's own record of what came when.

use std::collections::{BTreeMap, HashMap};

use aiperf_sim::{Faults, RequestTruth, Sim, SimConfig};

use super::*;
use crate::http::MonoNs;

pub(super) const DELAY: Duration = Duration::from_millis(3);

pub(super) fn sim(faults: Faults) -> Sim {
    Sim::start(SimConfig {
        ttft: Duration::from_millis(2),
        itl: Duration::from_micros(100),
        faults,
        ..SimConfig::default()
    })
    .unwrap()
}

/// Of four turns each.
pub(super) fn sessions(sim: &Sim, phase: PhasePlan) -> LoadPlan {
    let mut plan = plan(&sim.url(), vec![phase]);
    plan.model = SimConfig::default().model;
    plan.prompts.sessions = SessionPlan {
        turns: TokenCount {
            mean: 4.0,
            stddev: 0.0,
        },
        pause: 2 * DELAY,
        pause_ratio: 0.5,
        ..SessionPlan::default()
    };
    plan
}

fn conversations(concurrency: usize, conversations: u64) -> PhasePlan {
    let stop = StopPlan {
        conversations: Some(conversations),
        ..StopPlan::default()
    };
    phase(concurrency, stop)
}

/// The requests of each conversation, in the order of their turns.
pub(super) fn by_conversation(records: &RequestRecords) -> BTreeMap<u64, Vec<RequestRow<'_>>> {
    let mut all: BTreeMap<u64, Vec<RequestRow<'_>>> = BTreeMap::new();
    for row in records.rows() {
        all.entry(row.turn.unwrap().conversation)
            .or_default()
            .push(row);
    }
    for turns in all.values_mut() {
        turns.sort_by_key(|row| row.id);
        for (number, row) in (0..).zip(turns.iter()) {
            assert_eq!(row.turn.unwrap().turn, number, "turns follow one another");
        }
    }
    all
}

fn truth_by_id(requests: &[Arc<RequestTruth>]) -> HashMap<u64, &RequestTruth> {
    let id = |one: &RequestTruth| one.x_request_id.as_ref().unwrap().parse().unwrap();
    requests.iter().map(|one| (id(one), &**one)).collect()
}

#[test]
fn each_turn_follows_the_answer_before_with_all_that_was_said() {
    for (endpoint, streaming) in [
        (EndpointKind::Chat, true),
        (EndpointKind::Chat, false),
        (EndpointKind::Completions, true),
    ] {
        let sim = sim(Faults::default());
        let mut plan = sessions(&sim, conversations(2, 5));
        (plan.endpoint, plan.streaming) = (endpoint, streaming);
        let (outcomes, records) = run(plan);
        let truth = sim.stop();
        assert_eq!((outcomes[0].ok, truth.totals.completed), (20, 20));
        let truth = truth_by_id(&truth.requests);
        let all = by_conversation(&records);
        assert_eq!(all.len(), 5);
        for turns in all.values() {
            assert_eq!(turns.len(), 4);
            let mut said = 0;
            for row in turns {
                let seen = truth[&row.id];
                // Eight words a question, and what the server has answered.
                assert_eq!(seen.prompt_tokens, said + 8);
                assert_eq!(row.estimated_isl, seen.prompt_tokens);
                said = seen.prompt_tokens + seen.completion_tokens;
            }
            for pair in turns.windows(2) {
                assert_eq!(pair[1].intended, pair[0].end.after(DELAY));
                let [before, after] = [&pair[0], &pair[1]].map(|row| truth[&row.id]);
                assert!(before.token_ns.last() <= Some(&after.arrival_ns));
            }
        }
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for turns in all.values() {
            spans.push((turns[0].start.unwrap().0, turns[3].end.0));
        }
        for (start, _) in &spans {
            let running = spans
                .iter()
                .filter(|(from, to)| from <= start && start < to);
            assert!(
                running.count() <= 2,
                "no more run at once than were asked for"
            );
        }
    }
}

#[test]
fn a_failed_turn_ends_its_conversation() {
    let sim = sim(Faults {
        error_every: 3,
        ..Faults::default()
    });
    let (outcomes, records) = run(sessions(&sim, conversations(3, 12)));
    let truth = sim.stop();
    assert_eq!(outcomes[0].failed, truth.totals.rejected);
    assert!(truth.totals.rejected > 0);
    let all = by_conversation(&records);
    assert_eq!(all.len(), 12);
    for turns in all.values() {
        let (last, before) = turns.split_last().unwrap();
        assert!(before.iter().all(|row| row.outcome == Outcome::Ok));
        assert!(turns.len() == 4 || last.outcome != Outcome::Ok);
    }
}

#[test]
fn users_wait_for_their_turn_and_for_their_answer() {
    let sim = sim(Faults::default());
    let gap = Duration::from_millis(8);
    let mut phase = conversations(4, 8);
    phase.arrival = ArrivalPlan::Users { gap };
    phase.concurrency_ramp = gap;
    let mut plan = sessions(&sim, phase);
    plan.prompts.sessions.pause = Duration::ZERO;
    let (outcomes, records) = run(plan);
    drop(sim.stop());
    let all = by_conversation(&records);
    assert_eq!(outcomes[0].ok, 26);
    for turns in all.values() {
        for pair in turns.windows(2) {
            let due = pair[0].end.max(pair[0].intended.after(gap));
            assert_eq!(pair[1].intended, due);
        }
    }
    let mut lengths: Vec<_> = all.values().map(Vec::len).collect();
    lengths.sort_unstable();
    let expected = [1, 2, 3, 4, 4, 4, 4, 4];
    assert_eq!(lengths, expected, "as if some had begun before");
    let start = outcomes[0].start;
    let mut begun: Vec<_> = all.values().map(|turns| turns[0].intended).collect();
    // Threads draw in an order of their own.
    begun.sort_unstable();
    begun.truncate(4);
    let expected = [0, 2, 4, 6].map(|ms| start.after(Duration::from_millis(ms)));
    assert_eq!(begun, expected, "users begin one after the other");
}

#[test]
fn turns_of_a_trace_have_times_of_their_own_and_wait_for_answers() {
    let sim = sim(Faults::default());
    let turn = |session: &str, at: u32| {
        format!("{{\"session_id\": \"{session}\", \"timestamp\": {at}, \"input_length\": 9}}\n")
    };
    // The answer to the first turn of `a` takes longer than a millisecond.
    let trace = [turn("a", 0), turn("b", 5), turn("a", 1), turn("b", 60)].concat();
    let replay = Replay {
        from: None,
        until: None,
        auto_offset: false,
        speedup: 1.0,
    };
    let dataset = Dataset::of_text(&trace, DatasetFormat::MooncakeTrace);
    let (dataset, moments) = dataset.scheduled(replay).unwrap();
    let mut plan = plan(&sim.url(), vec![count(1, 4)]);
    plan.model = SimConfig::default().model;
    plan.phases[0].arrival = ArrivalPlan::Schedule(moments);
    plan.phases[0].concurrency = None;
    plan.prompts.file = Some((Arc::new(dataset), Sampling::Sequential));
    let (outcomes, records) = run(plan);
    assert_eq!((outcomes[0].ok, sim.stop().totals.completed), (4, 4));
    let all = by_conversation(&records);
    let at = |ms| outcomes[0].start.after(Duration::from_millis(ms));
    let due =
        |number: u64| -> Vec<MonoNs> { all[&number].iter().map(|row| row.intended).collect() };
    assert_eq!(due(0), [at(0), at(1).max(all[&0][0].end)]);
    assert_eq!(due(1), [at(5), at(60).max(all[&1][0].end)]);
    let ids = all
        .values()
        .map(|turns| turns[1].turn.unwrap().id.as_deref());
    assert_eq!(ids.collect::<Vec<_>>(), [Some("a"), Some("b")]);
}

#[test]
fn connections_are_shared_or_belong_to_conversations_or_to_requests() {
    for (reuse, connections) in [(Reuse::Never, 20), (Reuse::Sessions, 5)] {
        let sim = sim(Faults::default());
        let mut plan = sessions(&sim, conversations(2, 5));
        plan.reuse = reuse;
        let (outcomes, records) = run(plan);
        let truth = sim.stop();
        assert_eq!(
            (outcomes[0].ok, truth.totals.connections),
            (20, connections)
        );
        for turns in by_conversation(&records).values() {
            let opened = turns.iter().map(|row| row.connect.is_some());
            let expected = (0..4).map(|turn| turn == 0 || reuse == Reuse::Never);
            assert!(opened.eq(expected), "{reuse:?}");
        }
    }
}

#[test]
fn a_header_names_the_conversation() {
    let server = RawServer::always(Answer::stream(&GOOD));
    let mut plan = plan(&server.url(), vec![conversations(1, 2)]);
    plan.prompts.sessions.turns.mean = 2.0;
    plan.session_header = Some(http::HeaderName::from_static("x-session"));
    assert_eq!(run(plan).0[0].ok, 4);
    let value = |request: &String| {
        let line = request
            .lines()
            .find_map(|line| line.strip_prefix("x-session: "));
        line.unwrap().trim().to_owned()
    };
    let sent: Vec<_> = server.requests().iter().map(value).collect();
    assert_eq!(sent, ["0", "0", "1", "1"]);
}

#[test]
fn a_conversation_whose_connection_was_closed_goes_on_over_another() {
    let Answer::Send(bytes) = Answer::stream(&GOOD) else {
        panic!("a whole answer");
    };
    let server = RawServer::always(Answer::SendAndClose(bytes));
    let mut plan = plan(&server.url(), vec![conversations(1, 1)]);
    plan.prompts.sessions.turns.mean = 3.0;
    plan.prompts.sessions.pause = Duration::from_millis(20);
    plan.reuse = Reuse::Sessions;
    let (outcomes, records) = run(plan);
    assert_eq!((outcomes[0].ok, outcomes[0].failed), (3, 0));
    assert!(records.rows().all(|row| row.connect.is_some()));
}
