//! The report that exporters get, read once for all of them.
//!
//! A report of many servers takes hundreds of megabytes, and every exporter of a program gets the same
//! one, on a thread of its own. Those whose parts are the same, byte for byte, share what was made of
//! them. It lives as long as one of them uses it. Where the host is in the same program as the exporter,
//! parts that are those of the host's report are that report, and nobody reads them. A library has
//! exporters of its own only, and so it shares among these.

use std::hash::{BuildHasher, RandomState};
use std::sync::{
    Arc, LazyLock, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};

use crate::report::{Chunk, Report};

/// What is being made of parts of late.
type Latest = Mutex<Weak<RwLock<Made>>>;

/// That of the program or library.
static LATEST: Latest = Mutex::new(Weak::new());

/// The report of one exporter, as far as its parts have come.
#[derive(Debug)]
pub(super) struct SharedReport {
    latest: &'static Latest,
    /// `None` before the first part.
    made: Option<Arc<RwLock<Made>>>,
    /// How many of its parts are those of this exporter.
    taken: usize,
}

/// A report, and the parts that it was made of.
#[derive(Debug, Default)]
struct Made {
    parts: Vec<Part>,
    report: Whole,
}

/// The report of some parts.
#[derive(Debug)]
enum Whole {
    /// Made of them.
    Read(Box<Report>),
    /// They were made of it.
    Hosts(Arc<Report>),
}

impl Default for Whole {
    fn default() -> Self {
        Self::Read(Box::default())
    }
}

impl Whole {
    fn report(&self) -> &Report {
        match self {
            Self::Read(report) => report,
            Self::Hosts(report) => report,
        }
    }
}

/// The host's report on its way to an exporter.
#[derive(Debug)]
pub(crate) struct Offered {
    made: Arc<RwLock<Made>>,
    shown: usize,
}

impl Offered {
    /// `report`, with the parts of it that any exporter has been told of.
    pub(crate) fn new(report: &Arc<Report>) -> Self {
        Self::among(&LATEST, report)
    }

    fn among(latest: &'static Latest, report: &Arc<Report>) -> Self {
        let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
        let is_its = |made: &Arc<RwLock<Made>>| match &read(made).report {
            Whole::Hosts(hosts) => Arc::ptr_eq(hosts, report),
            Whole::Read(_) => false,
        };
        let made = latest.upgrade().filter(is_its).unwrap_or_else(|| {
            let made = Made {
                parts: Vec::new(),
                report: Whole::Hosts(Arc::clone(report)),
            };
            let made = Arc::new(RwLock::new(made));
            *latest = Arc::downgrade(&made);
            made
        });
        Self { made, shown: 0 }
    }

    /// The exporter is about to get this part, with which the report has `servers` servers.
    pub(crate) fn show(&mut self, text: &str, servers: usize) {
        if read(&self.made).parts.len() == self.shown {
            let digest = Digest::of(text);
            let mut made = write(&self.made);
            // Another exporter may have got it meanwhile.
            if made.parts.len() == self.shown {
                made.parts.push(Part { digest, servers });
            }
        }
        self.shown += 1;
    }
}

/// A part that was read.
#[derive(Debug, Clone, Copy)]
struct Part {
    digest: Digest,
    /// Servers of the report when it had been added.
    servers: usize,
}

/// Tells texts apart: their length, and 128 bits under keys that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Digest(usize, [u64; 2]);

impl Digest {
    fn of(text: &str) -> Self {
        static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(Default::default);
        Self(text.len(), KEYS.each_ref().map(|key| key.hash_one(text)))
    }
}

/// What became of a part.
enum Taken {
    /// It is in the report.
    Yes,
    /// Another part has its place.
    Otherwise,
}

impl Default for SharedReport {
    fn default() -> Self {
        Self::among(&LATEST)
    }
}

impl SharedReport {
    fn among(latest: &'static Latest) -> Self {
        Self {
            latest,
            made: None,
            taken: 0,
        }
    }

