//! The one clock: monotonic nanoseconds for durations, wall nanoseconds for timestamps.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_gettime};

/// How long a measured difference between the wall and the monotonic clock is trusted.
const OFFSET_LIFETIME_NS: i64 = 1_000_000_000;
/// A kernel stamp this far in the past is checked against a fresh offset before it is believed.
const SUSPICIOUS_LAG_NS: i64 = 20_000_000;
/// Two offsets further apart than this mean that the wall clock was stepped. Both clocks are
/// slewed together, so that only a step (or an interrupted reading) moves their difference.
const STEP_NS: i64 = 100_000;

/// A point on the monotonic clock (`CLOCK_MONOTONIC`), in nanoseconds since an arbitrary start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonoNs(pub i64);

impl MonoNs {
    /// Nanoseconds from `earlier` to `self`, negative if `self` comes first.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The point `duration` after `self`, saturating.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration_ns(duration)))
    }

    /// Time from now until `self`; zero if `self` has passed.
    pub fn until(self, now: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.since(now)).unwrap_or(0))
    }
}

/// One reading of the clock: both fields name the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Monotonic time, for durations.
    pub mono: MonoNs,
    /// Wall time in nanoseconds since the Unix epoch, for timestamps.
    pub wall_ns: i64,
}

/// Reads the monotonic clock and places its readings on the wall clock.
///
/// The wall offset is fixed when the clock is made, so that differences of wall timestamps equal
/// differences of monotonic ones throughout a run. Kernel receive stamps, which are wall time, use
/// a second offset that is measured anew about once a second. Clones share both offsets.
#[derive(Clone)]
pub struct Clock {
    shared: Arc<Shared>,
}

struct Shared {
    wall_minus_mono: i64,
    live_offset: AtomicI64,
    measured_at: AtomicI64,
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("wall_minus_mono", &self.shared.wall_minus_mono)
            .finish()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// Starts a clock on the system's time.
    pub fn new() -> Self {
        let offset = measure_offset();
        let shared = Shared {
            wall_minus_mono: offset,
            live_offset: AtomicI64::new(offset),
            measured_at: AtomicI64::new(monotonic_ns()),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The current monotonic time.
    pub fn now(&self) -> MonoNs {
        MonoNs(monotonic_ns())
    }

    /// The current instant on both clocks.
    pub fn moment(&self) -> Moment {
        let mono = self.now();
        Moment {
            mono,
            wall_ns: self.wall_ns(mono),
        }
    }

    /// Wall time of a monotonic instant, in nanoseconds since the Unix epoch.
    pub fn wall_ns(&self, at: MonoNs) -> i64 {
        at.0.saturating_add(self.shared.wall_minus_mono)
    }

    /// Translates a kernel receive stamp (`CLOCK_REALTIME`) that was read at `now`.
    ///
    /// Returns `None` when the wall clock was stepped around the stamp: its monotonic time is then
    /// unknown, and the caller falls back to `now`.
    pub fn from_kernel(&self, realtime_ns: i64, now: MonoNs) -> Option<MonoNs> {
        let before = self.shared.live_offset.load(Relaxed);
        let lag = now.0 - (realtime_ns - before);
        let expired = now.0 - self.shared.measured_at.load(Relaxed) > OFFSET_LIFETIME_NS;
        if !expired && (0..SUSPICIOUS_LAG_NS).contains(&lag) {
            return Some(MonoNs(realtime_ns - before));
        }
        let after = self.remeasure(now);
        let stamp = realtime_ns - after;
        let stepped = (after - before).abs() > STEP_NS;
        (!stepped && stamp <= now.0).then_some(MonoNs(stamp))
    }

    fn remeasure(&self, now: MonoNs) -> i64 {
        let offset = measure_offset();
        self.shared.live_offset.store(offset, Relaxed);
        self.shared.measured_at.store(now.0, Relaxed);
        offset
    }
}

/// CPU time that the calling thread has used so far; zero where the system does not tell.
pub fn thread_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// A duration in whole nanoseconds, saturating at about 292 years.
pub(crate) fn duration_ns(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Nanoseconds of a kernel time value.
pub(crate) fn timespec_ns(time: TimeSpec) -> i64 {
    time.tv_sec() * 1_000_000_000 + time.tv_nsec()
}

fn monotonic_ns() -> i64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC);
    timespec_ns(now.expect("every supported system has a monotonic clock"))
}

fn realtime_ns() -> i64 {
    let now = clock_gettime(ClockId::CLOCK_REALTIME);
    timespec_ns(now.expect("every supported system has a wall clock"))
}

/// `CLOCK_REALTIME` minus `CLOCK_MONOTONIC`: the tightest of a few bracketed readings, because any
/// of them may be interrupted by the scheduler.
fn measure_offset() -> i64 {
    let bracketed = || {
        let before = monotonic_ns();
        let wall = realtime_ns();
        let after = monotonic_ns();
        (after - before, wall - (before + (after - before) / 2))
    };
    (0..4)
        .map(|_| bracketed())
        .min()
        .map_or(0, |(_, offset)| offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_and_monotonic_differences_agree() {
        let clock = Clock::new();
        let first = clock.moment();
        let second = clock.moment();
        assert!(second.mono >= first.mono);
        assert_eq!(
            second.wall_ns - first.wall_ns,
            second.mono.since(first.mono)
        );
    }

    #[test]
    fn a_fresh_kernel_stamp_lands_just_before_its_reading() {
        let clock = Clock::new();
        let stamp = realtime_ns();
        let now = clock.now();
        let translated = clock
            .from_kernel(stamp, now)
            .expect("the wall clock was not stepped");
        assert!(translated <= now);
    }

    #[test]
    fn a_stamp_from_the_future_is_refused() {
        let clock = Clock::new();
        let now = clock.now();
        assert_eq!(clock.from_kernel(realtime_ns() + 1_000_000_000, now), None);
    }

    #[test]
    fn a_stamp_across_a_step_is_refused_and_the_next_one_is_believed() {
        let clock = Clock::new();
        // As if the wall clock had stood one hour behind when the offset was measured.
        clock
            .shared
            .live_offset
            .fetch_sub(3_600_000_000_000, Relaxed);
        assert_eq!(clock.from_kernel(realtime_ns(), clock.now()), None);
        assert!(clock.from_kernel(realtime_ns(), clock.now()).is_some());
    }

    #[test]
    fn points_in_time_add_and_subtract() {
        let start = MonoNs(1_000);
        let end = start.after(Duration::from_nanos(500));
        assert_eq!(end.since(start), 500);
        assert_eq!(end.until(start), Duration::from_nanos(500));
        assert_eq!(start.until(end), Duration::ZERO);
    }
}
