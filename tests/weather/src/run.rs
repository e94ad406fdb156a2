//! Carries out a case.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aiperf_sim::{AUTHORITY, SimConfig, StagedSim, Truth, Weather};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::case::{Act, Case, Peer};
use crate::check;
use crate::error::Error;
use crate::proxy;

/// Where a run puts its files.
pub(crate) const OUT: &str = "out";
/// Certificate of the authority behind the simulated server, in that folder.
pub(crate) const AUTHORITY_FILE: &str = "authority.pem";
/// One line a request.
pub(crate) const REQUESTS: &str = "profile_export.jsonl";
/// One line a reading.
const SCRAPES: &str = "server_metrics_export.jsonl";
/// Lines of requests after which a run is under way, and readings after which one without load is.
const UNDER_WAY: usize = 10;
const READINGS: usize = 5;
/// How often something is looked at that tells nothing by itself.
const GLANCE: Duration = Duration::from_millis(5);
/// SIGINT in a mask of signals.
const SIGINT: u64 = 1 << (Signal::SIGINT as u64 - 1);

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it said.
    pub stderr: String,
    /// How long it took.
    pub time: Duration,
    /// Most memory that it held, in bytes; zero if that is not known.
    pub memory: u64,
    /// It was still there at its limit, and was killed.
    pub hung: bool,
}

/// What came of a case.
#[derive(Debug)]
pub struct Outcome {
    /// How the run ended.
    pub ended: Ended,
    /// What is not as it should be; nothing if the fault was weathered.
    pub problems: Vec<String>,
}

/// Carries out `case` with the program at `aiperf`, in a folder that is gone afterwards; `None` if it
/// cannot be brought about on this machine.
///
/// # Errors
/// If it cannot be tried.
pub fn run(case: &Case, aiperf: &Path) -> Result<Option<Outcome>, Error> {
    if !is_possible(case) {
        return Ok(None);
    }
    let folder = tempfile::tempdir().map_err(Error::io("temporary"))?;
    let peer = Other::start(case.peer)?;
    let (url, proxy) = (peer.url(), peer.proxy());
    if !case.config.is_empty() {
        let path = folder.path().join("aiperf.toml");
        let text = case.config.replace("{url}", &url);
        fs::write(&path, text).map_err(Error::io(path))?;
    }
    let path = folder.path().join(AUTHORITY_FILE);
    fs::write(&path, AUTHORITY).map_err(Error::io(path))?;
    let ended = carry_out(case, aiperf, &folder, [&url, &proxy])?;
    let truth = peer.stop();
    let problems = check::problems(case, &ended, folder.path(), aiperf, &truth);
    Ok(Some(Outcome { ended, problems }))
}

fn is_possible(case: &Case) -> bool {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", case.needs]);
    shell.stdout(Stdio::null()).stderr(Stdio::null());
    case.needs.is_empty() || shell.status().is_ok_and(|status| status.success())
}

/// Who is on the other side of a run.
enum Other {
    Sim(Box<StagedSim>),
    Nobody(String),
    Silent(TcpListener),
    Proxied(Box<StagedSim>, String, String),
}

impl Other {
    fn start(peer: Peer) -> Result<Self, Error> {
        let (faults, pages) = match peer {
            Peer::Sim(faults, pages) => (faults, pages),
            Peer::Nobody(url) => return Ok(Self::Nobody(url.to_owned())),
            Peer::Proxied(url, fault) => {
                let sim = Box::new(StagedSim::start(config(), Weather::default())?);
                let proxy = proxy::start(fault, sim.url()).map_err(Error::io("a port"))?;
                return Ok(Self::Proxied(sim, url.to_owned(), proxy));
            }
            Peer::Silent => {
                let listener = TcpListener::bind("127.0.0.1:0");
                return listener.map(Self::Silent).map_err(Error::io("a port"));
            }
        };
        let mut weather = Weather::default();
        for fault in faults {
            weather.add(fault)?;
        }
        if !pages.is_empty() {
            weather.add_to_pages(pages)?;
        }
        Ok(Self::Sim(Box::new(StagedSim::start(config(), weather)?)))
    }

    fn url(&self) -> String {
        match self {
            Self::Sim(sim) => sim.url().to_owned(),
            Self::Nobody(url) | Self::Proxied(_, url, _) => url.clone(),
            Self::Silent(listener) => listener
                .local_addr()
                .map_or_else(|_| String::new(), |address| format!("http://{address}")),
        }
    }

    /// Address of the proxy; empty without one.
    fn proxy(&self) -> String {
        match self {
            Self::Proxied(_, _, proxy) => proxy.clone(),
            _ => String::new(),
        }
    }

    fn stop(self) -> Vec<Truth> {
        match self {
            Self::Sim(sim) | Self::Proxied(sim, ..) => sim.stop(),
            Self::Nobody(_) | Self::Silent(_) => Vec::new(),
        }
    }
}

