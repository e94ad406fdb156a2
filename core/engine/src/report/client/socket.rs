//! What complete requests say of connections and of the socket: the phases of a request.

use crate::http::{ConnectTimes, MonoNs};
use crate::load::RequestRow;
use crate::report::label::{self, Metrics};
use crate::report::request::ms;
use crate::report::values::Values;

/// Values of one slice of a phase.
#[derive(Debug, Clone, Default)]
pub(super) struct Socket {
    /// Of requests that opened a connection.
    dns_ms: Values,
    connecting_ms: Values,
    tls_ms: Values,
    overhead_ms: Values,
    /// Of requests whose bytes were stamped.
    sending_ms: Values,
    waiting_ms: Values,
    receiving_ms: Values,
    duration_ms: Values,
    total_ms: Values,
    sent: Values,
    received: Values,
    reads: Values,
    /// Requests over a connection that had carried one before.
    reused: u64,
}

impl Socket {
    /// Makes statistics of all values up to now.
    pub(super) fn settle(&mut self) {
        self.values().into_iter().for_each(Values::settle);
    }

    /// Adds all that another one holds.
    pub(super) fn merge(&mut self, other: &mut Self) {
        for (values, more) in self.values().into_iter().zip(other.values()) {
            values.merge(more);
        }
        self.reused += other.reused;
    }

    fn values(&mut self) -> [&mut Values; 12] {
        [
            &mut self.dns_ms,
            &mut self.connecting_ms,
            &mut self.tls_ms,
            &mut self.overhead_ms,
            &mut self.sending_ms,
            &mut self.waiting_ms,
            &mut self.receiving_ms,
            &mut self.duration_ms,
            &mut self.total_ms,
            &mut self.sent,
            &mut self.received,
            &mut self.reads,
        ]
    }

    /// Adds the opening of a connection, which is in no latency.
    pub(super) fn connected(&mut self, times: ConnectTimes) {
        let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
        if let Some(dns) = times.dns {
            self.dns_ms.push(ms(dns));
        }
        self.connecting_ms.push(ms(times.tcp));
        if let Some(tls) = times.tls {
            self.tls_ms.push(ms(tls));
        }
        self.overhead_ms.push(ms(times.total()));
    }

    /// Adds what is known when a request that began at `start` has ended.
    pub(super) fn ended(&mut self, row: &RequestRow<'_>, start: MonoNs) {
        // Recordings of earlier versions do not say it.
        let Some((sent, first_byte)) = row.sent.zip(row.first_byte) else {
            return;
        };
        let duration = ms(row.end.since(start));
        let opening = row
            .connect
            .map_or(0.0, |times| times.total().as_secs_f64() * 1e3);
        self.reused += u64::from(row.connect.is_none());
        self.sending_ms.push(ms(sent.since(start)));
        self.waiting_ms.push(ms(first_byte.since(sent)));
        self.receiving_ms.push(ms(row.end.since(first_byte).max(0)));
        self.duration_ms.push(duration);
        self.total_ms.push(opening + duration);
        self.sent.push(f64::from(row.wire_sent));
        self.received.push(f64::from(row.wire_received));
        self.reads.push(f64::from(row.reads));
    }

    /// All of it, in the order in which it happens.
    pub(super) fn add(self, metrics: &mut Metrics) {
        let n = self.duration_ms.len();
        metrics.spread(label::DNS, self.dns_ms);
        metrics.spread(label::CONNECTING, self.connecting_ms);
        metrics.spread(label::TLS, self.tls_ms);
        metrics.spread(label::CONNECTION, self.overhead_ms);
        metrics.spread(label::SENDING, self.sending_ms);
        metrics.spread(label::WAITING, self.waiting_ms);
        metrics.spread(label::RECEIVING, self.receiving_ms);
        metrics.spread(label::HTTP_DURATION, self.duration_ms);
        metrics.spread(label::HTTP_TOTAL, self.total_ms);
        metrics.spread(label::DATA_SENT, self.sent);
        metrics.spread(label::DATA_RECEIVED, self.received);
        metrics.spread(label::READS, self.reads);
        if n > 0 {
            let share = self.reused as f64 / n as f64;
            metrics.single(label::REUSED, Some(share));
        }
    }
}
