//! Misbehavior on demand.

use std::time::Duration;

use aiperf_sim::{Fault, FaultKind, Faults, Outcome, Sim, SimConfig, When};

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

/// Pages that are not what they should be.
fn bad_pages(kind: FaultKind) -> Sim {
    faulty(Faults {
        pages: Some(Fault::always(kind)),
        ..Faults::default()
    })
}

/// Answers that are not what they should be.
fn bad_answers(kind: FaultKind) -> Sim {
    faulty(Faults {
        requests: Some(Fault::always(kind)),
        ..Faults::default()
    })
}

#[test]
fn scrapes_can_fail_at_first() {
    let sim = faulty(Faults {
        pages: Some(Fault {
            kind: FaultKind::Status(503),
            when: When::First(2),
        }),
        ..Faults::default()
    });
    let statuses = ["/metrics", "/dcgm/metrics", "/metrics"].map(|path| get(&sim, path).status);
    assert_eq!(statuses, [503, 503, 200]);
}

#[test]
fn scrapes_can_get_something_else() {
    let html = get(&bad_pages(FaultKind::Html), "/metrics");
    assert!(html.head.contains("content-type: text/html"));
    let json = get(&bad_pages(FaultKind::OtherJson), "/metrics");
    assert!(json.json().is_object());
    let swapped = get(&bad_pages(FaultKind::Types), "/metrics").body;
    assert!(
        swapped.contains("# TYPE vllm:num_requests_running counter\n"),
        "{swapped}"
    );
}

#[test]
fn a_page_can_break_off() {
    let sim = bad_pages(FaultKind::Cut);
    let mut client = Client::connect(&sim);
    client.send("GET", "/metrics", "", "").unwrap();
    assert!(client.response().is_err());
}

#[test]
fn a_scrape_can_hang_while_others_are_served() {
    let sim = bad_pages(FaultKind::Hang);
    let mut hung = Client::connect(&sim);
    hung.send("GET", "/metrics", "", "").unwrap();
    assert!(sim.wait_until(PATIENCE, |totals| totals.scrapes == 1));
    assert_eq!(chat(&sim, STREAM).status, 200);
    let idle = Duration::from_millis(20);
    assert!(hung.is_silent(idle));
}

#[test]
fn a_status_tells_when_to_come_again() {
    let sim = bad_answers(FaultKind::Status(429));
    let refused = chat(&sim, STREAM);
    assert_eq!(refused.status, 429);
    assert!(
        refused.head.contains("retry-after: 1\n"),
        "{}",
        refused.head
    );
}

#[test]
fn a_connection_can_be_reset() {
    let sim = bad_answers(FaultKind::Reset);
    let error = Client::connect(&sim).chat(STREAM).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(sim.truth().totals.rejected, 1);
}

#[test]
fn a_body_can_be_longer_than_it_says() {
    let sim = bad_pages(FaultKind::WrongLength);
    let mut client = Client::connect(&sim);
    client.send("GET", "/metrics", "", "").unwrap();
    let page = client.response().unwrap();
    assert!(!page.body.ends_with('\n'));
    assert!(!client.line().unwrap().is_empty(), "the rest follows");
}

#[test]
fn a_body_can_have_no_end_while_others_are_served() {
    for sim in [
        bad_pages(FaultKind::Endless),
        bad_answers(FaultKind::Endless),
    ] {
        let mut client = Client::connect(&sim);
        client.send_chat(STREAM).unwrap();
        let mut pages = Client::connect(&sim);
        pages.send("GET", "/metrics", "", "").unwrap();
        for client in [&mut client, &mut pages] {
            for _ in 0..30 {
                client.line().unwrap();
            }
        }
        assert_eq!(get(&sim, "/health").status, 200);
    }
}

#[test]
fn a_small_body_can_be_a_large_one() {
    let sim = bad_pages(FaultKind::GzipBomb);
    let mut client = Client::connect(&sim);
    client.send("GET", "/metrics", "", "").unwrap();
    let head: Vec<_> = (0..5).map(|_| client.line().unwrap()).collect();
    assert!(
        head.contains(&"content-encoding: gzip".to_owned()),
        "{head:?}"
    );
    let length = head
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "));
    assert!(length.unwrap().parse::<u64>().unwrap() < 8 << 20);
}

/// Nobody waits here for a whole answer: the first byte comes, the second does not yet.
#[test]
fn bytes_can_come_once_a_second() {
    for kind in [FaultKind::Drip, FaultKind::SlowHead] {
        let sim = bad_answers(kind);
        let mut client = Client::connect(&sim);
        client.send_chat(STREAM).unwrap();
        assert_eq!(client.byte().unwrap(), b'H');
        assert!(client.is_silent(Duration::from_millis(20)));
        assert_eq!(client.byte().unwrap(), b'T');
    }
}

#[test]
fn what_a_stream_carries_can_be_no_event() {
    for kind in [FaultKind::BadJson, FaultKind::BadEvents] {
        let sim = bad_answers(kind);
        let mut client = Client::connect(&sim);
        client.send_chat(STREAM).unwrap();
        let lines: Vec<String> = std::iter::from_fn(|| client.line().ok()).collect();
        let last = lines.iter().rfind(|line| line.starts_with("data: "));
        let json = last.unwrap().trim_start_matches("data: ");
        let alone = serde_json::from_str::<serde_json::Value>(json).is_ok();
        assert_eq!(alone, kind == FaultKind::BadEvents, "{lines:?}");
        let json = chat(&sim, r#","max_tokens":8"#).body;
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_err());
    }
}
