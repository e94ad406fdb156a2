//! The load generator against servers that answer byte for byte as they are told.

mod answers;
#[cfg(target_os = "linux")]
mod apis;
#[cfg(target_os = "linux")]
mod conversations;
mod handovers;
mod limits;
mod probes;
mod rates;
#[cfg(target_os = "linux")]
mod schedules;
#[cfg(target_os = "linux")]
mod turns;

use std::collections::HashSet;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use http::HeaderMap;

use super::*;
use crate::http::testing::{Answer, RawServer, chunk, closed_url, stream_head};
use crate::http::{Clock, Origin, Proxies, Reuse, Secret, Tls};

#[cfg(target_os = "linux")]
mod sim;

const ROLE: &str = r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#;
const WORD: &str = r#"{"choices":[{"delta":{"content":"word"}}]}"#;
const END: &str = r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#;
const USAGE: &str = r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#;
const GOOD: [&str; 6] = [ROLE, WORD, WORD, END, USAGE, "[DONE]"];

fn plan(url: &str, phases: Vec<PhasePlan>) -> LoadPlan {
    LoadPlan {
        endpoint: EndpointKind::Chat,
        origin: Origin::parse(url).unwrap(),
        more_origins: Vec::new(),
        endpoint_path: None,
        model: "m".to_owned(),
        streaming: true,
        per_chunk_usage: false,
        template: None,
        response_field: None,
        headers: HeaderMap::new(),
        session_header: None,
        api_key: Some(Secret::new("key")),
        extra_inputs: serde_json::Map::new(),
        input_tokens: TokenCount {
            mean: 8.0,
            stddev: 0.0,
        },
        output_tokens: Some(TokenCount {
            mean: 2.0,
            stddev: 0.0,
        }),
        prompts: PromptPlan::default(),
        random_seed: 1,
        request_timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(30),
        reuse: Reuse::Pooled,
        http_version: crate::http::HttpVersion::default(),
        http2_streams: 1,
        kernel_stamps: true,
        tls: Tls::default(),
        proxies: Proxies::default(),
        secrets: Arc::default(),
        phases,
        threads: 2,
        both_ends: false,
    }
}

fn phase(concurrency: usize, stop: StopPlan) -> PhasePlan {
    PhasePlan {
        name: "test".to_owned(),
        kind: PhaseKind::Profiling,
        takes_over: false,
        arrival: ArrivalPlan::ClosedLoop,
        concurrency: Some(concurrency),
        concurrency_ramp: Duration::ZERO,
        prefill: None,
        cancellation: None,
        stop,
        grace_period: Duration::from_secs(30),
    }
}

fn count(concurrency: usize, request_count: u64) -> PhasePlan {
    phase(
        concurrency,
        StopPlan {
            request_count: Some(request_count),
            ..StopPlan::default()
        },
    )
}

fn endless(concurrency: usize, duration: Duration) -> PhasePlan {
    phase(
        concurrency,
        StopPlan {
            duration: Some(duration),
            ..StopPlan::default()
        },
    )
}

/// Runs all phases of a plan.
fn run(plan: LoadPlan) -> (Vec<PhaseOutcome>, RequestRecords) {
    run_with(plan, &StopSignal::new(), &mut |_| ())
}

fn run_with(
    plan: LoadPlan,
    control: &StopSignal,
    on_progress: &mut dyn FnMut(&Progress),
) -> (Vec<PhaseOutcome>, RequestRecords) {
    let n_phases = plan.phases.len();
    let (sink, blocks) = mpsc::channel();
    let mut generator = LoadGenerator::start(plan, Clock::new(), Arc::new(sink)).unwrap();
    let mut outcomes = Vec::new();
    let mut on_event = |event| {
        if let LoadEvent::Progress(progress) = event {
            on_progress(&progress);
        }
    };
    while outcomes.len() < n_phases {
        let first = outcomes.len();
        let ended = generator.run_phases(first, &mut on_event, control);
        outcomes.append(&mut ended.unwrap());
    }
    generator.shutdown();
    let mut records = RequestRecords::default();
    for block in blocks {
        records.merge(&block);
    }
    (outcomes, records)
}

