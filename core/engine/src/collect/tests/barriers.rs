//! Barriers with servers that do not answer, and phases that meet under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use aiperf_plugin_sdk::report::{Boundary, ScrapeCounts, SettleBasis, SettleReport};
use aiperf_plugin_sdk::run::PhaseKind;
use aiperf_plugin_sdk::view::{Barrier, ScrapeMeta};

use super::bench::{Bench, page};
use crate::collect::{Collection, Expected, SettleOptions};
use crate::http::testing::{Answer, RawServer};

const LONG: Duration = Duration::from_mins(10);

fn end(bench: &Bench, collection: &mut Collection, phase: u32) -> Vec<SettleReport> {
    let now = bench.clock.now();
    let options = SettleOptions::default();
    collection.end_phase(phase, now, &Expected::default(), &options, &|| false)
}

/// True if nothing is being read.
fn is_closed(counts: ScrapeCounts) -> bool {
    counts.due == counts.done + counts.failed + counts.skipped
}

/// Pages of a phase at a place.
fn at(records: &[ScrapeMeta], phase: u32, barrier: Barrier) -> usize {
    let name = Some(format!("phase {phase}"));
    let wanted = |record: &&ScrapeMeta| record.phase == name && record.barrier == barrier;
    let done = records.iter().filter(|record| record.error.is_none());
    done.filter(wanted).count()
}

#[test]
fn a_hanging_endpoint_delays_a_run_of_several_phases_once() {
    let hanging = RawServer::always(Answer::SendAndHang(Vec::new()));
    let well = RawServer::always(page(1));
    let urls = [hanging.url(), well.url()];
    let bench = Bench::new("hangs").targets(&urls, LONG, LONG);
    let mut collection = bench.start().unwrap();
    let mut slow_barriers = 0;
    for phase in 0..4 {
        let before = Instant::now();
        collection.begin_phase(phase);
        slow_barriers += u32::from(before.elapsed() >= Duration::from_secs(1));
        let reports = end(&bench, &mut collection, phase);
        let basis: Vec<_> = reports.iter().map(|report| report.basis).collect();
        assert_eq!(basis, [SettleBasis::Missed, SettleBasis::Stable]);
    }
    assert_eq!(slow_barriers, 1);
    assert_eq!(
        hanging.requests().len(),
        1,
        "it is never read twice at once"
    );
    assert_eq!(well.requests().len(), 8);
    let well = bench.counts(1);
    assert_eq!((well.due, well.done), (8, 8));
    bench.finish(collection);
}

#[test]
fn one_that_answers_again_is_waited_for_again() {
    let hang = Arc::new(AtomicBool::new(true));
    let hangs = Arc::clone(&hang);
    let server = RawServer::start(move |_, _| {
        if hangs.load(Ordering::SeqCst) {
            Answer::SendAndHang(Vec::new())
        } else {
            page(1)
        }
    });
    let timeout = Duration::from_millis(200);
    let interval = Duration::from_millis(10);
    let bench = Bench::new("answers again").targets(&[server.url()], interval, timeout);
    let mut collection = bench.start().unwrap();
    collection.begin_phase(0);
    hang.store(false, Ordering::SeqCst);
    collection.tick(0, bench.clock.now());
    bench.until(0, |counts| counts.done > 0 && is_closed(counts));
    collection.rest();
    assert_eq!(
        end(&bench, &mut collection, 0)[0].basis,
        SettleBasis::Stable
    );
    collection.begin_phase(1);
    let records = bench.finish(collection);
    assert_eq!(at(&records, 0, Barrier::Start), 0);
    assert_eq!(at(&records, 0, Barrier::End), 1);
    assert_eq!(at(&records, 1, Barrier::Start), 1);
}

/// One error page at the wrong moment must not cost all totals.
#[test]
fn a_page_that_fails_after_the_load_is_asked_for_again() {
    let asked = AtomicU64::new(0);
    let server = RawServer::start(move |_, _| match asked.fetch_add(1, Ordering::SeqCst) {
        1 => error_page(),
        _ => page(1),
    });
    let bench = Bench::new("fails once").targets(&[server.url()], LONG, LONG);
    let mut collection = bench.start().unwrap();
    collection.begin_phase(0);
    let report = end(&bench, &mut collection, 0).remove(0);
    assert_eq!((report.basis, report.scrapes), (SettleBasis::Stable, 2));
    let counts = bench.counts(0);
    assert_eq!((counts.done, counts.failed), (2, 1));
    let records = bench.finish(collection);
    assert_eq!(at(&records, 0, Barrier::End), 1);
}