/// A server that is faster than any.
fn config() -> SimConfig {
    SimConfig {
        ttft: Duration::from_millis(5),
        itl: Duration::from_millis(1),
        ..SimConfig::default()
    }
}

/// The command of a case, in `folder`, without the tester's environment. `url` and `proxy` are those of the
/// other side.
fn command(case: &Case, aiperf: &Path, folder: &Path, [url, proxy]: [&str; 2]) -> Command {
    let mut command = if case.shell.is_empty() {
        Command::new(aiperf)
    } else {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", case.shell]).arg(aiperf);
        shell
    };
    let args = case.args.iter();
    let args = args.map(|arg| arg.replace("{url}", url).replace("{proxy}", proxy));
    command
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null());
    command
}

fn carry_out(
    case: &Case,
    aiperf: &Path,
    folder: &TempDir,
    others: [&str; 2],
) -> Result<Ended, Error> {
    let [stdout, stderr] = ["stdout", "stderr"].map(|name| folder.path().join(name));
    let create = |path: &Path| File::create(path).map_err(Error::io(path));
    let mut command = command(case, aiperf, folder.path(), others);
    command.stderr(create(&stderr)?);
    command.stdout(create(&stdout)?);
    if case.act == Act::CloseStdout {
        command.stdout(Stdio::piped());
    }
    let since = Instant::now();
    let mut child = command.spawn().map_err(Error::io(aiperf))?;
    drop(child.stdout.take());
    let mut running = Running {
        memory: 0,
        give_up: since + case.expect.limit,
        act: case.act,
        signals: (&[], 0),
    };
    let hung = running.watch(&mut child, folder.path(), &stderr)?;
    let status = child.wait().map_err(Error::io(aiperf))?;
    let said = fs::read(&stderr).map_err(Error::io(stderr))?;
    Ok(Ended {
        code: status.code(),
        stderr: String::from_utf8_lossy(&said).into_owned(),
        time: since.elapsed(),
        memory: running.memory,
        hung,
    })
}

/// A run that goes on.
struct Running {
    memory: u64,
    give_up: Instant,
    /// What is still to be done.
    act: Act,
    /// Signals that are still to be sent, the next one when so many lines have been said.
    signals: (&'static [Signal], usize),
}

impl Running {
    /// Waits for the end and acts meanwhile; true if it had to be killed.
    fn watch(&mut self, child: &mut Child, folder: &Path, stderr: &Path) -> Result<bool, Error> {
        let id = i32::try_from(child.id()).map_or(Pid::this(), Pid::from_raw);
        loop {
            if child.try_wait().map_err(Error::io("child"))?.is_some() {
                return Ok(false);
            }
            if Instant::now() > self.give_up {
                child.kill().map_err(Error::io("child"))?;
                return Ok(true);
            }
            self.memory = self.memory.max(status(id, "VmHWM:", 10) * 1024);
            self.act(id, folder)?;
            self.signal(id, lines(stderr))?;
            std::thread::sleep(GLANCE);
        }
    }

    fn act(&mut self, id: Pid, folder: &Path) -> Result<(), Error> {
        let out = folder.join(OUT);
        let is_time = match self.act {
            Act::Nothing | Act::CloseStdout => false,
            Act::RemoveFolder | Act::Signal(_) => {
                let has_load = out.join("inputs.json").exists();
                let readings = || !has_load && lines(&out.join(SCRAPES)) >= READINGS;
                lines(&out.join(REQUESTS)) >= UNDER_WAY || readings()
            }
            Act::SignalAtOnce(_) => status(id, "SigCgt:", 16) & SIGINT != 0,
        };
        if !is_time {
            return Ok(());
        }
        match std::mem::replace(&mut self.act, Act::Nothing) {
            Act::RemoveFolder => fs::remove_dir_all(&out).map_err(Error::io(out))?,
            Act::Signal(signals) | Act::SignalAtOnce(signals) => self.signals = (signals, 0),
            Act::Nothing | Act::CloseStdout => {}
        }
        Ok(())
    }

    fn signal(&mut self, id: Pid, said: usize) -> Result<(), Error> {
        let (signals, after) = self.signals;
        let Some((signal, rest)) = signals.split_first().filter(|_| said >= after) else {
            return Ok(());
        };
        // One that is ignored is not answered.
        let mask = status(id, "SigIgn:", 16);
        let is_heard = mask & 1 << (*signal as u64 - 1) == 0;
        self.signals = (rest, said + usize::from(is_heard));
        Ok(kill(id, *signal)?)
    }
}

/// Whole lines of a file; none if it is not there.
fn lines(path: &Path) -> usize {
    let ends = |text: Vec<u8>| text.split(|byte| *byte == b'\n').count() - 1;
    fs::read(path).map_or(0, ends)
}

/// A number in `/proc/PID/status`; zero where it is not told.
fn status(id: Pid, field: &str, radix: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let word = line.and_then(|rest| rest.split_whitespace().next());
    word.and_then(|word| u64::from_str_radix(word, radix).ok())
        .unwrap_or(0)
}
