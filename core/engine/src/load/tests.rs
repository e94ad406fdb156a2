//! The load generator against servers that answer byte for byte as they are told.

use std::collections::HashSet;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use http::HeaderMap;

use super::*;
use crate::http::testing::{Answer, RawServer, chunk, closed_url, stream_head};
use crate::http::{Clock, Origin, Secret, Tls};

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
        endpoint_path: None,
        model: "m".to_owned(),
        streaming: true,
        headers: HeaderMap::new(),
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
        random_seed: 1,
        request_timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(30),
        kernel_stamps: true,
        tls: Tls::default(),
        phases,
        threads: 2,
    }
}

fn phase(concurrency: usize, stop: StopPlan) -> PhasePlan {
    PhasePlan {
        name: "test".to_owned(),
        kind: PhaseKind::Profiling,
        arrival: ArrivalPlan::ClosedLoop { concurrency },
        stop,
        grace_period: Duration::from_secs(30),
    }
}

fn count(concurrency: usize, request_count: u64) -> PhasePlan {
    phase(
        concurrency,
        StopPlan {
            request_count: Some(request_count),
            duration: None,
        },
    )
}

fn endless(concurrency: usize, duration: Duration) -> PhasePlan {
    phase(
        concurrency,
        StopPlan {
            request_count: None,
            duration: Some(duration),
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
    let outcomes = (0..n_phases)
        .map(|index| generator.run_phase(index, on_progress, control).unwrap())
        .collect();
    generator.shutdown();
    let mut records = RequestRecords::default();
    for block in blocks {
        records.merge(&block);
    }
    (outcomes, records)
}

/// Sends one request to a server that answers like this.
fn one(answer: Answer) -> (PhaseOutcome, RequestRecords) {
    let server = RawServer::always(answer);
    let (mut outcomes, records) = run(plan(&server.url(), vec![count(1, 1)]));
    (outcomes.remove(0), records)
}

/// The class and the message of the one request's failure.
#[track_caller]
fn failure(answer: Answer) -> (&'static str, String) {
    let (outcome, records) = one(answer);
    assert_eq!((outcome.sent, outcome.failed), (1, 1));
    let row = records.row(0);
    let Outcome::Failed(class) = row.outcome else {
        panic!("{:?}", row.outcome)
    };
    (class.as_str(), row.error.unwrap().to_owned())
}

#[test]
fn a_stream_is_recorded_token_by_token() {
    let (outcome, records) = one(Answer::stream(&GOOD));
    assert_eq!(
        (outcome.sent, outcome.ok, outcome.reason),
        (1, 1, EndReason::Completed)
    );
    let row = records.row(0);
    assert_eq!(row.outcome, Outcome::Ok);
    assert_eq!((row.id, row.phase, row.status), (1, 0, Some(200)));
    assert_eq!(row.chunks, 2, "neither the role nor the usage is a token");
    assert_eq!(row.text_bytes, 8);
    assert_eq!(row.gaps.len(), 1);
    assert_eq!(row.finish, Some(FinishReason::Length));
    assert_eq!(
        (row.usage.prompt_tokens, row.usage.completion_tokens),
        (Some(9), Some(2))
    );
    assert_eq!((row.estimated_isl, row.requested_osl), (8, Some(2)));
    assert!(row.connect.is_some() && row.error.is_none());
    let (start, first) = (row.start.unwrap(), row.first_token.unwrap());
    assert!(row.intended <= start && start <= first);
    assert!(first <= row.last_token.unwrap() && row.last_token.unwrap() <= row.end);
    assert_eq!(outcome.first_send, Some(start));
    assert_eq!(outcome.last_response, Some(row.end));
}

#[test]
fn a_response_in_one_piece_has_no_time_to_first_token() {
    let body = r#"{"choices":[{"message":{"content":"two words"},"finish_reason":"stop"}],
        "usage":{"completion_tokens":2}}"#;
    let server = RawServer::always(Answer::respond("200 OK", "application/json", body));
    for streaming in [false, true] {
        let mut plan = plan(&server.url(), vec![count(1, 1)]);
        plan.streaming = streaming;
        let (outcomes, records) = run(plan);
        let row = records.row(0);
        assert_eq!(
            (row.outcome, row.first_token, row.chunks),
            (Outcome::Ok, None, 0)
        );
        assert_eq!(row.usage.completion_tokens, Some(2));
        assert_eq!(row.text_bytes, 9);
        let warned = outcomes[0].warnings.contains(&LoadWarning::NotStreamed);
        assert_eq!(warned, streaming);
    }
    assert!(!server.requests()[0].contains("stream"));
}

#[test]
fn failures_inside_a_good_response_are_failures() {
    let error = r#"{"error":{"message":"out of memory"}}"#;
    let (class, message) = failure(Answer::stream(&[WORD, error, "[DONE]"]));
    assert_eq!(
        (class, &*message),
        (
            "stream_error",
            "the server reported an error: out of memory"
        )
    );
    let mut named = stream_head();
    named.extend(chunk("event: error\ndata: it broke\n\n"));
    named.extend(b"0\r\n\r\n");
    let (class, message) = failure(Answer::Send(named));
    assert_eq!(
        (class, &*message),
        ("stream_error", "the server reported an error: it broke")
    );
    assert_eq!(
        failure(Answer::stream(&[WORD, WORD])).0,
        "incomplete_stream"
    );
    assert_eq!(
        failure(Answer::stream(&["{\"choices\": [}"])).0,
        "invalid_response"
    );
    let empty = Answer::respond("200 OK", "application/json", "{}");
    assert_eq!(failure(empty).0, "invalid_response");
}

#[test]
fn a_stream_that_breaks_keeps_what_had_arrived() {
    let mut cut = stream_head();
    cut.extend(chunk(&format!("data: {WORD}\n\n")));
    let (outcome, records) = one(Answer::SendAndClose(cut));
    let row = records.row(0);
    assert_eq!(outcome.failed, 1);
    assert!(matches!(row.outcome, Outcome::Failed(class) if class.as_str() == "closed_early"));
    assert_eq!((row.chunks, row.status), (1, Some(200)));
    assert!(row.first_token.is_some() && row.start.is_some());
}

#[test]
fn a_bad_status_is_reported_with_what_the_server_said() {
    let (class, message) = failure(Answer::respond(
        "503 Service Unavailable",
        "text/plain",
        "try later",
    ));
    assert_eq!(class, "http_status");
    assert_eq!(
        message,
        "the server answered 503 Service Unavailable: try later"
    );
}

#[test]
fn a_server_that_is_not_there_fails_every_request_once() {
    let (outcomes, records) = run(plan(&closed_url(), vec![count(2, 5)]));
    assert_eq!((outcomes[0].sent, outcomes[0].failed), (5, 5));
    assert_eq!(
        (outcomes[0].first_send, outcomes[0].last_response),
        (None, None)
    );
    let row = records.row(0);
    assert_eq!((row.start, row.status), (None, None));
    assert!(
        row.error
            .unwrap()
            .contains("check that the server is running")
    );
}

#[test]
fn stream_options_that_are_refused_are_dropped_for_the_rest_of_the_run() {
    let server = RawServer::start(|_, request| {
        if request.contains("stream_options") {
            let body = r#"{"error":"unknown field `stream_options`"}"#;
            Answer::respond("422 Unprocessable Entity", "application/json", body)
        } else {
            Answer::stream(&[ROLE, WORD, WORD, END, "[DONE]"])
        }
    });
    let (outcomes, records) = run(plan(&server.url(), vec![count(1, 3), count(1, 2)]));
    assert_eq!((outcomes[0].ok, outcomes[1].ok), (3, 2));
    assert!(
        outcomes[0]
            .warnings
            .contains(&LoadWarning::StreamOptionsRefused)
    );
    assert!(
        records
            .rows()
            .all(|row| row.usage == Usage::default() && row.chunks == 2)
    );
    let asked = server
        .requests()
        .iter()
        .filter(|text| text.contains("stream_options"))
        .count();
    assert_eq!((asked, server.requests().len()), (1, 6));
}

#[test]
fn a_refusal_of_something_else_is_not_repeated() {
    let server = RawServer::always(Answer::respond("400 Bad Request", "text/plain", "no model"));
    let (outcomes, _) = run(plan(&server.url(), vec![count(1, 1)]));
    assert_eq!((outcomes[0].failed, server.requests().len()), (1, 1));
}

#[test]
fn a_silent_server_meets_the_request_timeout() {
    let server = RawServer::always(Answer::SendAndHang(Vec::new()));
    let mut plan = plan(&server.url(), vec![count(2, 2)]);
    plan.request_timeout = Duration::from_millis(200);
    let (outcomes, records) = run(plan);
    assert_eq!(outcomes[0].failed, 2);
    let row = records.row(0);
    assert!(matches!(row.outcome, Outcome::Failed(class) if class.as_str() == "timeout"));
    assert!(row.start.is_some(), "the request had been sent");
    assert!(
        row.error.unwrap().contains("waited 200ms"),
        "{:?}",
        row.error
    );
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

#[test]
fn a_probe_finds_the_models() {
    let body = r#"{"object":"list","data":[{"id":"one","object":"model"},{"id":"two"}]}"#;
    let server = RawServer::always(Answer::respond("200 OK", "application/json", body));
    let found = probe(&plan(&server.url(), Vec::new()), &Clock::new()).unwrap();
    assert_eq!(
        (found.status, found.models),
        (Some(200), vec!["one".to_owned(), "two".to_owned()])
    );
    let request = &server.requests()[0];
    assert!(request.starts_with("GET /v1/models HTTP/1.1"), "{request}");
    assert!(request.contains("authorization: Bearer key"), "{request}");
}

#[test]
fn a_server_without_a_list_of_models_can_still_be_reached() {
    let server = RawServer::always(Answer::respond("404 Not Found", "text/html", "<p>no"));
    let found = probe(&plan(&server.url(), Vec::new()), &Clock::new()).unwrap();
    assert_eq!(
        (found.status, found.models.len(), found.problem),
        (Some(404), 0, None)
    );
    let broken = RawServer::always(Answer::Reset);
    let found = probe(&plan(&broken.url(), Vec::new()), &Clock::new()).unwrap();
    assert!(found.status.is_none() && found.problem.is_some());
}

#[test]
fn a_server_that_is_not_there_fails_the_probe() {
    let error = probe(&plan(&closed_url(), Vec::new()), &Clock::new()).unwrap_err();
    assert!(error.to_string().contains("connection refused"), "{error}");
}