    /// Adds the next part.
    ///
    /// # Errors
    /// If it is no part of a report.
    pub(super) fn add(&mut self, text: &str) -> serde_json::Result<()> {
        let digest = Digest::of(text);
        let Some(made) = self.made.clone() else {
            return self.begin(text, digest);
        };
        let known = read(&made).parts.get(self.taken).map(|part| part.digest);
        let taken = match known {
            Some(known) if known == digest => Taken::Yes,
            Some(_) => Taken::Otherwise,
            None => write(&made).add(self.taken, text, digest)?,
        };
        if matches!(taken, Taken::Otherwise) {
            let mut own = read(&made).until(self.taken);
            own.add(self.taken, text, digest)?;
            self.made = Some(Arc::new(RwLock::new(own)));
        }
        self.taken += 1;
        Ok(())
    }

    /// Joins those who begin with the same part, or begins anew.
    fn begin(&mut self, text: &str, digest: Digest) -> serde_json::Result<()> {
        // Held until the part is there: whoever comes meanwhile can join.
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = |made: &Arc<RwLock<Made>>| {
            let first = read(made).parts.first().map(|part| part.digest);
            first == Some(digest)
        };
        if let Some(made) = latest.upgrade().filter(begins) {
            self.made = Some(made);
        } else {
            let mut made = Made::default();
            made.add(0, text, digest)?;
            let made = Arc::new(RwLock::new(made));
            *latest = Arc::downgrade(&made);
            self.made = Some(made);
        }
        self.taken = 1;
        Ok(())
    }

    /// Shows the report to `show`, and lets go of it.
    pub(super) fn show<T>(&mut self, show: impl FnOnce(&Report) -> T) -> T {
        match self.made.take() {
            Some(made) => {
                let made = read(&made);
                // Others may have got more parts than this one.
                if made.parts.len() == self.taken {
                    show(made.report.report())
                } else {
                    show(made.until(self.taken).report.report())
                }
            }
            None => show(&Report::default()),
        }
    }
}

impl Made {
    /// Adds the part number `at`, unless that is there.
    fn add(&mut self, at: usize, text: &str, digest: Digest) -> serde_json::Result<Taken> {
        if let Some(known) = self.parts.get(at) {
            let is_same = known.digest == digest;
            return Ok(if is_same {
                Taken::Yes
            } else {
                Taken::Otherwise
            });
        }
        let Whole::Read(report) = &mut self.report else {
            return Ok(Taken::Otherwise);
        };
        if let Some(chunk) = Chunk::from_json(text)? {
            report.add(chunk);
        }
        let servers = report.servers.len();
        self.parts.push(Part { digest, servers });
        Ok(Taken::Yes)
    }

    /// What the first `parts` of them make.
    fn until(&self, parts: usize) -> Self {
        let parts = self.parts[..parts].to_vec();
        let servers = parts.last().map_or(0, |part| part.servers);
        let whole = self.report.report();
        let mut report = whole.without_servers();
        report.servers = whole.servers[..servers].to_vec();
        let report = Whole::Read(Box::new(report));
        Self { parts, report }
    }
}

