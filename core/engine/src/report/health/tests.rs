//! Lag of the client: how it is measured, and when it is too much.

use proptest::prelude::*;

use super::*;
use crate::http::{ConnectTimes, MonoNs};
use crate::load::{MachineUse, Outcome, RequestRecord, ThreadUse};

const MS: i64 = 1_000_000;

/// A request meant for `intended` ms and sent `late` ms after it.
fn request(intended: i64, late: i64) -> RequestRecord {
    let mut record = RequestRecord::new(0);
    record.begin(1, 0, MonoNs(intended * MS));
    record.outcome = Outcome::Ok;
    record.start = Some(MonoNs((intended + late) * MS));
    record.first_token = record.start;
    record
}

fn health_of(effort: &Effort, requests: &[RequestRecord]) -> ClientHealth {
    let mut records = RequestLog::default();
    for request in requests {
        records.push(request);
    }
    client_health(0, &records, effort)
}

/// A server of 20 ms to the first token, 5 ms between chunks, 175 ms in all, asked 1,000 times.
fn scale() -> Scale {
    Scale {
        requests: 1_000,
        ttft_p50: Some(20.0),
        gap_p50: Some(5.0),
        latency_p50: Some(175.0),
        latency_avg: Some(175.0),
    }
}

fn stats(avg: f64, p99: f64) -> Stats {
    Stats {
        avg: Some(avg),
        p99: Some(p99),
        ..Stats::default()
    }
}

/// Codes that `health` raises, in order.
fn codes(health: &ClientHealth, scale: &Scale) -> Vec<String> {
    let mut warnings = Vec::new();
    let degraded = judge(health, scale, &mut warnings);
    assert_eq!(degraded, !warnings.is_empty());
    for warning in &warnings {
        assert!(!warning.message.is_empty() && !warning.remedy.is_empty());
    }
    warnings.into_iter().map(|warning| warning.code).collect()
}

#[test]
fn the_first_request_of_a_slot_and_connecting_are_no_lag() {
    let mut reconnected = request(100, 7);
    reconnected.connect = Some(ConnectTimes {
        dns: Some(Duration::from_millis(1)),
        tcp: Duration::from_millis(2),
        tls: Some(Duration::from_millis(1)),
    });
    let requests = [request(0, 30), request(0, 50), request(60, 1), reconnected];
    let health = health_of(&Effort::default(), &requests);
    let Stats { min, max, .. } = health.send_delay_ms;
    assert_eq!((min, max), (Some(1.0), Some(3.0)));
    let health = health_of(&Effort::default(), &requests[..2]);
    assert_eq!(health.send_delay_ms, Stats::default());
}

#[test]
fn other_phases_and_requests_that_were_never_sent_do_not_count() {
    let mut warmup = request(5, 900);
    warmup.phase = 1;
    let mut never_sent = request(10, 0);
    never_sent.start = None;
    let requests = [warmup, never_sent, request(0, 4), request(20, 2)];
    let health = health_of(&Effort::default(), &requests);
    assert_eq!(health.send_delay_ms.max, Some(2.0));
}

#[test]
fn a_lag_of_zero_means_that_the_kernel_gave_no_time() {
    let mut stamped = request(1, 0);
    stamped.first_token_lag_ns = 40_000;
    let health = health_of(&Effort::default(), &[stamped, request(1, 0)]);
    assert_eq!(health.read_lag_ms.min, Some(0.04));
}

