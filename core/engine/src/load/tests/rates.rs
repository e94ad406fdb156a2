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
        curve: vec![(Duration::ZERO, per_second)],
        pattern: ArrivalPattern::Constant,
        concurrency,
        seed: 1,
    });
    PhasePlan {
        arrival,
        ..phase(1, stop)
    }
}

fn requests(request_count: u64) -> StopPlan {
    StopPlan {
        request_count: Some(request_count),
        duration: None,
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
        request_count: None,
        duration: Some(Duration::from_millis(30)),
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
    let arrival = ArrivalPlan::ClosedLoop {
        concurrency: 4,
        ramp: Duration::from_millis(40),
    };
    let phase = PhasePlan {
        arrival,
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