fn read(made: &RwLock<Made>) -> RwLockReadGuard<'_, Made> {
    made.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(made: &RwLock<Made>) -> RwLockWriteGuard<'_, Made> {
    made.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;
    use crate::report::{ServerReport, Warning};

    /// Parts of a report that no other test has, with these servers.
    fn parts(test: &str, servers: &[&str]) -> Vec<String> {
        let warning = Warning {
            subject: test.to_owned(),
            ..Warning::default()
        };
        let head = Report {
            warnings: vec![warning],
            ..Report::default()
        };
        let server = |id: &&str| {
            let server_id = (*id).to_owned();
            let server = ServerReport {
                server_id,
                ..ServerReport::default()
            };
            Chunk::Server(Box::new(server))
        };
        let chunks = std::iter::once(Chunk::Head(Box::new(head)));
        let chunks = chunks.chain(servers.iter().map(server));
        chunks
            .map(|chunk| serde_json::to_string(&chunk).unwrap())
            .collect()
    }

    /// Other tests run beside this one.
    fn alone() -> &'static Latest {
        Box::leak(Box::default())
    }

    fn taken(latest: &'static Latest, parts: &[String]) -> SharedReport {
        let mut shared = SharedReport::among(latest);
        for part in parts {
            shared.add(part).unwrap();
        }
        shared
    }

    fn servers(shared: &mut SharedReport) -> Vec<String> {
        let ids = |report: &Report| report.servers.iter().map(|s| s.server_id.clone()).collect();
        shared.show(ids)
    }

    /// Where a report is in memory.
    fn place(shared: &mut SharedReport) -> usize {
        shared.show(|report| std::ptr::from_ref(report).addr())
    }

    #[test]
    fn the_same_parts_are_one_report_and_gone_when_nobody_uses_it() {
        let latest = alone();
        let parts = parts("same", &["a", "b"]);
        let (mut one, mut other) = (taken(latest, &parts), taken(latest, &parts));
        let made = Arc::downgrade(one.made.as_ref().unwrap());
        assert_eq!(place(&mut one), place(&mut other));
        assert!(made.upgrade().is_none());
        assert_eq!(servers(&mut taken(latest, &parts)), ["a", "b"]);
    }

    #[test]
    fn other_parts_are_another_report() {
        let latest = alone();
        let (here, there) = (parts("other", &["a", "b"]), parts("other", &["a", "c"]));
        let mut one = taken(latest, &here);
        let mut other = taken(latest, &there);
        let mut fewer = taken(latest, &here[..2]);
        let mut more = taken(latest, &parts("other", &["a", "b", "d"]));
        assert_eq!(servers(&mut other), ["a", "c"]);
        assert_eq!(servers(&mut fewer), ["a"]);
        assert_eq!(servers(&mut more), ["a", "b", "d"]);
        assert_eq!(servers(&mut one), ["a", "b"]);
        assert_eq!(servers(&mut SharedReport::among(latest)), [""; 0]);
    }

    #[test]
    fn parts_of_the_host_s_report_are_that_report() {
        let latest = alone();
        let report = Arc::new(Report {
            servers: vec![ServerReport::default(); 2],
            ..Report::default()
        });
        let mut parts = parts("host", &["", ""]);
        let mut offered = Offered::among(latest, &report);
        let mut shared = SharedReport::among(latest);
        for (servers, part) in parts.iter().enumerate() {
            offered.show(part, servers);
            shared.add(part).unwrap();
        }
        let here = std::ptr::from_ref(&*report).addr();
        assert_eq!(place(&mut shared), here);
        // Somebody else's, that only begin as these do.
        parts.push(parts[1].clone());
        let mut other = taken(latest, &parts);
        assert_eq!(servers(&mut other).len(), 3);
        assert_ne!(place(&mut taken(latest, &parts)), here);
        let mut again = Offered::among(latest, &report);
        again.show(&parts[0], 0);
        assert_eq!(read(&again.made).parts.len(), 3);
    }

    #[test]
    fn what_is_no_part_is_an_error_and_leaves_no_trace() {
        let latest = alone();
        let parts = parts("error", &["a"]);
        let mut shared = taken(latest, &parts);
        shared.add("[]").unwrap_err();
        assert_eq!(servers(&mut shared), ["a"]);
        SharedReport::among(latest).add("[]").unwrap_err();
    }

    #[test]
    fn it_does_not_matter_who_is_quicker() {
        let latest = alone();
        let parts = parts("threads", &["a", "b", "c", "d"]);
        let together = Barrier::new(4);
        thread::scope(|scope| {
            for more in 0..4 {
                let (parts, together) = (&parts, &together);
                scope.spawn(move || {
                    together.wait();
                    for _ in 0..200 {
                        let mut shared = taken(latest, &parts[..=more + 1]);
                        assert_eq!(servers(&mut shared).len(), more + 1);
                    }
                });
            }
        });
    }
}