#[test]
fn costs_are_shares_of_the_phase() {
    let thread = |cpu, waited| ThreadUse {
        cpu: Duration::from_millis(cpu),
        waited: Some(Duration::from_millis(waited)),
    };
    let effort = Effort {
        used: PhaseUse {
            elapsed: Duration::from_secs(2),
            process_cpu: Duration::from_millis(2_500),
            threads: vec![thread(1_000, 10), thread(200, 500)],
            machine: Some(MachineUse {
                busy: 0.75,
                stolen: 0.125,
            }),
            cpu_limit: Some(1.5),
            throttled: Some(Duration::from_millis(30)),
        },
        reads_by_clock: (75, 25),
        scrape_lateness_ns: vec![MS, 3 * MS],
    };
    let health = health_of(&effort, &[]);
    assert_eq!(health.cpu_percent, Some(125.0));
    assert_eq!(health.busiest_thread_percent, Some(50.0));
    assert_eq!(health.core_wait_percent, Some(25.0));
    assert_eq!(health.machine_percent, Some(75.0));
    assert_eq!(health.stolen_percent, Some(12.5));
    assert_eq!(
        (health.cpu_limit, health.throttled_ms),
        (Some(1.5), Some(30.0))
    );
    assert_eq!(health.user_clock_percent, Some(25.0));
    assert_eq!(health.scrape_lateness_ms.avg, Some(2.0));
}

#[test]
fn what_is_not_known_is_neither_measured_nor_judged() {
    let health = health_of(&Effort::default(), &[]);
    assert_eq!(health, ClientHealth::default());
    assert_eq!(codes(&health, &Scale::default()), Vec::<String>::new());
    assert_eq!(health.cpu_percent, None, "an empty phase has no shares");
}

#[test]
fn a_healthy_run_on_a_busy_machine_is_not_degraded() {
    // Measured: `aiperf demo --concurrency 8` on 2 cores with a load average of 9.
    let health = ClientHealth {
        send_delay_ms: stats(0.17, 3.3),
        read_lag_ms: stats(0.05, 0.7),
        user_clock_percent: Some(0.1),
        cpu_percent: Some(9.4),
        busiest_thread_percent: Some(2.3),
        core_wait_percent: Some(3.9),
        machine_percent: Some(100.0),
        stolen_percent: Some(0.1),
        throttled_ms: Some(0.0),
        ..ClientHealth::default()
    };
    assert_eq!(codes(&health, &scale()), Vec::<String>::new());
}

#[test]
fn each_cause_has_its_warning() {
    let send = |avg, p99| ClientHealth {
        send_delay_ms: stats(avg, p99),
        ..ClientHealth::default()
    };
    assert_eq!(codes(&send(4.0, 4.0), &scale()), ["client_sends_late"]);
    assert_eq!(codes(&send(0.1, 5.0), &scale()), ["client_sends_late"]);
    let read = ClientHealth {
        read_lag_ms: stats(0.1, 3.0),
        ..ClientHealth::default()
    };
    assert_eq!(codes(&read, &scale()), ["client_reads_late"]);
    let clock = ClientHealth {
        user_clock_percent: Some(1.5),
        ..ClientHealth::default()
    };
    assert_eq!(codes(&clock, &scale()), ["user_clock"]);
    let saturated = ClientHealth {
        busiest_thread_percent: Some(85.0),
        ..ClientHealth::default()
    };
    assert_eq!(codes(&saturated, &scale()), ["client_saturated"]);
    let waiting = ClientHealth {
        machine_percent: Some(95.0),
        core_wait_percent: Some(25.0),
        ..ClientHealth::default()
    };
    assert_eq!(codes(&waiting, &scale()), ["machine_busy"]);
    let stolen = ClientHealth {
        stolen_percent: Some(8.0),
        ..ClientHealth::default()
    };
    assert_eq!(codes(&stolen, &scale()), ["machine_busy"]);
    let quota = ClientHealth {
        throttled_ms: Some(12.0),
        cpu_limit: Some(0.5),
        ..ClientHealth::default()
    };
    assert_eq!(codes(&quota, &scale()), ["client_throttled"]);
}

