//! Time stamps of one connection's current exchange.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

use super::clock::MonoNs;

/// When bytes arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Arrival {
    /// By the kernel, if it says so.
    pub(super) kernel: Option<MonoNs>,
    /// When they were read.
    pub(super) seen: MonoNs,
}

impl Arrival {
    /// The best that is known.
    pub(super) fn at(&self) -> MonoNs {
        self.kernel.unwrap_or(self.seen)
    }

    /// Nanoseconds from there to the moment of reading.
    pub(super) fn lag_ns(&self) -> i64 {
        self.seen.since(self.at())
    }
}

/// When the bytes of the current exchange crossed the socket.
///
/// Written by the IO wrapper under the HTTP layer, read by the code that issued the request. Both
/// run on one thread, so that relaxed atomics suffice; they only make the handle shareable.
#[derive(Debug, Default)]
pub struct Stamps {
    first_write: AtomicI64,
    last_write: AtomicI64,
    first_read: AtomicI64,
    last_read: AtomicI64,
    last_read_seen: AtomicI64,
    bytes_written: AtomicU64,
    bytes_read: AtomicU64,
    kernel_reads: AtomicU64,
    user_reads: AtomicU64,
    last_by_kernel: AtomicBool,
    distrust_readiness: AtomicBool,
}

impl Stamps {
    /// Moment before the first byte of the request was handed to the kernel.
    pub fn first_write(&self) -> Option<MonoNs> {
        known(&self.first_write)
    }

    /// Moment at which the kernel had taken the latest bytes of the request.
    pub fn last_write(&self) -> Option<MonoNs> {
        known(&self.last_write)
    }

    /// Arrival of the first bytes of the response.
    pub fn first_read(&self) -> Option<MonoNs> {
        known(&self.first_read)
    }

    /// Arrival of the latest bytes of the response. If several segments were read at once, this is
    /// the arrival of the last of them.
    pub fn last_read(&self) -> Option<MonoNs> {
        known(&self.last_read)
    }

    /// Nanoseconds from the arrival of the latest bytes to the moment we read them; 0 where only
    /// the user-space clock is available.
    pub fn last_lag_ns(&self) -> i64 {
        self.last_read_seen.load(Relaxed) - self.last_read.load(Relaxed)
    }

    /// The latest read.
    pub(super) fn last_arrival(&self) -> Arrival {
        let at = MonoNs(self.last_read.load(Relaxed));
        Arrival {
            kernel: self.last_by_kernel.load(Relaxed).then_some(at),
            seen: MonoNs(self.last_read_seen.load(Relaxed)),
        }
    }

