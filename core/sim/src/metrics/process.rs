//! What the operating system says about this process and machine.

use std::fs;
use std::sync::Mutex;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::clock::{SECOND, monotonic, unix_seconds};
use crate::truth::lock;

/// Shortest time over which a CPU share is taken.
const SHARE_WINDOW: i64 = SECOND / 10;

/// One reading. Bytes, seconds and counts; memory of the machine, not of the process, where so named.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reading {
    pub(super) user_seconds: f64,
    pub(super) system_seconds: f64,
    /// Share of one core since the last reading, 1 is one core.
    pub(super) cpu_share: f64,
    pub(super) resident_bytes: f64,
    pub(super) virtual_bytes: f64,
    pub(super) open_files: f64,
    pub(super) machine_memory_used: f64,
    pub(super) machine_memory_total: f64,
}

#[derive(Debug, Clone, Copy)]
struct Share {
    at: i64,
    cpu_seconds: f64,
    value: f64,
}

/// Reads the process's own figures.
#[derive(Debug)]
pub(crate) struct Process {
    /// Unix seconds.
    pub(super) start_time: f64,
    pub(super) max_files: f64,
    share: Mutex<Share>,
}

impl Process {
    pub(crate) fn new() -> Self {
        let (user, system) = cpu_seconds();
        Self {
            start_time: unix_seconds(),
            max_files: getrlimit(Resource::RLIMIT_NOFILE).map_or(0.0, |(soft, _)| soft as f64),
            share: Mutex::new(Share {
                at: monotonic(),
                cpu_seconds: user + system,
                value: 0.0,
            }),
        }
    }

    /// Takes a reading, from three small files of `/proc`.
    pub(crate) fn read(&self) -> Reading {
        let (user_seconds, system_seconds) = cpu_seconds();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let total = kilobytes(&memory, "MemTotal:");
        Reading {
            user_seconds,
            system_seconds,
            cpu_share: self.share(user_seconds + system_seconds),
            resident_bytes: kilobytes(&status, "VmRSS:"),
            virtual_bytes: kilobytes(&status, "VmSize:"),
            open_files: open_files(),
            machine_memory_used: total - kilobytes(&memory, "MemAvailable:"),
            machine_memory_total: total,
        }
    }

    fn share(&self, cpu_seconds: f64) -> f64 {
        let mut last = lock(&self.share);
        let now = monotonic();
        let elapsed = now - last.at;
        if elapsed >= SHARE_WINDOW {
            let value = (cpu_seconds - last.cpu_seconds) / (elapsed as f64 / 1e9);
            *last = Share {
                at: now,
                cpu_seconds,
                value,
            };
        }
        last.value
    }
}

/// User and system time of all threads.
fn cpu_seconds() -> (f64, f64) {
    getrusage(UsageWho::RUSAGE_SELF).map_or((0.0, 0.0), |usage| {
        (
            usage.user_time().num_microseconds() as f64 / 1e6,
            usage.system_time().num_microseconds() as f64 / 1e6,
        )
    })
}

/// Value in bytes of a line such as `VmRSS:  1756 kB`; 0 if it is not there.
fn kilobytes(text: &str, name: &str) -> f64 {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse::<f64>().ok())
        .map_or(0.0, |kilobytes| kilobytes * 1024.0)
}

/// Since Linux 6.2 the size of the directory is the number of descriptors, which spares reading
/// hundreds of entries; before, the size is 0.
fn open_files() -> f64 {
    let directory = "/proc/self/fd";
    match fs::metadata(directory) {
        Ok(metadata) if metadata.len() > 0 => metadata.len() as f64,
        _ => fs::read_dir(directory).map_or(0.0, |entries| entries.count() as f64),
    }
}

impl Reading {
    /// This reading shared out among `servers` that are in truth one process.
    pub(super) fn divided(self, servers: usize) -> Self {
        let share = 1.0 / servers.max(1) as f64;
        Self {
            user_seconds: self.user_seconds * share,
            system_seconds: self.system_seconds * share,
            cpu_share: self.cpu_share * share,
            resident_bytes: self.resident_bytes * share,
            virtual_bytes: self.virtual_bytes * share,
            open_files: self.open_files * share,
            machine_memory_used: self.machine_memory_used * share,
            machine_memory_total: self.machine_memory_total * share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_of_a_living_process() {
        let process = Process::new();
        let reading = process.read();
        assert!(reading.resident_bytes > 0.0 && reading.virtual_bytes >= reading.resident_bytes);
        assert!(reading.open_files >= 3.0, "{}", reading.open_files);
        assert!(reading.machine_memory_total > reading.machine_memory_used);
    }
}
