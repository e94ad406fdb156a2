//! The load generator against the simulated server, which knows what was sent.

use std::collections::HashMap;

use aiperf_sim::{Faults, Sim, SimConfig};

use super::*;

fn sim(faults: Faults) -> Sim {
    let config = SimConfig {
        ttft: Duration::from_millis(2),
        itl: Duration::from_micros(100),
        faults,
        ..SimConfig::default()
    };
    Sim::start(config).unwrap()
}

fn sim_plan(sim: &Sim, phases: Vec<PhasePlan>) -> LoadPlan {
    let mut plan = plan(&sim.url(), phases);
    plan.model = SimConfig::default().model;
    plan.output_tokens = Some(TokenCount {
        mean: 12.0,
        stddev: 4.0,
    });
    plan.input_tokens = TokenCount {
        mean: 30.0,
        stddev: 10.0,
    };
    plan
}

#[test]
fn counts_and_tokens_are_those_of_the_server() {
    for endpoint in [EndpointKind::Chat, EndpointKind::Completions] {
        for streaming in [true, false] {
            let sim = sim(Faults::default());
            let mut plan = sim_plan(&sim, vec![count(4, 20), count(16, 200)]);
            plan.endpoint = endpoint;
            plan.streaming = streaming;
            let (outcomes, records) = run(plan);
            let truth = sim.stop();
            assert_eq!((outcomes[0].ok, outcomes[1].ok), (20, 200));
            assert_eq!((truth.totals.completed, truth.totals.finished), (220, 220));
            let sum = |column: fn(&Usage) -> Option<u32>| -> u64 {
                records
                    .rows()
                    .map(|row| u64::from(column(&row.usage).unwrap()))
                    .sum()
            };
            assert_eq!(
                sum(|usage| usage.completion_tokens),
                truth.totals.completion_tokens
            );
            assert_eq!(sum(|usage| usage.prompt_tokens), truth.totals.prompt_tokens);
            let chunks: u64 = records.chunks().iter().copied().map(u64::from).sum();
            assert_eq!(
                chunks,
                if streaming {
                    truth.totals.completion_tokens
                } else {
                    0
                }
            );
        }
    }
}

#[test]
fn each_request_matches_the_server_s_own_record_of_it() {
    let sim = sim(Faults::default());
    let (_, records) = run(sim_plan(&sim, vec![count(8, 100)]));
    let truth = sim.stop();
    let by_id: HashMap<u64, _> = truth
        .requests
        .iter()
        .map(|request| {
            (
                request.x_request_id.as_ref().unwrap().parse().unwrap(),
                request,
            )
        })
        .collect();
    assert_eq!(by_id.len(), 100);
    for row in records.rows() {
        let truth = by_id[&row.id];
        assert_eq!(row.requested_osl, Some(truth.completion_tokens));
        assert_eq!(
            row.estimated_isl, truth.prompt_tokens,
            "the server counts words as tokens"
        );
        assert_eq!(row.chunks, truth.completion_tokens);
        // One machine, one clock: nothing arrives before it was sent.
        assert!(row.start.unwrap().0 <= truth.arrival_ns);
        assert!(truth.first_token_ns <= row.first_token.unwrap().0);
    }
}

#[test]
fn errors_and_cuts_are_failures_and_nothing_is_sent_twice() {
    let sim = sim(Faults {
        error_every: 5,
        cut_every: 7,
        ..Faults::default()
    });
    let (outcomes, records) = run(sim_plan(&sim, vec![count(4, 100)]));
    let truth = sim.stop();
    assert_eq!(outcomes[0].sent, 100);
    assert_eq!(truth.totals.finished, 100);
    assert_eq!(outcomes[0].ok, truth.totals.completed);
    assert_eq!(outcomes[0].failed, truth.totals.cut + truth.totals.rejected);
    assert!(truth.totals.cut > 0 && truth.totals.rejected > 0);
    assert_eq!(records.len(), 100);
}

#[test]
fn a_server_without_stream_options_is_asked_once_only() {
    let sim = sim(Faults {
        refuse_stream_options: true,
        ..Faults::default()
    });
    let mut plan = sim_plan(&sim, vec![count(1, 10)]);
    plan.output_tokens = Some(TokenCount {
        mean: 5.0,
        stddev: 0.0,
    });
    let (outcomes, records) = run(plan);
    let truth = sim.stop();
    assert_eq!(
        (
            outcomes[0].ok,
            truth.totals.completed,
            truth.totals.rejected
        ),
        (10, 10, 1)
    );
    assert_eq!(
        outcomes[0].warnings.first(),
        Some(&LoadWarning::StreamOptionsRefused)
    );
    assert!(
        records
            .rows()
            .all(|row| row.usage.completion_tokens.is_none() && row.chunks == 5)
    );
}

#[test]
fn requests_lost_to_unannounced_closes_are_failures_and_not_sent_again() {
    let sim = sim(Faults {
        close_after_each_response: true,
        ..Faults::default()
    });
    let (outcomes, records) = run(sim_plan(&sim, vec![count(4, 40)]));
    let truth = sim.stop();
    // A close that has not arrived when the next request is written costs that request.
    assert_eq!(outcomes[0].ok, truth.totals.completed);
    assert_eq!(outcomes[0].ok + outcomes[0].failed, 40);
    let ids: HashSet<_> = truth
        .requests
        .iter()
        .map(|request| &request.x_request_id)
        .collect();
    assert_eq!(ids.len(), truth.requests.len());
    for row in records.rows().filter(|row| row.outcome != Outcome::Ok) {
        let Outcome::Failed(class) = row.outcome else {
            panic!("{:?}", row.outcome)
        };
        assert!(
            matches!(class.as_str(), "reset" | "closed_early"),
            "{}",
            class.as_str()
        );
        assert!(row.start.is_some());
    }
}

#[test]
fn bytes_that_drip_in_one_by_one_make_the_same_tokens() {
    let sim = sim(Faults {
        drip: 3,
        ..Faults::default()
    });
    let (outcomes, records) = run(sim_plan(&sim, vec![count(4, 10)]));
    let truth = sim.stop();
    assert_eq!(outcomes[0].ok, 10);
    let chunks: u64 = records.chunks().iter().copied().map(u64::from).sum();
    assert_eq!(chunks, truth.totals.completion_tokens);
}

#[test]
fn cancelled_requests_are_cancelled_at_the_server_too() {
    let config = SimConfig {
        ttft: Duration::from_millis(1),
        itl: Duration::from_hours(1),
        ..SimConfig::default()
    };
    let sim = Sim::start(config).unwrap();
    let mut phase = endless(5, Duration::from_millis(200));
    phase.grace_period = Duration::ZERO;
    let (outcomes, records) = run(sim_plan(&sim, vec![phase]));
    assert_eq!((outcomes[0].sent, outcomes[0].cancelled), (5, 5));
    assert_eq!(records.len(), 5);
    let truth = sim.stop();
    assert_eq!((truth.totals.completed, truth.totals.cancelled), (0, 5));
}
