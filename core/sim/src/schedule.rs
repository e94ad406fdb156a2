//! When tokens are due, and being woken then.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::time::{TimeSpec, TimeValLike as _};
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::config::SimConfig;

/// Deadlines of one event loop, behind a timer descriptor with nanosecond resolution
/// (the timeout of `epoll_wait` has milliseconds, and the kernel adds slack to it).
#[derive(Debug)]
pub(crate) struct Timers {
    due: BinaryHeap<Reverse<(i64, u64)>>,
    timer: TimerFd,
    armed_for: i64,
}

impl Timers {
    pub(crate) fn new() -> nix::Result<Self> {
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        Ok(Self {
            due: BinaryHeap::with_capacity(1024),
            timer,
            armed_for: 0,
        })
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }

    /// Asks for `token` at `due` (monotonic nanoseconds). There is no way to take it back: the
    /// receiver ignores deadlines that it no longer waits for.
    pub(crate) fn push(&mut self, due: i64, token: u64) {
        self.due.push(Reverse((due, token)));
    }

    pub(crate) fn pop_due(&mut self, now: i64) -> Option<(i64, u64)> {
        let &Reverse((due, _)) = self.due.peek()?;
        if due > now {
            return None;
        }
        self.due.pop().map(|Reverse(entry)| entry)
    }

    /// Sets the timer to the earliest deadline, if it is not set to it already. The descriptor is
    /// watched edge-triggered, so that it need not be read.
    pub(crate) fn arm(&mut self) -> nix::Result<()> {
        let Some(&Reverse((due, _))) = self.due.peek() else {
            return Ok(());
        };
        if due == self.armed_for {
            return Ok(());
        }
        // A time of zero would disarm the timer; one in the past fires at once.
        let at = Expiration::OneShot(TimeSpec::nanoseconds(due.max(1)));
        self.timer.set(at, TimerSetTimeFlags::TFD_TIMER_ABSTIME)?;
        self.armed_for = due;
        Ok(())
    }
}

/// The due times of one request's tokens.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    next: i64,
    itl: i64,
    jitter: f64,
    random: u64,
}

impl Pace {
    /// The schedule of request `seq` that may start at `start` (monotonic nanoseconds).
    pub(crate) fn new(config: &SimConfig, seq: u64, start: i64) -> Self {
        let itl = nanos(config.itl);
        let random = config.seed ^ seq.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut pace = Self {
            next: start,
            itl,
            jitter: config.jitter,
            random,
        };
        pace.next += pace.vary(nanos(config.ttft));
        if config.lockstep && itl > 0 {
            // Waves leave at multiples of the gap, for all requests alike.
            pace.next = pace.next.div_euclid(itl) * itl
                + if pace.next.rem_euclid(itl) == 0 {
                    0
                } else {
                    itl
                };
            pace.jitter = 0.0;
        }
        pace
    }

    /// When the next token is due.
    pub(crate) fn due(&self) -> i64 {
        self.next
    }

    /// Moves on to the token after it.
    pub(crate) fn advance(&mut self) {
        self.next += self.vary(self.itl);
    }

    pub(crate) fn is_immediate(&self) -> bool {
        self.itl == 0
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a duration times at most 2 fits"
    )]
    fn vary(&mut self, duration: i64) -> i64 {
        if self.jitter <= 0.0 {
            return duration;
        }
        let unit = (self.random_bits() >> 11) as f64 / (1_u64 << 53) as f64;
        (duration as f64 * (1.0 + self.jitter * (2.0 * unit - 1.0))) as i64
    }

    /// The `SplitMix64` generator: one addition and three multiplications, any seed is good.
    fn random_bits(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }
}

fn nanos(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn dues(config: &SimConfig, seq: u64, start: i64) -> Vec<i64> {
        let mut pace = Pace::new(config, seq, start);
        (0..4)
            .map(|_| {
                let due = pace.due();
                pace.advance();
                due
            })
            .collect()
    }

    fn config() -> SimConfig {
        SimConfig {
            ttft: Duration::from_nanos(100),
            itl: Duration::from_nanos(10),
            ..SimConfig::default()
        }
    }

    #[test]
    fn tokens_are_due_on_an_absolute_schedule() {
        assert_eq!(dues(&config(), 1, 1_000), [1_100, 1_110, 1_120, 1_130]);
    }

    #[test]
    fn lockstep_puts_requests_on_one_grid() {
        let config = SimConfig {
            lockstep: true,
            ..config()
        };
        assert_eq!(dues(&config, 1, 1_003), [1_110, 1_120, 1_130, 1_140]);
        assert_eq!(dues(&config, 2, 1_010), [1_110, 1_120, 1_130, 1_140]);
    }

    #[test]
    fn jitter_repeats_for_a_seed_and_differs_between_requests() {
        let config = SimConfig {
            ttft: Duration::from_secs(1),
            itl: Duration::from_secs(1),
            jitter: 0.5,
            ..config()
        };
        assert_eq!(dues(&config, 1, 0), dues(&config, 1, 0));
        assert_ne!(dues(&config, 1, 0), dues(&config, 2, 0));
        let gaps = dues(&config, 1, 0);
        assert!(
            gaps.windows(2)
                .all(|pair| (500_000_000..=1_500_000_000).contains(&(pair[1] - pair[0])))
        );
    }

    #[test]
    fn timers_come_back_in_order_of_time() {
        let mut timers = Timers::new().unwrap();
        timers.push(30, 3);
        timers.push(10, 1);
        assert_eq!(timers.pop_due(9), None);
        assert_eq!(timers.pop_due(30), Some((10, 1)));
        assert_eq!(timers.pop_due(30), Some((30, 3)));
        assert_eq!(timers.pop_due(30), None);
    }
}
