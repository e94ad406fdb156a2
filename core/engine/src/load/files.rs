//! Open files: every connection is one, and the system limits them.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::error::LoadError;

/// Files that a process has open beside its connections: those of the run, of plugins, of runtimes.
const RESERVED: u64 = 64;
/// Files that a load thread needs for itself.
const A_THREAD: u64 = 4;

/// Connections at once where nothing limits them.
const MOST: u64 = 1_000_000;

/// What will be open at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFiles {
    /// Requests in flight; `None` is as many as the system allows, up to a million.
    pub connections: Option<u64>,
    /// Load threads.
    pub threads: u64,
    /// Sources of metrics.
    pub sources: u64,
    /// The servers are in this process as well: each connection has two ends here.
    pub both_ends: bool,
}

impl OpenFiles {
    /// What is open with so many connections.
    fn with(self, connections: u64) -> u64 {
        let ends = if self.both_ends { 2 } else { 1 };
        let own = RESERVED + self.threads.min(connections) * A_THREAD;
        self.sources
            .saturating_add(connections)
            .saturating_mul(ends)
            .saturating_add(own)
    }

    /// Connections for which `limit` files are enough.
    fn room(self, limit: u64) -> u64 {
        let left = limit.saturating_sub(self.with(0) + self.threads * A_THREAD);
        left / if self.both_ends { 2 } else { 1 }
    }

    /// Raises the limit of this process to what it needs, as far as the system lets it. Returns for
    /// how many connections there is room.
    ///
    /// # Errors
    /// [`LoadError::TooFewFiles`] if that is not far enough.
    pub fn provide(self) -> Result<usize, LoadError> {
        let room = |connections| usize::try_from(connections).unwrap_or(usize::MAX);
        // A system that does not tell its limits is left alone: connecting will say what is wrong.
        let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
            return Ok(room(self.connections.unwrap_or(MOST)));
        };
        let connections = self
            .connections
            .unwrap_or_else(|| self.room(hard).clamp(1, MOST));
        let needed = self.with(connections);
        let too_few = |limit| LoadError::TooFewFiles {
            needed,
            connections,
            sources: self.sources,
            limit,
        };
        if hard < needed {
            return Err(too_few(hard));
        }
        if soft < needed && setrlimit(Resource::RLIMIT_NOFILE, needed, hard).is_err() {
            return Err(too_few(soft));
        }
        Ok(room(connections))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_had_is_told_with_the_figure() {
        let files = OpenFiles {
            connections: Some(u64::MAX / 2),
            threads: 8,
            sources: 3,
            both_ends: false,
        };
        let error = files.provide().unwrap_err().to_string();
        let needed = format!("`ulimit -n {}`", u64::MAX / 2 + 3 + 64 + 32);
        for text in ["3 metrics endpoints", "--concurrency", &needed] {
            assert!(error.contains(text), "`{text}` in {error}");
        }
    }

    #[test]
    fn without_a_limit_there_is_as_much_room_as_the_system_gives() {
        let room = OpenFiles::default().provide().unwrap();
        assert!((1..=1_000_000).contains(&room), "{room}");
        for both_ends in [false, true] {
            let files = OpenFiles {
                threads: 4,
                sources: 3,
                both_ends,
                ..OpenFiles::default()
            };
            let room = files.room(1024);
            assert!((1020..=1024).contains(&files.with(room)), "{files:?}");
        }
    }
}
