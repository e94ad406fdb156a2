//! The look at a server before a run.

use super::*;

#[test]
fn a_probe_finds_the_models() {
    let body = r#"{"object":"list","data":[{"id":"one","object":"model"},{"id":"two"}]}"#;
    let server = RawServer::always(Answer::respond("200 OK", "application/json", body));
    let found = probe(
        &plan(&server.url(), Vec::new()),
        &Clock::new(),
        &StopSignal::new(),
    )
    .unwrap();
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
    let found = probe(
        &plan(&server.url(), Vec::new()),
        &Clock::new(),
        &StopSignal::new(),
    )
    .unwrap();
    assert_eq!(
        (found.status, found.models.len(), found.problem),
        (Some(404), 0, None)
    );
    let broken = RawServer::always(Answer::Reset);
    let found = probe(
        &plan(&broken.url(), Vec::new()),
        &Clock::new(),
        &StopSignal::new(),
    )
    .unwrap();
    assert!(found.status.is_none() && found.problem.is_some());
}

#[test]
fn who_wants_to_stop_does_not_wait_for_a_server_that_says_nothing() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let stop = StopSignal::new();
    stop.request(Stop::Drain);
    let error = probe(&plan(&url, Vec::new()), &Clock::new(), &stop).unwrap_err();
    assert!(matches!(error, LoadError::Stopped), "{error}");
}

#[test]
fn a_server_that_is_not_there_fails_the_probe() {
    let error = probe(
        &plan(&closed_url(), Vec::new()),
        &Clock::new(),
        &StopSignal::new(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("connection refused"), "{error}");
}
