//! One fault: how it is brought about, and what must come of it.

use std::time::Duration;

use nix::sys::signal::Signal;

/// Part of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Inference requests are answered badly.
    Requests,
    /// Metrics pages are.
    Pages,
    /// The server is gone, or nobody it claims to be.
    Server,
    /// Disk, memory, signals, limits, environment.
    Machine,
}

/// Who is on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// The simulated server, with these faults of requests and the server, and of pages.
    Sim(&'static [&'static str], &'static str),
    /// This URL, where nobody is.
    Nobody(&'static str),
    /// Somebody who accepts connections and says nothing.
    Silent,
    /// This URL, behind a proxy at `{proxy}` before the simulated server.
    Proxied(&'static str, ProxyFault),
}

/// What is wrong with a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyFault {
    /// Nobody listens.
    Absent,
    /// It wants a login (407).
    Login,
    /// It refuses everything (403).
    Refuses,
    /// It speaks another protocol.
    Garbage,
    /// It says nothing.
    Silent,
    /// It cuts answers in the middle, after some good ones.
    Cuts,
}

/// What is done while the run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Nothing,
    /// These signals, once requests have been recorded.
    Signal(&'static [Signal]),
    /// These signals, once the program runs: it waits for a server that never answers.
    SignalAtOnce(&'static [Signal]),
    /// The folder is removed, once requests have been recorded.
    RemoveFolder,
    /// Standard output is closed from the start.
    CloseStdout,
}

/// Which files a run must leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// None: the run did not start.
    None,
    /// All, valid, agreeing with each other and with the server; `aiperf report` makes the same
    /// report again.
    Whole,
    /// Whole lines up to some moment; `aiperf report` recovers what they hold.
    Killed,
    /// Those that could be written are valid; `aiperf report` recovers what they hold.
    Some,
}

/// What must come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expect {
    /// Exit code; `None` if a signal ends it.
    pub code: Option<i32>,
    /// Lines on stderr beside where the files are.
    pub lines: usize,
    /// On stderr, else among the warnings and errors of the report.
    pub says: &'static str,
    /// What it leaves.
    pub files: Files,
    /// When it must have ended.
    pub limit: Duration,
}

/// A fault of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// As in `docs/weather.md`.
    pub name: &'static str,
    /// Part of the list.
    pub group: Group,
    /// Runs within two seconds on an idle machine, everywhere.
    pub quick: bool,
    /// Who is on the other side.
    pub peer: Peer,
    /// Arguments between the command's own; `{url}` is that of the peer.
    pub args: &'static [&'static str],
    /// What `aiperf.toml` holds.
    pub config: &'static str,
    /// How it is brought about, beside what `peer` and `act` say; for people.
    pub means: &'static str,
    /// Shell script that starts `"$0" "$@"`; empty for none.
    pub shell: &'static str,
    /// Shell command that fails where the case cannot be brought about; empty for none.
    pub needs: &'static str,
    /// What is done meanwhile.
    pub act: Act,
    /// What must come of it.
    pub expect: Expect,
}

const IN_TIME: Duration = Duration::from_secs(30);

impl Group {
    /// The test of `tests/cli/weather.rs` that tries what is quick of it.
    pub(crate) const fn test(self) -> &'static str {
        match self {
            Self::Requests => "bad_answers",
            Self::Pages => "bad_pages",
            Self::Server => "lost_servers",
            Self::Machine => "failing_machines",
        }
    }
}

impl Case {
    /// A quick one with whole files, on which the others build.
    pub(crate) const fn new(
        name: &'static str,
        group: Group,
        args: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            group,
            quick: true,
            peer: Peer::Sim(&[], ""),
            args,
            config: "",
            means: "",
            shell: "",
            needs: "",
            act: Act::Nothing,
            expect: Expect {
                code: Some(0),
                lines: 0,
                says: "",
                files: Files::Whole,
                limit: IN_TIME,
            },
        }
    }

    pub(crate) const fn sim(self, faults: &'static [&'static str], pages: &'static str) -> Self {
        Self {
            peer: Peer::Sim(faults, pages),
            ..self
        }
    }

    pub(crate) const fn nobody(self, url: &'static str) -> Self {
        Self {
            peer: Peer::Nobody(url),
            ..self
        }
    }

    pub(crate) const fn silent(self) -> Self {
        Self {
            peer: Peer::Silent,
            ..self
        }
    }

    pub(crate) const fn proxied(self, url: &'static str, fault: ProxyFault) -> Self {
        Self {
            peer: Peer::Proxied(url, fault),
            ..self
        }
    }

    pub(crate) const fn slow(self) -> Self {
        Self {
            quick: false,
            ..self
        }
    }

    pub(crate) const fn config(self, config: &'static str) -> Self {
        Self { config, ..self }
    }

    pub(crate) const fn shell(self, shell: &'static str) -> Self {
        Self { shell, ..self }
    }

    pub(crate) const fn by(self, means: &'static str) -> Self {
        Self { means, ..self }
    }

    pub(crate) const fn needs(self, needs: &'static str) -> Self {
        Self { needs, ..self }
    }

    pub(crate) const fn act(self, act: Act) -> Self {
        Self { act, ..self }
    }

    /// Ends with `code`, after one line that says `says`.
    pub(crate) const fn ends(self, code: i32, says: &'static str) -> Self {
        let expect = Expect {
            code: Some(code),
            lines: if code == 0 { 0 } else { 1 },
            says,
            ..self.expect
        };
        Self { expect, ..self }
    }

    pub(crate) const fn lines(self, lines: usize) -> Self {
        let expect = Expect {
            lines,
            ..self.expect
        };
        Self { expect, ..self }
    }

    /// It is tried only where machines are idle: how long it takes is what it is about.
    pub(crate) const fn within(self, seconds: u64) -> Self {
        let expect = Expect {
            limit: Duration::from_secs(seconds),
            ..self.expect
        };
        Self {
            expect,
            quick: false,
            ..self
        }
    }

    pub(crate) const fn files(self, files: Files) -> Self {
        let expect = Expect {
            files,
            ..self.expect
        };
        Self { expect, ..self }
    }

    /// A signal ends it, with nothing said.
    pub(crate) const fn is_killed(self) -> Self {
        let expect = Expect {
            code: None,
            files: Files::Killed,
            ..self.expect
        };
        Self { expect, ..self }
    }
}