#[test]
fn counts_are_exact_and_requests_are_numbered_through_the_run() {
    let server = RawServer::always(Answer::stream(&GOOD));
    let (outcomes, records) = run(plan(&server.url(), vec![count(3, 20), count(5, 300)]));
    assert_eq!(
        outcomes
            .iter()
            .map(|outcome| outcome.ok)
            .collect::<Vec<_>>(),
        [20, 300]
    );
    let used = &outcomes[1].used;
    assert_eq!(used.threads.len(), 2);
    assert!(used.threads.iter().all(|thread| !thread.cpu.is_zero()));
    assert!(used.process_cpu >= used.threads[0].cpu && !used.elapsed.is_zero());
    let ids: HashSet<u64> = records.id().iter().copied().collect();
    assert_eq!(ids, (1..=320).collect());
    for row in records.rows() {
        assert_eq!(row.phase, u16::from(row.id > 20), "request {}", row.id);
    }
    let connections = records.rows().filter(|row| row.connect.is_some()).count();
    // A run this short ends before the server has shown that it keeps connections; that they are
    // used again then is tested with the client.
    assert!(
        connections >= 5,
        "{connections} connections for 5 in flight"
    );
    let sent: HashSet<String> = server
        .requests()
        .iter()
        .map(|text| {
            text.lines()
                .find(|line| line.starts_with("x-request-id"))
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(sent.len(), 320);
}

#[test]
fn no_two_prompts_are_alike() {
    let server = RawServer::always(Answer::stream(&GOOD));
    run(plan(&server.url(), vec![count(1, 50), count(4, 50)]));
    let bodies: HashSet<String> = server
        .requests()
        .iter()
        .map(|text| text.split_once("\r\n\r\n").unwrap().1.to_owned())
        .collect();
    assert_eq!(bodies.len(), 100);
}

#[test]
fn what_is_in_flight_when_the_grace_period_ends_is_cancelled_and_counted_apart() {
    let mut begun = stream_head();
    begun.extend(chunk(&format!("data: {WORD}\n\n")));
    let server = RawServer::always(Answer::SendAndHang(begun));
    let mut phase = endless(3, Duration::from_millis(200));
    phase.grace_period = Duration::ZERO;
    let (outcomes, records) = run(plan(&server.url(), vec![phase]));
    let outcome = &outcomes[0];
    assert_eq!(outcome.reason, EndReason::Duration);
    assert_eq!(
        (outcome.sent, outcome.cancelled, outcome.in_flight_at_end),
        (3, 3, 3)
    );
    assert_eq!(outcome.last_response, None);
    assert!(
        records
            .rows()
            .all(|row| row.outcome == Outcome::Cancelled && row.error.is_none())
    );
}

#[test]
fn a_phase_ends_by_time_once_its_requests_have_finished() {
    let server = RawServer::always(Answer::stream(&GOOD));
    let (outcomes, _) = run(plan(
        &server.url(),
        vec![endless(2, Duration::from_millis(200))],
    ));
    let outcome = &outcomes[0];
    assert_eq!((outcome.failed, outcome.cancelled), (0, 0));
    assert_eq!(outcome.sent, outcome.ok);
    assert!(outcome.ok > 0 && outcome.in_flight_at_end <= 2);
    assert_eq!(outcome.reason, EndReason::Duration);
}

#[test]
fn a_drain_lets_requests_finish_and_an_abort_cancels_them() {
    let server = RawServer::start(|number, _| match number {
        0 => Answer::SendAndHang(Vec::new()),
        _ => Answer::stream(&GOOD),
    });
    let control = StopSignal::new();
    let mut in_flight_while_draining = None;
    let stopping = plan(&server.url(), vec![count(2, u64::MAX)]);
    let (outcomes, _) = run_with(stopping, &control, &mut |progress| match control.state() {
        // The first answer never comes; the others show that the run is under way.
        Stop::Run if progress.ok > 0 => control.request(Stop::Drain),
        Stop::Drain if progress.in_flight() == 1 => {
            in_flight_while_draining.get_or_insert(progress.in_flight());
            control.request(Stop::Abort);
        }
        _ => {}
    });
    let outcome = &outcomes[0];
    assert_eq!(outcome.reason, EndReason::Interrupted);
    assert_eq!(in_flight_while_draining, Some(1));
    assert_eq!((outcome.cancelled, outcome.failed), (1, 0));
    assert_eq!(outcome.ok + 1, outcome.sent);
}

#[test]
fn the_last_progress_report_is_the_outcome() {
    let server = RawServer::always(Answer::stream(&GOOD));
    let mut last = Progress::default();
    let stop = StopSignal::new();
    let plan = plan(&server.url(), vec![count(2, 10)]);
    let (outcomes, _) = run_with(plan, &stop, &mut |progress| last = *progress);
    assert_eq!((last.sent, last.ok, last.in_flight()), (10, 10, 0));
    assert_eq!(last.chunks, 20);
    assert_eq!(outcomes[0].ok, last.ok);
}

#[test]
fn plans_that_cannot_be_carried_out_are_refused() {
    let refusal = |change: fn(&mut LoadPlan)| {
        let mut plan = plan("http://h", vec![count(1, 1)]);
        change(&mut plan);
        let sink = Arc::new(mpsc::channel().0);
        LoadGenerator::start(plan, Clock::new(), sink)
            .unwrap_err()
            .to_string()
    };
    assert!(refusal(|plan| plan.model.clear()).contains("no model"));
    assert!(refusal(|plan| plan.phases.clear()).contains("no phase"));
    assert!(refusal(|plan| plan.threads = 0).contains("`threads`"));
    assert!(refusal(|plan| plan.phases[0] = count(0, 1)).contains("`concurrency`"));
    assert!(refusal(|plan| plan.phases[0] = count(1, 0)).contains("`request count`"));
    assert!(refusal(|plan| plan.phases[0].stop = StopPlan::default()).contains("no end"));
    assert!(refusal(|plan| plan.input_tokens.mean = f64::NAN).contains("`isl`"));
    let too_many = refusal(|plan| plan.phases[0] = count(usize::MAX / 2, u64::MAX));
    assert!(too_many.contains("ulimit -n"), "{too_many}");
}
