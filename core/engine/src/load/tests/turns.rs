//! Conversations of several turns at a rate.

use aiperf_sim::Sim;

use super::conversations::{DELAY, by_conversation, sessions, sim};
use super::*;
use crate::http::MonoNs;
use aiperf_sim::Faults;

/// Of evenly spaced moments.
fn rate(per_second: f64, of: RateOf, concurrency: Option<usize>, stop: StopPlan) -> PhasePlan {
    PhasePlan {
        arrival: ArrivalPlan::Rate(RatePlan {
            curve: Curve::constant(per_second).unwrap(),
            pattern: Pattern::Constant,
            of,
        }),
        concurrency,
        ..phase(1, stop)
    }
}

fn conversations(conversations: u64) -> StopPlan {
    StopPlan {
        conversations: Some(conversations),
        ..StopPlan::default()
    }
}

fn requests(request_count: u64) -> StopPlan {
    StopPlan {
        request_count: Some(request_count),
        ..StopPlan::default()
    }
}

fn go(phase: PhasePlan) -> (PhaseOutcome, RequestRecords, u64) {
    let sim = sim(Faults::default());
    let (mut outcomes, records) = run(sessions(&sim, phase));
    let completed = sim.stop().totals.completed;
    (outcomes.remove(0), records, completed)
}

#[test]
fn turns_that_are_due_wait_for_moments_of_the_rate() {
    let phase = rate(500.0, RateOf::Requests, None, conversations(5));
    let (outcome, records, completed) = go(phase);
    assert_eq!((outcome.sent, outcome.ok, completed), (20, 20, 20));
    assert_eq!(outcome.unused_moments, 0, "nothing limits conversations");
    let on_grid = |at: MonoNs| at.since(outcome.start) % 2_000_000 == 0;
    let all = by_conversation(&records);
    assert_eq!(all.len(), 5);
    for turns in all.values() {
        assert!(
            on_grid(turns[0].intended),
            "conversations begin with the rate"
        );
        for pair in turns.windows(2) {
            let ready = pair[0].end.after(DELAY);
            let due = pair[1].intended;
            // A moment that is dealt late goes to whoever has become ready meanwhile.
            assert!(due >= ready && (on_grid(due) || due == ready));
            assert_eq!(pair[1].released, Some(due));
        }
    }
    let mut due: Vec<_> = records.rows().map(|row| row.intended).collect();
    due.sort_unstable();
    due.dedup();
    assert_eq!(due.len(), 20, "a moment is for one request");
}

#[test]
fn a_count_of_requests_is_exact_though_conversations_are_cut() {
    let (outcome, records, completed) = go(rate(2_000.0, RateOf::Requests, None, requests(37)));
    assert_eq!((outcome.sent, outcome.ok, completed), (37, 37, 37));
    let mut ids = records.id().to_vec();
    ids.sort_unstable();
    assert_eq!(ids, (1..=37).collect::<Vec<_>>());
}

#[test]
fn moments_pass_while_all_conversations_wait_for_answers() {
    let phase = rate(10_000.0, RateOf::Requests, Some(2), conversations(6));
    let (outcome, records, _) = go(phase);
    assert_eq!((outcome.sent, outcome.ok), (24, 24));
    assert!(
        outcome.unused_moments > 0,
        "2 ms an answer, 0.1 ms a moment"
    );
    let all = by_conversation(&records);
    let spans = all
        .values()
        .map(|turns| (turns[0].start.unwrap(), turns[3].end));
    let spans: Vec<_> = spans.collect();
    for (start, _) in &spans {
        let under_way = spans
            .iter()
            .filter(|(from, to)| from <= start && start < to);
        assert!(under_way.count() <= 2);
    }
}

#[test]
fn conversations_begin_at_a_rate_and_go_on_with_their_answers() {
    let phase = rate(500.0, RateOf::Conversations, None, conversations(8));
    let (outcome, records, _) = go(phase);
    assert_eq!((outcome.sent, outcome.ok), (32, 32));
    let all = by_conversation(&records);
    let mut begins: Vec<_> = all.values().map(|turns| turns[0].intended).collect();
    begins.sort_unstable();
    let moments = (0..8).map(|n| outcome.start.after(Duration::from_millis(2 * n)));
    assert!(begins.into_iter().eq(moments));
    for pair in all.values().flat_map(|turns| turns.windows(2)) {
        assert_eq!(pair[1].intended, pair[0].end.after(DELAY));
    }
}

#[test]
fn a_failed_turn_frees_its_place() {
    let sim = sim(Faults {
        error_every: 3,
        ..Faults::default()
    });
    let phase = rate(5_000.0, RateOf::Requests, Some(2), conversations(12));
    let (outcomes, records) = run(sessions(&sim, phase));
    let truth = sim.stop();
    assert!(truth.totals.rejected > 0);
    assert_eq!(outcomes[0].failed, truth.totals.rejected);
    assert_eq!(by_conversation(&records).len(), 12);
}

#[test]
fn sent_is_done_and_failed_and_cancelled_wherever_it_ends() {
    let short = StopPlan {
        duration: Some(Duration::from_millis(40)),
        ..StopPlan::default()
    };
    for of in [RateOf::Requests, RateOf::Conversations] {
        for concurrency in [None, Some(3)] {
            let mut phase = rate(2_000.0, of, concurrency, short);
            phase.grace_period = Duration::ZERO;
            let (outcome, records, _) = go(phase);
            assert!(outcome.sent > 0);
            let ended = outcome.ok + outcome.failed + outcome.cancelled;
            assert_eq!(outcome.sent, ended, "{of:?}");
            assert_eq!(records.len() as u64, ended);
            let deadline = outcome.start.after(Duration::from_millis(40));
            assert!(records.rows().all(|row| row.intended < deadline));
        }
    }
}

#[test]
fn a_wish_to_stop_ends_those_who_wait_for_moments() {
    let sim: Sim = sim(Faults::default());
    // The second moment is an hour away.
    let plan = sessions(
        &sim,
        rate(1.0 / 3600.0, RateOf::Requests, None, requests(9)),
    );
    let control = StopSignal::new();
    let (outcomes, _) = run_with(plan, &control, &mut |progress| {
        if progress.ok == 1 {
            control.request(Stop::Drain);
        }
    });
    assert_eq!((outcomes[0].sent, outcomes[0].ok), (1, 1));
    assert_eq!(outcomes[0].reason, EndReason::Interrupted);
}

#[test]
fn a_phase_takes_over_from_a_rate_of_turns() {
    let sim = sim(Faults::default());
    let mut plan = sessions(&sim, rate(1_000.0, RateOf::Requests, Some(4), requests(30)));
    let second = PhasePlan {
        takes_over: true,
        ..rate(1_000.0, RateOf::Requests, Some(4), requests(30))
    };
    plan.phases.push(second);
    let (outcomes, records) = run(plan);
    assert_eq!((outcomes[0].sent, outcomes[1].sent), (30, 30));
    let mut ids = records.id().to_vec();
    ids.sort_unstable();
    assert_eq!(ids, (1..=60).collect::<Vec<_>>());
}
