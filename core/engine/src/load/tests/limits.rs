//! Limits of first tokens and failures, and requests that are given up.

use aiperf_sim::{Sim, SimConfig};

use super::*;

fn sim(ttft: Duration, itl: Duration) -> Sim {
    let config = SimConfig {
        ttft,
        itl,
        ..SimConfig::default()
    };
    Sim::start(config).unwrap()
}

fn sim_plan(sim: &Sim, phase: PhasePlan) -> LoadPlan {
    LoadPlan {
        model: SimConfig::default().model,
        output_tokens: Some(TokenCount {
            mean: 8.0,
            stddev: 0.0,
        }),
        ..plan(&sim.url(), vec![phase])
    }
}

/// Requests that wait for their first token when another one is sent; itself is among them.
fn most_in_prefill(records: &RequestRecords) -> usize {
    let rows: Vec<_> = records.rows().collect();
    let waiting = |row: &RequestRow<'_>| {
        let at = row.start.unwrap();
        let waits =
            |other: &&RequestRow<'_>| other.start.unwrap() <= at && at < other.first_token.unwrap();
        rows.iter().filter(waits).count()
    };
    rows.iter().map(waiting).max().unwrap()
}

#[test]
fn few_wait_for_a_first_token_while_many_are_answered() {
    let sim = sim(Duration::from_millis(4), Duration::from_millis(2));
    let phase = PhasePlan {
        prefill: Some(PrefillPlan {
            concurrency: 2,
            ramp: Duration::ZERO,
        }),
        ..count(12, 60)
    };
    let (outcomes, records) = run(sim_plan(&sim, phase));
    assert_eq!(outcomes[0].ok, 60);
    assert!(most_in_prefill(&records) <= 2);
    for row in records.rows() {
        assert!(row.intended <= row.start.unwrap() && row.released.is_none());
    }
}

#[test]
fn a_request_at_a_rate_is_held_back_until_it_may_wait_for_a_first_token() {
    let sim = sim(Duration::from_millis(10), Duration::ZERO);
    let stop = StopPlan {
        request_count: Some(10),
        ..StopPlan::default()
    };
    let phase = PhasePlan {
        arrival: ArrivalPlan::Rate(RatePlan {
            curve: Curve::constant(10_000.0).unwrap(),
            pattern: Pattern::Constant,
            of: RateOf::default(),
        }),
        concurrency: None,
        prefill: Some(PrefillPlan {
            concurrency: 1,
            ramp: Duration::ZERO,
        }),
        ..phase(1, stop)
    };
    let (outcomes, records) = run(sim_plan(&sim, phase));
    assert_eq!(outcomes[0].ok, 10);
    assert_eq!(most_in_prefill(&records), 1);
    let held = records
        .rows()
        .filter(|row| row.released > Some(row.intended));
    assert_eq!(held.count(), 9);
}

#[test]
fn the_limit_of_first_tokens_rises() {
    let sim = sim(Duration::from_hours(1), Duration::ZERO);
    let stop = StopPlan {
        duration: Some(Duration::from_millis(50)),
        ..StopPlan::default()
    };
    let phase = PhasePlan {
        prefill: Some(PrefillPlan {
            concurrency: 20,
            ramp: Duration::from_millis(200),
        }),
        grace_period: Duration::ZERO,
        ..phase(20, stop)
    };
    let (outcomes, _) = run(sim_plan(&sim, phase));
    // The fifth place is there after 40 ms; a busy machine may be late, and never early.
    assert!((1..=6).contains(&outcomes[0].sent), "{}", outcomes[0].sent);
}

#[test]
fn requests_are_given_up_some_time_after_they_were_sent() {
    let sim = sim(Duration::from_hours(1), Duration::ZERO);
    let delay = Duration::from_millis(15);
    let phase = PhasePlan {
        cancellation: Some(CancellationPlan { share: 1.0, delay }),
        ..count(3, 9)
    };
    let (outcomes, records) = run(sim_plan(&sim, phase));
    let outcome = &outcomes[0];
    assert_eq!((outcome.sent, outcome.cancelled), (9, 9));
    assert_eq!(outcome.reason, EndReason::Completed);
    for row in records.rows() {
        assert_eq!(row.outcome, Outcome::Cancelled);
        assert!(row.end >= row.start.unwrap().after(delay));
    }
    assert_eq!(sim.stop().totals.cancelled, 9, "the server sees it, too");
}

#[test]
fn only_the_requests_that_were_drawn_are_given_up() {
    let sim = sim(Duration::from_millis(1), Duration::ZERO);
    let delay = Duration::from_hours(1);
    let phase = PhasePlan {
        cancellation: Some(CancellationPlan { share: 0.5, delay }),
        ..count(4, 40)
    };
    let (outcomes, _) = run(sim_plan(&sim, phase));
    assert_eq!(
        (outcomes[0].ok, outcomes[0].cancelled),
        (40, 0),
        "all are quicker"
    );
}

#[test]
fn too_many_failures_end_the_phase() {
    let server = RawServer::always(Answer::respond("503 Busy", "text/plain", "no"));
    let stop = StopPlan {
        request_count: Some(u64::MAX),
        max_errors: Some(5),
        ..StopPlan::default()
    };
    let (outcomes, _) = run(plan(&server.url(), vec![phase(2, stop)]));
    assert_eq!(outcomes[0].reason, EndReason::TooManyErrors);
    assert!(outcomes[0].failed >= 5 && outcomes[0].ok == 0);
}