/// Who fails to the end has missed the barrier, within the limit.
#[test]
fn a_page_that_goes_on_failing_is_given_up() {
    let asked = AtomicU64::new(0);
    let server = RawServer::start(move |_, _| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => page(1),
        _ => error_page(),
    });
    let bench = Bench::new("goes on failing").targets(&[server.url()], LONG, LONG);
    let mut collection = bench.start().unwrap();
    collection.begin_phase(0);
    let report = end(&bench, &mut collection, 0).remove(0);
    assert_eq!(report.basis, SettleBasis::Missed);
    let counts = bench.counts(0);
    assert!(counts.failed > 1 && is_closed(counts), "{counts:?}");
    bench.finish(collection);
}

fn error_page() -> Answer {
    Answer::respond("503 Service Unavailable", "text/plain", "")
}

#[test]
fn an_answer_that_comes_after_the_barrier_is_no_start_page() {
    let gate = Arc::new(AtomicBool::new(false));
    let opened = Arc::clone(&gate);
    let server = RawServer::start(move |number, _| {
        while number == 0 && !opened.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        page(number)
    });
    let bench = Bench::new("late page").targets(&[server.url()], LONG, LONG);
    let mut collection = bench.start().unwrap();
    collection.begin_phase(0);
    gate.store(true, Ordering::SeqCst);
    bench.until(0, |counts| counts.due == 1);
    assert_eq!(
        end(&bench, &mut collection, 0)[0].basis,
        SettleBasis::Stable
    );
    let records = bench.finish(collection);
    assert_eq!(at(&records, 0, Barrier::Start), 0);
    assert_eq!(at(&records, 0, Barrier::Tick), 1);
    assert_eq!(at(&records, 0, Barrier::End), 1);
}

#[test]
fn a_phase_takes_over_with_one_reading_and_without_waiting() {
    let total = Arc::new(AtomicU64::new(0));
    let gate = Arc::new(AtomicBool::new(false));
    let (counter, opened) = (Arc::clone(&total), Arc::clone(&gate));
    let server = RawServer::start(move |number, _| {
        while number == 1 && !opened.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        page(counter.fetch_add(1, Ordering::SeqCst))
    });
    let bench = Bench::new("hand over").targets(&[server.url()], LONG, LONG);
    let mut collection = bench.start().unwrap();
    collection.begin_phase(0);
    let mut before = bench.phase(0);
    // Returns although the server does not answer yet.
    collection.hand_over(1);
    let mut after = bench.phase(1);
    gate.store(true, Ordering::SeqCst);
    bench.until(0, |counts| counts.done >= 2 && is_closed(counts));
    collection.rest();
    let last_response = bench.instant();
    end(&bench, &mut collection, 1);
    let records = bench.finish(collection);
    assert_eq!(at(&records, 0, Barrier::Start), 1);
    assert_eq!(at(&records, 0, Barrier::End), 0);
    assert_eq!(at(&records, 1, Barrier::Start), 1);
    assert!(at(&records, 1, Barrier::End) >= 1);

    let handed_over = after.first_send;
    before.hand_over(&mut after, handed_over, 5);
    after.last_response = last_response;
    let totals = [0, 1].map(|profiled| {
        let mut phases = [before.clone(), after.clone()];
        phases[1 - profiled].kind = PhaseKind::Warmup;
        let report = bench.report(&phases);
        assert_eq!(report.phases[0].boundary_at_end, Boundary::Seamless);
        assert_eq!(report.phases[1].boundary, Boundary::Seamless);
        assert_eq!(report.phases[0].in_flight_at_end, 5);
        report.servers[0].metrics[0].total
    });
    // Each page counts 1 more than the one before: together the phases have all of it.
    let all = server.requests().len() as f64 - 1.0;
    assert_eq!(totals[0], Some(1.0));
    assert_eq!(totals[1], Some(all - 1.0));
}
