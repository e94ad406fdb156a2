//! Loads a library in a child process first: what kills that process is an error message here.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;

use super::error::{LoadError, Reason};
use super::file::CheckedFile;
use super::{Inspection, open};

/// Most bytes of a child's output that are read: a library may print without end.
const OUTPUT_LIMIT: u64 = 64 * 1024 * 1024;
/// How often an ended output is followed by a look whether the process has ended as well.
const PAUSE: Duration = Duration::from_micros(100);

/// How to start the child: a program that calls [`serve_probe`] with the path that is appended to
/// its arguments, prints the answer and exits with 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments before the path.
    pub arguments: Vec<OsString>,
    /// A library that takes longer than this is taken for stuck.
    pub limit: Duration,
}

/// The child's half: loads the library at `path` into this process and answers with one line for
/// the process that asked. The answer starts on a line of its own, whatever the library printed.
pub fn serve_probe(path: &Path) -> String {
    // A crash is expected here: nobody wants its core dump. If it cannot be turned off, it is one.
    setrlimit(Resource::RLIMIT_CORE, 0, 0).ok();
    let answer = CheckedFile::open(path, None).and_then(open).map(|library| {
        let plugins = library.plugins.into_iter();
        Inspection {
            facts: library.facts,
            plugins: plugins.map(|(descriptor, _)| descriptor).collect(),
            left_out: library.left_out,
        }
    });
    let answer = serde_json::to_string(&answer);
    format!("\n{}\n", answer.unwrap_or_else(|error| error.to_string()))
}

impl ProbeCommand {
    /// Loads `file` in a child process and says what is in it.
    pub(super) fn run(&self, file: &CheckedFile) -> Result<Inspection, LoadError> {
        let fail = |reason| LoadError::new(&file.path, reason);
        let output = self.output(&file.path).map_err(fail)?;
        let line = output.text.trim_end().rsplit('\n').next();
        let answer = line.filter(|_| output.status.success());
        // A library that ends the process with status 0 has not answered either.
        let answer = answer.and_then(|line| serde_json::from_str(line).ok());
        let inspection: Inspection = answer.unwrap_or_else(|| {
            let detail = Some(output.errors).filter(|text| !text.is_empty());
            Err(LoadError {
                detail,
                ..fail(how_it_ended(output.status))
            })
        })?;
        if inspection.facts.sha256 != file.sha256 {
            return Err(fail(Reason::Unreadable("it has just been replaced".into())));
        }
        Ok(inspection)
    }

    fn output(&self, path: &Path) -> Result<Output, Reason> {
        let no_probe = |error: io::Error| Reason::NoProbe(error.to_string());
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(path)
            // What is missing in a library is found now, not at its first call in the run.
            .env("LD_BIND_NOW", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(no_probe)?;
        let text = collected(child.stdout.take());
        let errors = collected(child.stderr.take());
        let deadline = Instant::now() + self.limit;
        let text = text.recv_timeout(self.limit).ok();
        let status = wait(&mut child, deadline).map_err(no_probe)?;
        let (Some(status), Some(text)) = (status, text) else {
            return Err(Reason::Hangs(format!("{:?}", self.limit)));
        };
        // A grandchild may hold the pipe open: it is not waited for.
        let errors = errors.recv_timeout(PAUSE * 10).unwrap_or_default();
        Ok(Output {
            status,
            text,
            errors,
        })
    }
}

struct Output {
    status: ExitStatus,
    text: String,
    errors: String,
}

/// Reads a pipe to its end on a thread of its own, so that the child never waits for us.
fn collected(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (done, text) = channel();
    let read = move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What could be read is all there is.
            pipe.take(OUTPUT_LIMIT).read_to_end(&mut bytes).ok();
        }
        // Nobody listens after the time limit.
        done.send(String::from_utf8_lossy(&bytes).into_owned()).ok();
    };
    // Without a thread the receiver sees a closed channel, which reads as "did not answer".
    thread::Builder::new()
        .name("probe".to_owned())
        .spawn(read)
        .ok();
    text
}

/// Waits for the child; kills it at the deadline.
fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(PAUSE);
    }
}

/// Name of the signal that ended a process, if one did.
pub(in crate::plugins) fn signal_of(status: ExitStatus) -> Option<String> {
    let number = status.signal()?;
    let named = Signal::try_from(number).map(|signal| signal.as_str().to_owned());
    Some(named.unwrap_or_else(|_| format!("signal {number}")))
}

fn how_it_ended(status: ExitStatus) -> Reason {
    match signal_of(status) {
        Some(signal) => Reason::Crashed(signal),
        None => Reason::Exited(status.code().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a child that runs a line of shell.
    fn reason(line: &str, limit: Duration) -> Reason {
        let file = CheckedFile {
            path: "/lib/libacme.so".into(),
            size: 1,
            sha256: "00".to_owned(),
        };
        let probe = ProbeCommand {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), line.into()],
            limit,
        };
        probe.run(&file).unwrap_err().reason
    }

    #[test]
    fn a_child_that_hangs_is_ended() {
        for line in ["exec sleep 1000", "exec >&-; exec sleep 1000"] {
            let reason = reason(line, Duration::from_millis(30));
            assert_eq!(reason, Reason::Hangs("30ms".to_owned()), "{line}");
        }
    }

    #[test]
    fn how_a_child_ends_is_told() {
        let limit = Duration::from_mins(1);
        let crashed = |signal: &str| Reason::Crashed(signal.to_owned());
        assert_eq!(reason("kill -SEGV $$", limit), crashed("SIGSEGV"));
        assert_eq!(reason("kill -BUS $$", limit), crashed("SIGBUS"));
        assert_eq!(reason("exit 3", limit), Reason::Exited(3));
        assert_eq!(reason("echo nothing of use", limit), Reason::Exited(0));
    }

    #[test]
    fn a_program_that_is_not_there_is_told() {
        let file = CheckedFile {
            path: "/lib/libacme.so".into(),
            size: 1,
            sha256: "00".to_owned(),
        };
        let probe = ProbeCommand {
            program: "/nowhere/aiperf".into(),
            arguments: Vec::new(),
            limit: Duration::from_mins(1),
        };
        let error = probe.run(&file).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`/lib/libacme.so` cannot be tried")
        );
    }
}
