//! Misbehavior on demand.

use std::time::Duration;

use aiperf_sim::{Faults, MetricsFault, Outcome, Sim, SimConfig};

use crate::client::{Client, PATIENCE, chat, fast, get, start};

const STREAM: &str = r#","stream":true,"max_tokens":8"#;

fn faulty(faults: Faults) -> Sim {
    start(SimConfig { faults, ..fast() })
}

#[test]
fn every_nth_request_fails() {
    let sim = faulty(Faults {
        error_every: 3,
        ..Faults::default()
    });
    let statuses: Vec<u16> = (0..6).map(|_| chat(&sim, STREAM).status).collect();
    assert_eq!(statuses, [200, 200, 500, 200, 200, 500]);
}

#[test]
fn every_nth_answer_is_cut() {
    let sim = faulty(Faults {
        cut_every: 2,
        ..Faults::default()
    });
    let mut client = Client::connect(&sim);
    assert!(client.chat(STREAM).is_ok());
    assert!(client.chat(STREAM).is_err());
    let request = &sim.truth().requests[1];
    assert_eq!(
        (request.outcome, request.completion_tokens),
        (Outcome::Cut, 4)
    );
}

#[test]
fn every_nth_answer_stops_early_unless_forbidden() {
    let sim = faulty(Faults {
        stop_early_every: 1,
        ..Faults::default()
    });
    let early = chat(&sim, r#","max_tokens":8"#).json();
    assert_eq!(early["choices"][0]["finish_reason"], "stop");
    assert_eq!(early["usage"]["completion_tokens"], 4);
    let full = chat(&sim, r#","max_tokens":8,"ignore_eos":true"#).json();
    assert_eq!(full["usage"]["completion_tokens"], 8);
}

#[test]
fn stream_options_can_be_refused() {
    let sim = faulty(Faults {
        refuse_stream_options: true,
        ..Faults::default()
    });
    let refused = chat(
        &sim,
        r#","stream":true,"stream_options":{"include_usage":true}"#,
    );
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("stream_options"), "{}", refused.body);
    assert_eq!(chat(&sim, STREAM).status, 200);
}

#[test]
fn a_connection_can_die_after_its_response() {
    let sim = faulty(Faults {
        close_after_each_response: true,
        ..Faults::default()
    });
    let mut client = Client::connect(&sim);
    let response = client.chat(STREAM).unwrap();
    assert!(
        !response.head.contains("connection: close"),
        "{}",
        response.head
    );
    assert!(client.line().is_err());
}

#[test]
fn bytes_can_drip() {
    let sim = faulty(Faults {
        drip: 7,
        ..Faults::default()
    });
    assert_eq!(chat(&sim, STREAM).events().len(), 10);
}

#[test]
fn scrapes_can_fail_at_first() {
    let sim = faulty(Faults {
        metrics_down_first: 2,
        ..Faults::default()
    });
    let statuses = ["/metrics", "/dcgm/metrics", "/metrics"].map(|path| get(&sim, path).status);
    assert_eq!(statuses, [503, 503, 200]);
}

#[test]
fn scrapes_can_get_something_else() {
    let sim = faulty(Faults {
        metrics: MetricsFault::Html,
        ..Faults::default()
    });
    assert!(
        get(&sim, "/metrics")
            .head
            .contains("content-type: text/html")
    );
    sim.set_faults(Faults {
        metrics: MetricsFault::Json,
        ..Faults::default()
    });
    assert!(get(&sim, "/metrics").json().is_object());
}

#[test]
fn a_page_can_break_off() {
    let sim = faulty(Faults {
        metrics: MetricsFault::Truncated,
        ..Faults::default()
    });
    let mut client = Client::connect(&sim);
    client.send("GET", "/metrics", "", "").unwrap();
    assert!(client.response().is_err());
}

#[test]
fn a_scrape_can_hang_while_others_are_served() {
    let sim = faulty(Faults {
        metrics: MetricsFault::Hang,
        ..Faults::default()
    });
    let mut hung = Client::connect(&sim);
    hung.send("GET", "/metrics", "", "").unwrap();
    assert!(sim.wait_until(PATIENCE, |totals| totals.scrapes == 1));
    assert_eq!(chat(&sim, STREAM).status, 200);
    let idle = Duration::from_millis(20);
    assert!(hung.is_silent(idle));
}
