//! What a server answers, and what is recorded of it.

use super::*;

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
fn what_crosses_the_socket_is_recorded_beside_the_tokens() {
    let server = RawServer::always(Answer::stream(&GOOD));
    let (_, records) = run(plan(&server.url(), vec![count(1, 2)]));
    for (at, row) in records.rows().enumerate() {
        let request = &server.requests()[at];
        assert_eq!(row.wire_sent as usize, request.len(), "{request}");
        // Its head and the marks of its chunks beside what is in them.
        assert!(row.wire_received > row.response_bytes, "{row:?}");
        assert!(row.reads > 0, "{row:?}");
        let (start, sent, first) = (
            row.start.unwrap(),
            row.sent.unwrap(),
            row.first_byte.unwrap(),
        );
        assert!(start <= sent && sent <= first, "{row:?}");
        assert!(
            first <= row.first_token.unwrap() && first <= row.end,
            "{row:?}"
        );
    }
}

#[test]
fn what_was_never_answered_has_no_phases() {
    let url = closed_url();
    let (_, records) = run(plan(&url, vec![count(1, 1)]));
    let row = records.row(0);
    assert_eq!((row.sent, row.first_byte), (None, None));
    assert_eq!((row.wire_sent, row.wire_received, row.reads), (0, 0, 0));
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