    /// Bytes of the request written so far, as they went over the wire.
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written.load(Relaxed)
    }

    /// Bytes of the response read so far, as they came over the wire.
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Relaxed)
    }

    /// Reads of this exchange that carried a kernel stamp, and reads that did not.
    pub fn reads_by_clock(&self) -> (u64, u64) {
        (
            self.kernel_reads.load(Relaxed),
            self.user_reads.load(Relaxed),
        )
    }

    /// Forgets the previous exchange.
    pub(super) fn arm(&self) {
        for stamp in [
            &self.first_write,
            &self.last_write,
            &self.first_read,
            &self.last_read,
            &self.last_read_seen,
        ] {
            stamp.store(0, Relaxed);
        }
        for count in [
            &self.bytes_written,
            &self.bytes_read,
            &self.kernel_reads,
            &self.user_reads,
        ] {
            count.store(0, Relaxed);
        }
    }

    /// Makes the next read ask the socket, whatever the runtime believes about it.
    pub(super) fn distrust_readiness(&self) {
        self.distrust_readiness.store(true, Relaxed);
    }

    /// Whether [`Stamps::distrust_readiness`] was called since the last time.
    pub(super) fn take_distrust(&self) -> bool {
        let distrust = self.distrust_readiness.load(Relaxed);
        self.distrust_readiness.store(false, Relaxed);
        distrust
    }

    /// Notes that `bytes` were written by a call that began at `began` and was over at `done`.
    pub(super) fn wrote(&self, began: MonoNs, done: MonoNs, bytes: usize) {
        if bytes == 0 {
            return;
        }
        if self.first_write.load(Relaxed) == 0 {
            self.first_write.store(began.0, Relaxed);
        }
        self.last_write.store(done.0, Relaxed);
        add(&self.bytes_written, bytes);
    }

    /// Notes that the first bytes of something arrived that is noted as read when it is complete.
    pub(super) fn began(&self, first: Arrival) {
        if self.first_read.load(Relaxed) == 0 {
            self.first_read.store(first.at().0, Relaxed);
        }
    }

    /// Notes that a read brought `bytes`, perhaps behind others that it has brought already.
    pub(super) fn read_frame(&self, now: Arrival, bytes: usize) {
        if self.last_read_seen.load(Relaxed) == now.seen.0 {
            add(&self.bytes_read, bytes);
        } else {
            self.read(now.kernel, now.seen, bytes);
        }
    }

    /// Notes that `bytes` arrived at `kernel` (if known) and were read at `seen`.
    pub(super) fn read(&self, kernel: Option<MonoNs>, seen: MonoNs, bytes: usize) {
        if bytes == 0 {
            return;
        }
        let arrived = kernel.unwrap_or(seen);
        if self.first_read.load(Relaxed) == 0 {
            self.first_read.store(arrived.0, Relaxed);
        }
        self.last_read.store(arrived.0, Relaxed);
        self.last_read_seen.store(seen.0, Relaxed);
        self.last_by_kernel.store(kernel.is_some(), Relaxed);
        add(&self.bytes_read, bytes);
        add(
            if kernel.is_some() {
                &self.kernel_reads
            } else {
                &self.user_reads
            },
            1,
        );
    }
}

/// Adds without a locked instruction: there is one writer.
fn add(counter: &AtomicU64, amount: usize) {
    let amount = u64::try_from(amount).unwrap_or(u64::MAX);
    counter.store(counter.load(Relaxed).wrapping_add(amount), Relaxed);
}

fn known(stamp: &AtomicI64) -> Option<MonoNs> {
    // The monotonic clock never reads 0 on a running system, so that 0 can mean "not yet".
    Some(stamp.load(Relaxed)).filter(|&at| at != 0).map(MonoNs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_keeps_its_first_write_and_its_first_and_last_reads() {
        let stamps = Stamps::default();
        assert_eq!((stamps.first_write(), stamps.first_read()), (None, None));
        stamps.wrote(MonoNs(10), MonoNs(10), 0);
        stamps.wrote(MonoNs(11), MonoNs(12), 5);
        stamps.wrote(MonoNs(13), MonoNs(14), 5);
        stamps.wrote(MonoNs(15), MonoNs(15), 0);
        stamps.read(Some(MonoNs(20)), MonoNs(25), 3);
        stamps.read(None, MonoNs(30), 4);
        stamps.read(None, MonoNs(40), 0);
        assert_eq!(
            (stamps.first_write(), stamps.last_write()),
            (Some(MonoNs(11)), Some(MonoNs(14)))
        );
        assert_eq!(
            (stamps.first_read(), stamps.last_read()),
            (Some(MonoNs(20)), Some(MonoNs(30)))
        );
        assert_eq!((stamps.bytes_written(), stamps.bytes_read()), (10, 7));
        assert_eq!(stamps.reads_by_clock(), (1, 1));
        assert_eq!(stamps.last_lag_ns(), 0);
        stamps.arm();
        assert_eq!((stamps.first_write(), stamps.last_write()), (None, None));
        assert_eq!(stamps.bytes_read(), 0);
    }

    #[test]
    fn the_lag_is_from_arrival_to_reading() {
        let stamps = Stamps::default();
        stamps.read(Some(MonoNs(100)), MonoNs(107), 1);
        assert_eq!(stamps.last_lag_ns(), 7);
    }
}
