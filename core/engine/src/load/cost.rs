//! What a phase costs the machine that sends the load.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::http::{Clock, MonoNs};

use super::machine::{CpuQuota, CpuTicks};

/// Ticks of all processors together below which shares of them say nothing.
const MIN_TICKS: u64 = 20;

/// What one load thread used in a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThreadUse {
    /// CPU time. Close to the length of the phase, it means that the load generator was the limit.
    pub cpu: Duration,
    /// Time in which it was ready to run and had no processor. `None` where the system does not
    /// tell.
    pub waited: Option<Duration>,
}

/// Shares of the time of all processors, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MachineUse {
    /// Not idle, whoever used it; stolen time is part of it.
    pub busy: f64,
    /// Given to other machines by the hypervisor.
    pub stolen: f64,
}

/// What a phase cost, from before its first connection was opened until its last request had ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhaseUse {
    /// How long that was.
    pub elapsed: Duration,
    /// CPU time of this process, all its threads included.
    pub process_cpu: Duration,
    /// One entry a load thread.
    pub threads: Vec<ThreadUse>,
    /// The whole machine. `None` where the system does not tell, or the phase was too short for its
    /// clock of 10 ms.
    pub machine: Option<MachineUse>,
    /// Processors that a quota leaves to this process; `None` without one.
    pub cpu_limit: Option<f64>,
    /// CPU time that a quota took from this process. `None` where the system does not tell.
    pub throttled: Option<Duration>,
}

/// Measures a [`PhaseUse`].
#[derive(Debug)]
pub(super) struct Meter {
    quota: CpuQuota,
    start: MonoNs,
    process_cpu: Duration,
    ticks: Option<CpuTicks>,
    throttled: Vec<Duration>,
}

impl Meter {
    pub(super) fn start(clock: &Clock) -> Self {
        let quota = CpuQuota::of_process();
        Self {
            throttled: quota.throttled(),
            quota,
            ticks: CpuTicks::now(),
            process_cpu: process_cpu(),
            start: clock.now(),
        }
    }

    pub(super) fn stop(self, clock: &Clock, threads: Vec<ThreadUse>) -> PhaseUse {
        let ticks = self.ticks.zip(CpuTicks::now());
        let held_back = self.throttled.iter().zip(self.quota.throttled());
        PhaseUse {
            elapsed: clock.now().until(self.start),
            process_cpu: process_cpu().saturating_sub(self.process_cpu),
            threads,
            machine: ticks.and_then(|(before, after)| machine(before, after)),
            cpu_limit: self.quota.limit(),
            // Quotas of nested groups run out at the same time: the worst one is what we felt.
            throttled: held_back
                .map(|(before, after)| after.saturating_sub(*before))
                .max(),
        }
    }
}

/// CPU time that this process has used so far; zero where the system does not tell.
fn process_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

fn machine(before: CpuTicks, after: CpuTicks) -> Option<MachineUse> {
    let total = after.total.saturating_sub(before.total);
    if total < MIN_TICKS {
        return None;
    }
    let share = |before: u64, after: u64| after.saturating_sub(before) as f64 / total as f64;
    Some(MachineUse {
        busy: (1.0 - share(before.idle, after.idle)).max(0.0),
        stolen: share(before.stolen, after.stolen),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(idle: u64, stolen: u64, total: u64) -> CpuTicks {
        CpuTicks {
            idle,
            stolen,
            total,
        }
    }

    #[test]
    fn the_machine_is_busy_when_it_is_not_idle() {
        let used = machine(ticks(100, 10, 1000), ticks(150, 20, 1200));
        let expected = MachineUse {
            busy: 0.75,
            stolen: 0.05,
        };
        assert_eq!(used, Some(expected));
    }

    #[test]
    fn a_few_ticks_say_nothing() {
        assert_eq!(machine(ticks(0, 0, 0), ticks(0, 0, MIN_TICKS - 1)), None);
    }

    #[test]
    fn idle_time_that_runs_backwards_is_no_negative_use() {
        // `iowait` may decrease; see proc(5).
        let used = machine(ticks(100, 0, 100), ticks(90, 0, 200));
        assert_eq!(used.map(|used| used.busy), Some(1.0));
    }

    #[test]
    fn a_phase_that_computes_costs_cpu_time() {
        let clock = Clock::new();
        let meter = Meter::start(&clock);
        let before = process_cpu();
        while process_cpu() == before {
            std::hint::spin_loop();
        }
        let used = meter.stop(&clock, vec![ThreadUse::default()]);
        assert!(used.process_cpu > Duration::ZERO && used.elapsed > Duration::ZERO);
        assert_eq!(used.threads.len(), 1);
    }
}