#[test]
fn without_streams_sends_are_held_against_the_latency() {
    let health = ClientHealth {
        send_delay_ms: stats(0.5, 20.0),
        ..ClientHealth::default()
    };
    let whole = Scale {
        ttft_p50: None,
        gap_p50: None,
        ..scale()
    };
    assert_eq!(codes(&health, &whole), Vec::<String>::new());
    let fast = Scale {
        latency_p50: Some(50.0),
        ..whole
    };
    assert_eq!(codes(&health, &fast), ["client_sends_late"]);
}

#[test]
fn the_latest_of_a_few_requests_is_an_accident() {
    let health = ClientHealth {
        send_delay_ms: stats(0.2, 8.0),
        read_lag_ms: stats(0.2, 8.0),
        ..ClientHealth::default()
    };
    let few = Scale {
        requests: ENOUGH - 1,
        ..scale()
    };
    assert_eq!(codes(&health, &few), Vec::<String>::new());
    assert_eq!(codes(&health, &scale()).len(), 2);
}

#[test]
fn figures_and_circumstances_stand_in_the_message() {
    let health = ClientHealth {
        send_delay_ms: stats(4.0, 9.5),
        busiest_thread_percent: Some(12.0),
        core_wait_percent: Some(30.0),
        machine_percent: Some(99.0),
        ..ClientHealth::default()
    };
    let mut warnings = Vec::new();
    judge(&health, &scale(), &mut warnings);
    let message = &warnings[0].message;
    for figure in ["4.000 ms", "9.500 ms", "20.000 ms", "12 %", "30 %", "99 %"] {
        assert!(message.contains(figure), "{figure} is not in: {message}");
    }
}

proptest! {
    /// More lag never takes a warning away, and less measured time never does either.
    #[test]
    fn warnings_are_monotone(
        avg in 0.0..50.0_f64,
        p99 in 0.0..200.0_f64,
        more in 1.0..10.0_f64,
        ttft in 0.01..1e4_f64,
        latency in 0.01..1e5_f64,
        requests in 0..1_000_u64,
    ) {
        let scale = Scale {
            requests,
            ttft_p50: Some(ttft),
            gap_p50: Some(ttft / 4.0),
            latency_p50: Some(latency),
            latency_avg: Some(latency),
        };
        let health = |factor: f64| ClientHealth {
            send_delay_ms: stats(avg * factor, p99 * factor),
            read_lag_ms: stats(avg * factor, p99 * factor),
            ..ClientHealth::default()
        };
        let few = codes(&health(1.0), &scale);
        let many = codes(&health(more), &scale);
        prop_assert!(few.iter().all(|code| many.contains(code)), "{few:?} {many:?}");
        let faster = Scale {
            ttft_p50: Some(ttft / more),
            gap_p50: Some(ttft / 4.0 / more),
            latency_p50: Some(latency / more),
            latency_avg: Some(latency / more),
            ..scale
        };
        let many = codes(&health(1.0), &faster);
        prop_assert!(few.iter().all(|code| many.contains(code)), "{few:?} {many:?}");
    }

    /// Lag below every threshold is never complained of.
    #[test]
    fn small_lag_is_silent(ttft in 5.0..1e4_f64, share in 0.0..0.99_f64) {
        let latency = ttft * 10.0;
        let scale = Scale {
            requests: 10_000,
            ttft_p50: Some(ttft),
            gap_p50: Some(ttft),
            latency_p50: Some(latency),
            latency_avg: Some(latency),
        };
        let health = ClientHealth {
            send_delay_ms: stats(share * CYCLE_SHARE * latency, share * SEND_SHARE * ttft),
            read_lag_ms: stats(0.0, share * READ_SHARE * ttft),
            busiest_thread_percent: Some(share * THREAD_PERCENT),
            core_wait_percent: Some(share * WAIT_PERCENT),
            machine_percent: Some(100.0),
            stolen_percent: Some(share * STOLEN_PERCENT),
            user_clock_percent: Some(share * USER_CLOCK_PERCENT),
            ..ClientHealth::default()
        };
        prop_assert_eq!(codes(&health, &scale), Vec::<String>::new());
    }
}
