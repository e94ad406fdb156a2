//! What the system says of its processors, and of our right to use them.
//!
//! Linux tells it in `/proc` and `/sys/fs/cgroup`; elsewhere, and where a file is hidden, nothing is
//! known and nothing is invented.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where control groups are mounted: version 2, version 1, and both versions side by side.
const CGROUP_ROOTS: [&str; 4] = [
    "/sys/fs/cgroup",
    "/sys/fs/cgroup/cpu",
    "/sys/fs/cgroup/cpu,cpuacct",
    "/sys/fs/cgroup/unified",
];

/// Time of all processors since the machine started, in ticks (10 ms on most systems).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CpuTicks {
    pub(super) idle: u64,
    /// Time that a hypervisor gave to other machines.
    pub(super) stolen: u64,
    pub(super) total: u64,
}

impl CpuTicks {
    pub(super) fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// Reads `cpu user nice system idle iowait irq softirq steal …`. Guest time, which follows, is
    /// part of user time already.
    fn parse(stat: &str) -> Option<Self> {
        let fields = stat.lines().next()?.strip_prefix("cpu ")?;
        let mut fields = fields.split_ascii_whitespace().take(8);
        let mut next = || fields.next()?.parse::<u64>().ok();
        let mut busy = next()? + next()? + next()?;
        let idle = next()? + next()?;
        busy += next()? + next()?;
        let stolen = next().unwrap_or(0);
        Some(Self {
            idle,
            stolen,
            total: busy + idle + stolen,
        })
    }
}

/// How long the calling thread has been ready to run and had no processor, since it started.
pub(super) fn thread_wait() -> Option<Duration> {
    parse_wait(&fs::read_to_string("/proc/thread-self/schedstat").ok()?)
}

/// Reads `running waiting slices`, in nanoseconds.
fn parse_wait(schedstat: &str) -> Option<Duration> {
    let waiting = schedstat.split_ascii_whitespace().nth(1)?;
    waiting.parse().ok().map(Duration::from_nanos)
}

/// How long a quota has held our processes back, from `cpu.stat` of either version of control
/// groups: `throttled_usec`, or `throttled_time` in nanoseconds.
fn parse_throttled(stat: &str) -> Option<Duration> {
    let value = |name: &str| -> Option<u64> {
        let mut lines = stat.lines();
        lines.find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    let micros = value("throttled_usec ").map(Duration::from_micros);
    micros.or_else(|| value("throttled_time ").map(Duration::from_nanos))
}

/// The control groups that limit our processor time: our own and those above it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CpuQuota {
    folders: Vec<PathBuf>,
}

impl CpuQuota {
    pub(super) fn of_process() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mut folders = candidates(&groups);
        folders.retain(|folder| throttled(folder).is_some());
        Self { folders }
    }

    /// How long each group has been held back, added up over processors. One entry a group, in the
    /// same order at every call.
    pub(super) fn throttled(&self) -> Vec<Duration> {
        let read = |folder: &PathBuf| throttled(folder).unwrap_or_default();
        self.folders.iter().map(read).collect()
    }

    /// Processors that we may use; `None` without a limit.
    pub(super) fn limit(&self) -> Option<f64> {
        let limits = self.folders.iter().filter_map(|folder| limit(folder));
        limits.reduce(f64::min)
    }
}

/// Folders that may belong to the groups in `/proc/self/cgroup` (`id:controllers:path` a line).
///
/// In a container the path is often the host's and does not exist; the group that is then found is
/// the one at the root of the mount, which is the container's.
fn candidates(groups: &str) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        if !controllers.is_empty() && !controllers.split(',').any(|name| name == "cpu") {
            continue;
        }
        for root in CGROUP_ROOTS {
            let own = Path::new(root).join(path.trim_start_matches('/'));
            let within = |folder: &&Path| folder.starts_with(root);
            folders.extend(own.ancestors().take_while(within).map(Path::to_owned));
        }
    }
    folders.sort_unstable();
    folders.dedup();
    folders
}

fn throttled(folder: &Path) -> Option<Duration> {
    parse_throttled(&fs::read_to_string(folder.join("cpu.stat")).ok()?)
}

fn limit(folder: &Path) -> Option<f64> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    // Version 1 keeps in two files what version 2 writes on one line.
    let v1 = || Some(read("cpu.cfs_quota_us")? + " " + &read("cpu.cfs_period_us")?);
    quota(&read("cpu.max").or_else(v1)?)
}

/// Quota and period. `max`, and -1 in version 1, mean that there is no limit.
fn quota(text: &str) -> Option<f64> {
    let mut fields = text.split_ascii_whitespace();
    let quota: f64 = fields.next()?.parse().ok()?;
    let period: f64 = fields.next()?.parse().ok()?;
    (quota > 0.0 && period > 0.0).then(|| quota / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_added_up_without_guests() {
        let stat = "cpu  100 5 20 700 30 1 4 40 100 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n";
        let expected = CpuTicks {
            idle: 730,
            stolen: 40,
            total: 900,
        };
        assert_eq!(CpuTicks::parse(stat), Some(expected));
        assert_eq!(CpuTicks::parse("cpu  1 2 three"), None);
        assert_eq!(CpuTicks::parse(""), None);
    }

    #[test]
    fn waiting_is_the_second_field() {
        assert_eq!(
            parse_wait("140051 72608 2\n"),
            Some(Duration::from_nanos(72_608))
        );
        assert_eq!(parse_wait("140051"), None);
    }

    #[test]
    fn both_versions_of_cpu_stat_are_read() {
        let expected = Some(Duration::from_micros(250));
        let v2 = "usage_usec 99\nnr_periods 10\nnr_throttled 3\nthrottled_usec 250\n";
        let v1 = "nr_periods 10\nnr_throttled 3\nthrottled_time 250000\n";
        assert_eq!(parse_throttled(v2), expected);
        assert_eq!(parse_throttled(v1), expected);
        assert_eq!(parse_throttled("usage_usec 99\n"), None, "no quota here");
    }

    #[test]
    fn a_limit_is_quota_by_period() {
        assert_eq!(quota("150000 100000\n"), Some(1.5));
        assert_eq!(quota("max 100000\n"), None);
        assert_eq!(quota("-1\n 100000\n"), None);
        assert_eq!(quota("100000 0"), None);
    }

    #[test]
    fn own_group_and_those_above_it_are_looked_at() {
        let has = |groups: &str, folder: &str| candidates(groups).contains(&PathBuf::from(folder));
        let v2 = "0::/user.slice/run.scope\n";
        assert!(has(v2, "/sys/fs/cgroup/user.slice/run.scope"));
        assert!(has(v2, "/sys/fs/cgroup/user.slice"));
        assert!(has(v2, "/sys/fs/cgroup"));
        assert!(!has(v2, "/sys/fs"));
        let v1 = "4:memory:/m\n1:cpu,cpuacct:/box\n";
        assert!(has(v1, "/sys/fs/cgroup/cpu,cpuacct/box"));
        assert!(!has(v1, "/sys/fs/cgroup/cpu/m"), "memory is no processor");
        assert_eq!(candidates("garbage\n"), Vec::<PathBuf>::new());
    }
}
