//! Requests that are due at moments of their own.

use aiperf_sim::{Faults, Sim, SimConfig};

use super::*;
use crate::http::MonoNs;

fn sim(ttft: Duration) -> Sim {
    let config = SimConfig {
        ttft,
        itl: Duration::from_micros(100),
        faults: Faults::default(),
        ..SimConfig::default()
    };
    Sim::start(config).unwrap()
}

fn rate(per_second: f64, concurrency: Option<usize>, stop: StopPlan) -> PhasePlan {
    let arrival = ArrivalPlan::Rate(RatePlan {
        curve: Curve::constant(per_second).unwrap(),
        pattern: Pattern::Constant,
        of: RateOf::default(),
    });
    PhasePlan {
        arrival,
        concurrency,
        ..phase(1, stop)
    }
}

fn requests(request_count: u64) -> StopPlan {
    StopPlan {
        request_count: Some(request_count),
        ..StopPlan::default()
    }
}

fn sim_plan(sim: &Sim, phases: Vec<PhasePlan>) -> LoadPlan {
    LoadPlan {
        model: SimConfig::default().model,
        ..plan(&sim.url(), phases)
    }
}

#[test]
fn each_request_is_sent_when_it_is_due_and_not_before() {
    let sim = sim(Duration::from_millis(5));
    let (outcomes, records) = run(sim_plan(&sim, vec![rate(500.0, None, requests(100))]));
    assert_eq!((outcomes[0].sent, outcomes[0].ok), (100, 100));
    assert_eq!(sim.stop().totals.completed, 100);
    let begin = outcomes[0].start;
    let mut rows: Vec<_> = records.rows().collect();
    rows.sort_by_key(|row| row.id);
    for (row, due) in rows.iter().zip((0..).step_by(2_000_000)) {
        assert_eq!(row.intended, MonoNs(begin.0 + due), "request {}", row.id);
        assert_eq!(row.released, Some(row.intended), "nothing holds it back");
        assert!(row.start.unwrap() >= row.intended);
    }
}

#[test]
fn a_limit_of_requests_in_flight_holds_others_back_and_says_so() {
    let sim = sim(Duration::from_millis(20));
    let (outcomes, records) = run(sim_plan(&sim, vec![rate(10_000.0, Some(3), requests(60))]));
    assert_eq!(outcomes[0].ok, 60);
    let rows: Vec<_> = records.rows().collect();
    for row in &rows {
        let start = row.start.unwrap();
        let others = rows.iter().filter(|other| {
            other.id != row.id && other.start.unwrap() < start && start < other.end
        });
        assert!(others.count() < 3, "request {}", row.id);
        assert!(row.intended <= row.released.unwrap() && row.released.unwrap() <= start);
    }
    let held = rows.iter().filter(|row| row.released > Some(row.intended));
    assert!(held.count() > 50, "20 ms each, and due every 0.1 ms");
}

#[test]
fn the_wait_for_a_free_place_is_told_apart() {
    let sim = sim(Duration::ZERO);
    // Far more than one at a time can carry.
    let mut plan = sim_plan(&sim, vec![rate(1e6, Some(1), requests(50))]);
    plan.threads = 1;
    let (_, records) = run(plan);
    let mut rows: Vec<_> = records.rows().collect();
    rows.sort_by_key(|row| row.id);
    for pair in rows.windows(2) {
        let (before, row) = (&pair[0], &pair[1]);
        assert_eq!(row.intended.since(before.intended), 1_000);
        assert_eq!(row.released, Some(before.end.max(row.intended)));
    }
    assert_eq!(rows[0].released, Some(rows[0].intended));
}

#[test]
fn what_is_due_before_the_end_is_sent_and_nothing_else() {
    let sim = sim(Duration::ZERO);
    let stop = StopPlan {
        duration: Some(Duration::from_millis(105)),
        ..StopPlan::default()
    };
    let plan = sim_plan(&sim, vec![rate(100.0, None, stop); 2]);
    let (outcomes, records) = run(plan);
    assert_eq!((outcomes[0].sent, outcomes[1].sent), (11, 11));
    let mut ids = records.id().to_vec();
    ids.sort_unstable();
    assert_eq!(ids, (1..=22).collect::<Vec<_>>());
}

#[test]
fn a_wish_to_stop_ends_the_wait_for_the_next_request() {
    let sim = sim(Duration::ZERO);
    let plan = sim_plan(&sim, vec![rate(0.000_1, None, requests(2))]);
    let control = StopSignal::new();
    let stop = control.clone();
    let mut on_progress = |progress: &Progress| {
        if progress.ok == 1 {
            stop.request(Stop::Drain);
        }
    };
    let (outcomes, records) = run_with(plan, &control, &mut on_progress);
    assert_eq!(
        (outcomes[0].reason, records.len()),
        (EndReason::Interrupted, 1)
    );
}

#[test]
fn what_is_in_flight_when_the_grace_period_ends_is_cancelled() {
    let sim = sim(Duration::from_hours(1));
    let stop = StopPlan {
        duration: Some(Duration::from_millis(30)),
        ..StopPlan::default()
    };
    let phase = PhasePlan {
        grace_period: Duration::ZERO,
        ..rate(1000.0, None, stop)
    };
    let (outcomes, records) = run(sim_plan(&sim, vec![phase]));
    assert_eq!(outcomes[0].reason, EndReason::Duration);
    assert!(outcomes[0].sent > 1);
    assert_eq!(outcomes[0].cancelled, outcomes[0].sent);
    assert_eq!(records.len() as u64, outcomes[0].sent);
}

#[test]
fn a_ramp_lets_slots_begin_one_after_the_other() {
    let sim = sim(Duration::ZERO);
    let phase = PhasePlan {
        concurrency_ramp: Duration::from_millis(40),
        ..phase(4, requests(4))
    };
    let (outcomes, records) = run(sim_plan(&sim, vec![phase]));
    let mut intended: Vec<i64> = records
        .rows()
        .map(|row| row.intended.0 - outcomes[0].start.0)
        .collect();
    intended.sort_unstable();
    // The first slot may have taken all of them before the others begin.
    assert_eq!((intended.len(), intended[0]), (4, 0));
    assert_eq!(outcomes[0].ok, 4);
}

#[test]
fn a_ramp_limits_what_is_in_flight_at_a_rate() {
    let sim = sim(Duration::from_hours(1));
    let stop = StopPlan {
        duration: Some(Duration::from_millis(50)),
        ..StopPlan::default()
    };
    // All are due at once; the places become free over four times as long as the phase lasts.
    let phase = PhasePlan {
        concurrency_ramp: Duration::from_millis(200),
        grace_period: Duration::ZERO,
        ..rate(1e6, Some(40), stop)
    };
    let (outcomes, records) = run(sim_plan(&sim, vec![phase]));
    let sent = outcomes[0].sent;
    assert!((1..=10).contains(&sent), "{sent} of 40");
    for row in records.rows() {
        assert!(row.released >= Some(row.intended));
    }
}
