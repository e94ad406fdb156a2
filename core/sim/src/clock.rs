//! The clocks: everything is `CLOCK_MONOTONIC` nanoseconds, the clock behind
//! [`std::time::Instant`] on Linux, so that client and server times compare directly.

use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::time::{TimeSpec, TimeValLike as _};
use nix::time::{ClockId, clock_gettime};

/// Nanoseconds in a second.
pub(crate) const SECOND: i64 = 1_000_000_000;

/// How far apart the two readings around a wall clock reading may be.
const STEADY: i64 = 2_000;

fn read(clock: ClockId) -> i64 {
    clock_gettime(clock).map_or(0, |time| time.num_nanoseconds())
}

/// Now, in nanoseconds of `CLOCK_MONOTONIC`.
pub(crate) fn monotonic() -> i64 {
    read(ClockId::CLOCK_MONOTONIC)
}

/// Seconds since the Unix epoch.
pub(crate) fn unix_seconds() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

/// Moves a kernel receive time from the wall clock to the monotonic one.
///
/// Both clocks are read at once, because the wall clock may have been stepped since the last time;
/// a reading torn by a preemption is repeated. None if the result is not in the last ten seconds.
pub(crate) fn monotonic_from_wall(wall: TimeSpec) -> Option<i64> {
    let mut before = monotonic();
    let mut now = read(ClockId::CLOCK_REALTIME);
    let mut after = monotonic();
    for _ in 0..3 {
        if after - before <= STEADY {
            break;
        }
        before = after;
        now = read(ClockId::CLOCK_REALTIME);
        after = monotonic();
    }
    let age = now - wall.num_nanoseconds();
    (0..10 * SECOND)
        .contains(&age)
        .then(|| before + (after - before) / 2 - age)
}
