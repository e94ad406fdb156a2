//! Wall times of reports on the monotonic clock of the simulated server's truth.

use nix::sys::time::TimeValLike as _;
use nix::time::{ClockId, clock_gettime};

fn now(clock: ClockId) -> i64 {
    clock_gettime(clock).map_or(0, |time| time.num_nanoseconds())
}

/// `CLOCK_REALTIME` less `CLOCK_MONOTONIC` in nanoseconds; the tightest of a few readings.
pub(crate) fn offset_ns() -> i64 {
    let reading = || {
        let before = now(ClockId::CLOCK_MONOTONIC);
        let wall = now(ClockId::CLOCK_REALTIME);
        let after = now(ClockId::CLOCK_MONOTONIC);
        (after - before, wall - (before + (after - before) / 2))
    };
    let tightest = (0..8).map(|_| reading()).min();
    tightest.map_or(0, |(_, offset)| offset)
}
