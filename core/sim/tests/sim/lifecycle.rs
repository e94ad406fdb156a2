//! Time, queueing, hang-ups, and what the truth says about them.

use std::fs;
use std::thread;
use std::time::Duration;

use aiperf_sim::{Outcome, RequestTruth, SimConfig, SimError};
use serde_json::Value;

use crate::client::{Client, PATIENCE, chat, fast, start};

const STREAM: &str = r#","stream":true,"max_tokens":8"#;

fn paced() -> SimConfig {
    SimConfig {
        ttft: Duration::from_millis(5),
        itl: Duration::from_millis(1),
        ..SimConfig::default()
    }
}

/// Settings under which an answer never ends by itself in a test's time.
fn endless() -> SimConfig {
    SimConfig {
        ttft: Duration::ZERO,
        itl: Duration::from_hours(1),
        ..SimConfig::default()
    }
}

/// Reads a stream up to its first token.
fn await_token(client: &mut Client) {
    while !client.line().unwrap().contains(r#""content":" "#) {}
}

#[test]
fn tokens_are_never_early_and_the_truth_has_them_all() {
    let sim = start(paced());
    let answer = chat(&sim, STREAM).events();
    let truth = sim.truth();
    let request = &truth.requests[0];
    assert!(
        request.kernel_time,
        "loopback segments carry the kernel's time"
    );
    assert_eq!(request.outcome, Outcome::Length);
    assert_eq!((request.prompt_tokens, request.completion_tokens), (3, 8));
    assert_eq!(answer[0]["id"], format!("chatcmpl-{:016x}", request.seq));
    assert_eq!(request.token_ns.len(), 8);
    assert_eq!(request.token_ns[0], request.first_token_ns);
    for (index, token) in (0..).zip(&request.token_ns) {
        assert!(*token >= request.arrival_ns + 5_000_000 + index * 1_000_000);
    }
    assert!(request.end_ns >= request.token_ns[7]);
}

#[test]
fn requests_beyond_the_slots_wait_their_turn() {
    let sim = start(SimConfig {
        max_running: 1,
        ..paced()
    });
    let mut clients: Vec<Client> = (0..3).map(|_| Client::connect(&sim)).collect();
    for client in &mut clients {
        client.send_chat(STREAM).unwrap();
    }
    for client in &mut clients {
        assert_eq!(client.response().unwrap().events().len(), 10);
    }
    let mut requests = sim.truth().requests;
    requests.sort_by_key(|request| request.start_ns);
    for pair in requests.windows(2) {
        assert!(pair[1].start_ns >= pair[0].end_ns, "one at a time");
    }
}

#[test]
fn slots_are_shared_between_event_loops() {
    let sim = start(SimConfig {
        threads: 3,
        max_running: 2,
        ..paced()
    });
    thread::scope(|scope| {
        for _ in 0..9 {
            scope.spawn(|| assert_eq!(chat(&sim, STREAM).events().len(), 10));
        }
    });
    let requests = sim.truth().requests;
    assert_eq!(requests.len(), 9);
    let most = requests
        .iter()
        .map(|request| running_at(&requests, request.start_ns))
        .max();
    assert!(most <= Some(2), "{most:?}");
}

fn running_at(requests: &[std::sync::Arc<RequestTruth>], time: i64) -> usize {
    requests
        .iter()
        .filter(|request| request.start_ns <= time && time < request.end_ns)
        .count()
}

#[test]
fn a_hang_up_is_noticed_and_frees_the_slot() {
    let sim = start(SimConfig {
        max_running: 1,
        ..endless()
    });
    let mut first = Client::connect(&sim);
    first.send_chat(STREAM).unwrap();
    await_token(&mut first);
    let mut second = Client::connect(&sim);
    second.send_chat(STREAM).unwrap();
    drop(first);
    assert!(sim.wait_until(PATIENCE, |totals| totals.cancelled == 1));
    await_token(&mut second);
    let request = &sim.truth().requests[0];
    assert_eq!(
        (request.outcome, request.completion_tokens),
        (Outcome::Cancelled, 1)
    );
}

#[test]
fn a_hang_up_in_the_queue_takes_no_slot() {
    let sim = start(SimConfig {
        max_running: 1,
        ..endless()
    });
    let mut running = Client::connect(&sim);
    running.send_chat(STREAM).unwrap();
    await_token(&mut running);
    let mut waiting = Client::connect(&sim);
    waiting.send_chat(STREAM).unwrap();
    assert_eq!(waiting.line().unwrap(), "HTTP/1.1 200 OK");
    drop(waiting);
    assert!(sim.wait_until(PATIENCE, |totals| totals.cancelled == 1));
    drop(running);
    assert!(sim.wait_until(PATIENCE, |totals| totals.cancelled == 2));
    let mut last = Client::connect(&sim);
    last.send_chat(STREAM).unwrap();
    await_token(&mut last);
}

#[test]
fn a_client_that_reads_late_gets_everything() {
    let tokens = 60_000;
    let sim = start(SimConfig {
        coalesce: 64,
        ..fast()
    });
    let mut slow = Client::connect(&sim);
    slow.send_chat(&format!(r#","stream":true,"max_tokens":{tokens}"#))
        .unwrap();
    // Served meanwhile: the full socket holds up nobody else.
    assert_eq!(chat(&sim, STREAM).events().len(), 10);
    assert_eq!(slow.response().unwrap().events().len(), tokens + 2);
}

#[test]
fn stopping_cuts_what_is_open() {
    let sim = start(endless());
    let mut client = Client::connect(&sim);
    client.send_chat(STREAM).unwrap();
    await_token(&mut client);
    let truth = sim.stop();
    assert_eq!((truth.totals.cut, truth.totals.lost_tokens), (1, 1));
    while let Ok(line) = client.line() {
        assert!(
            !line.contains("[DONE]"),
            "the answer ends without its end mark"
        );
    }
}

#[test]
fn the_log_holds_one_line_a_request() {
    let path = std::env::temp_dir().join(format!("aiperf-sim-truth-{}.jsonl", std::process::id()));
    let sim = start(SimConfig {
        truth_log: Some(path.clone()),
        ..fast()
    });
    chat(&sim, STREAM);
    chat(&sim, r#","max_tokens":0"#);
    sim.stop();
    let log = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["outcome"], "length");
    assert_eq!(lines[0]["token_ns"].as_array().unwrap().len(), 8);
    assert_eq!(
        (&lines[1]["outcome"], &lines[1]["status"]),
        (&"rejected".into(), &400.into())
    );
}

#[test]
fn the_truth_is_bounded_and_its_totals_are_not() {
    let sim = start(SimConfig {
        truth_limit: 2,
        ..fast()
    });
    for _ in 0..5 {
        chat(&sim, STREAM);
    }
    let truth = sim.truth();
    assert_eq!((truth.requests.len(), truth.totals.completed), (2, 5));
    assert_eq!(truth.totals.completion_tokens, 40);
}

#[test]
fn what_cannot_start_says_why() {
    let config = SimConfig {
        jitter: 2.0,
        ..fast()
    };
    assert!(matches!(
        aiperf_sim::Sim::start(config),
        Err(SimError::Config(_))
    ));
    let sim = start(fast());
    let config = SimConfig {
        bind: sim.addr(),
        ..fast()
    };
    assert!(matches!(
        aiperf_sim::Sim::start(config),
        Err(SimError::Listen { .. })
    ));
    let config = SimConfig {
        truth_log: Some("/nowhere/log".into()),
        ..fast()
    };
    assert!(matches!(
        aiperf_sim::Sim::start(config),
        Err(SimError::TruthLog { .. })
    ));
}
