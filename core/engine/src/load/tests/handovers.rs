//! Phases that take over while requests of the one before are running.

use aiperf_sim::{Sim, SimConfig};

use super::*;
use crate::http::MonoNs;

fn sim(ttft: Duration) -> Sim {
    let config = SimConfig {
        ttft,
        itl: Duration::ZERO,
        ..SimConfig::default()
    };
    Sim::start(config).unwrap()
}

/// Runs a warm-up and the phase that takes over from it; also, where it did.
fn run_chain(
    sim: &Sim,
    warmup: PhasePlan,
    profiling: PhasePlan,
) -> (Vec<PhaseOutcome>, RequestRecords, Vec<(MonoNs, u64)>) {
    let profiling = PhasePlan {
        takes_over: true,
        ..profiling
    };
    let plan = LoadPlan {
        model: SimConfig::default().model,
        ..plan(&sim.url(), vec![warmup, profiling])
    };
    let (sink, blocks) = mpsc::channel();
    let mut generator = LoadGenerator::start(plan, Clock::new(), Arc::new(sink)).unwrap();
    let mut handovers = Vec::new();
    let mut on_event = |event| {
        if let LoadEvent::TookOver {
            phase,
            at,
            in_flight,
        } = event
        {
            assert_eq!(phase, 1);
            handovers.push((at, in_flight));
        }
    };
    let outcomes = generator.run_phases(0, &mut on_event, &StopSignal::new());
    generator.shutdown();
    let mut records = RequestRecords::default();
    for block in blocks {
        records.merge(&block);
    }
    (outcomes.unwrap(), records, handovers)
}

fn of_phase(records: &RequestRecords, phase: u16) -> Vec<RequestRow<'_>> {
    let mut rows: Vec<_> = records.rows().filter(|row| row.phase == phase).collect();
    rows.sort_by_key(|row| row.id);
    rows
}

/// The most requests in flight at once, by the moments of sending.
fn most_in_flight(rows: &[RequestRow<'_>]) -> usize {
    let running = |at: MonoNs| {
        let runs = |row: &&RequestRow<'_>| row.start.unwrap() <= at && at < row.end;
        rows.iter().filter(runs).count()
    };
    let starts = rows.iter().map(|row| running(row.start.unwrap()));
    starts.max().unwrap()
}

fn sent(outcomes: &[PhaseOutcome]) -> Vec<u64> {
    outcomes.iter().map(|outcome| outcome.sent).collect()
}

#[test]
fn a_closed_loop_goes_on_without_a_pause_and_without_more_in_flight() {
    let sim = sim(Duration::from_millis(10));
    // The last round of the warm-up is one request, while the two other slots go on.
    let (outcomes, records, handovers) = run_chain(&sim, count(3, 7), count(3, 20));
    assert_eq!(sent(&outcomes), [7, 20]);
    let ids = records.id().iter().copied().collect::<HashSet<_>>();
    assert_eq!(ids, (1..=27).collect());
    let warmup = of_phase(&records, 0);
    assert!(warmup.iter().all(|row| row.id <= 7));
    let all: Vec<_> = records.rows().collect();
    assert!(most_in_flight(&all) <= 3);
    let [(at, in_flight)] = handovers[..] else {
        panic!("{handovers:?}")
    };
    assert_eq!(
        (outcomes[1].start, outcomes[0].in_flight_at_end),
        (at, in_flight)
    );
    assert!(in_flight <= 3);
}

#[test]
fn a_larger_phase_fills_up_when_it_takes_over_by_time() {
    let sim = sim(Duration::from_hours(1));
    let short = Duration::from_millis(30);
    let (warmup, mut profiling) = (endless(1, short), endless(4, 20 * short));
    profiling.grace_period = Duration::ZERO;
    let (outcomes, records, _) = run_chain(&sim, warmup, profiling);
    // The request of the warm-up keeps its place.
    assert_eq!(sent(&outcomes), [1, 3]);
    assert_eq!(outcomes[0].reason, EndReason::Duration);
    assert_eq!(outcomes[1].start, outcomes[0].start.after(short));
    assert!(
        of_phase(&records, 1)
            .iter()
            .all(|row| row.start.unwrap() >= outcomes[1].start)
    );
    assert!(records.rows().all(|row| row.outcome == Outcome::Cancelled));
}

#[test]
fn a_smaller_phase_does_not_keep_the_places_of_a_larger_one() {
    let sim = sim(Duration::from_millis(5));
    let (outcomes, records, _) = run_chain(&sim, count(6, 12), count(2, 12));
    assert_eq!(sent(&outcomes), [12, 12]);
    assert!(most_in_flight(&of_phase(&records, 1)) <= 2);
}

#[test]
fn moments_of_a_rate_follow_those_of_the_rate_before() {
    let sim = sim(Duration::ZERO);
    let at = |rate: f64, requests: u64| PhasePlan {
        arrival: ArrivalPlan::Rate(RatePlan {
            curve: Curve::constant(rate).unwrap(),
            pattern: Pattern::Constant,
            of: RateOf::default(),
        }),
        concurrency: None,
        ..count(1, requests)
    };
    let (outcomes, records, _) = run_chain(&sim, at(1_000.0, 10), at(200.0, 5));
    assert_eq!(sent(&outcomes), [10, 5]);
    let mut due: Vec<_> = records.rows().map(|row| (row.id, row.intended)).collect();
    due.sort_unstable();
    let gaps: Vec<_> = due
        .windows(2)
        .map(|pair| pair[1].1.since(pair[0].1))
        .collect();
    assert_eq!(gaps[..9], [1_000_000; 9]);
    // More if nobody was free to notice that the first phase was over.
    assert!(gaps[9] >= 1_000_000, "{gaps:?}");
    assert_eq!(gaps[10..], [5_000_000; 4]);
}

#[test]
fn every_thread_takes_part_in_the_phase_that_takes_over() {
    let sim = sim(Duration::from_millis(2));
    // One slot, so that the second thread has nothing to do in the warm-up.
    let (outcomes, records, _) = run_chain(&sim, count(1, 3), count(2, 150));
    assert_eq!(sent(&outcomes), [3, 150]);
    let workers: HashSet<_> = of_phase(&records, 1).iter().map(|row| row.worker).collect();
    assert_eq!(workers, HashSet::from([0, 1]));
}

#[test]
fn failures_of_the_warmup_end_the_chain() {
    let server = RawServer::always(Answer::respond("503 Busy", "text/plain", "no"));
    let stop = StopPlan {
        request_count: Some(u64::MAX),
        max_errors: Some(3),
        ..StopPlan::default()
    };
    let next = PhasePlan {
        takes_over: true,
        ..count(2, 5)
    };
    let plan = plan(&server.url(), vec![phase(2, stop), next]);
    let (sink, _blocks) = mpsc::channel();
    let mut generator = LoadGenerator::start(plan, Clock::new(), Arc::new(sink)).unwrap();
    let outcomes = generator.run_phases(0, &mut |_| (), &StopSignal::new());
    generator.shutdown();
    let reasons: Vec<_> = outcomes
        .unwrap()
        .iter()
        .map(|outcome| outcome.reason)
        .collect();
    assert_eq!(reasons, [EndReason::TooManyErrors]);
}
