//! Phases of requests against their definitions.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::http::{ConnectTimes, MonoNs};
use crate::load::{Outcome, RequestRecord};

/// Microseconds of a request: connection (resolution, TCP, TLS) if it opened one, sending, waiting,
/// receiving; bytes sent and received, reads.
type Crossed = (
    Option<(Option<u64>, u64, Option<u64>)>,
    (i64, i64, i64),
    (u32, u32, u32),
);

fn crossed() -> impl Strategy<Value = Crossed> {
    let optional = || prop::option::of(1..9_000_u64);
    (
        prop::option::of((optional(), 1..9_000_u64, optional())),
        (0..5_000_i64, 0..50_000_i64, 0..500_000_i64),
        (1..9_000_u32, 1..900_000_u32, 1..99_u32),
    )
}

fn over_the_wire(id: u64, (opened, times, (sent, received, reads)): &Crossed) -> RequestRecord {
    let start = at(10.0).mono_ns;
    let mut record = RequestRecord::new(0);
    record.begin(id, 0, MonoNs(start));
    let us = Duration::from_micros;
    record.connect = opened.map(|(dns, tcp, tls)| ConnectTimes {
        dns: dns.map(us),
        tcp: us(tcp),
        tls: tls.map(us),
    });
    let (sending, waiting, receiving) = *times;
    let after = |us: i64| MonoNs(start + 1_000 * us);
    record.start = Some(MonoNs(start));
    record.sent = Some(after(sending));
    record.first_byte = Some(after(sending + waiting));
    record.end = after(sending + waiting + receiving);
    (record.wire_sent, record.wire_received, record.reads) = (*sent, *received, *reads);
    record.outcome = Outcome::Ok;
    record
}

proptest! {
    #[test]
    fn the_phases_of_a_request_are_what_their_definitions_say(
        all in prop::collection::vec(crossed(), 1..20),
    ) {
        let mut log = RequestLog::default();
        for (id, crossed) in (0..).zip(&all) {
            log.push(&over_the_wire(id, crossed));
        }
        let mut bench = Bench::new();
        bench.records = Some(log);
        let report = bench.report();
        let check = |name: &str, of: &dyn Fn(&Crossed) -> Option<f64>| check_mean(&report, &all, name, of);
        let ms = |us: u64| us as f64 / 1e3;
        let opening = |opened: &Crossed| {
            let (dns, tcp, tls) = opened.0?;
            Some(ms(dns.unwrap_or(0) + tcp + tls.unwrap_or(0)))
        };
        let exchange = |(_, (sending, waiting, receiving), _): &Crossed| {
            (sending + waiting + receiving) as f64 / 1e3
        };
        check("http_req_dns_lookup", &|of| of.0?.0.map(ms))?;
        check("http_req_connecting", &|of| of.0.map(|opened| ms(opened.1)))?;
        check("http_req_tls_handshaking", &|of| of.0?.2.map(ms))?;
        check("http_req_connection_overhead", &opening)?;
        check("http_req_sending", &|of| Some(of.1.0 as f64 / 1e3))?;
        check("http_req_waiting", &|of| Some(of.1.1 as f64 / 1e3))?;
        check("http_req_receiving", &|of| Some(of.1.2 as f64 / 1e3))?;
        check("http_req_duration", &|of| Some(exchange(of)))?;
        check("http_req_total", &|of| Some(opening(of).unwrap_or(0.0) + exchange(of)))?;
        check("http_req_data_sent", &|of| Some(f64::from(of.2.0)))?;
        check("http_req_data_received", &|of| Some(f64::from(of.2.1)))?;
        check("http_req_chunks_received", &|of| Some(f64::from(of.2.2)))?;
        let reused = all.iter().filter(|of| of.0.is_none()).count() as f64 / all.len() as f64;
        let found = report.llm_metrics["http_req_connection_reused"].stats.avg;
        prop_assert_eq!(found, Some(reused));
    }
}
