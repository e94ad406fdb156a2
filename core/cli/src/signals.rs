//! Ctrl-C once: stop sending and finish. Twice: give up what is in flight. The files stay valid
//! either way. Three times: leave.

use std::io;
use std::thread;

use aiperf_core::load::{Stop, StopSignal};
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit_code::ExitCode;
use crate::output;

/// Watches for SIGINT, SIGTERM and SIGHUP on a thread of its own. Without one the default handling stays.
pub(crate) fn watch(stop: StopSignal) {
    let watcher = thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            if let Ok(runtime) = runtime {
                runtime.block_on(escalate(&stop));
            }
        });
    if let Err(error) = watcher {
        output::say(&format!("Ctrl-C will end the run at once: {error}"));
    }
}

async fn escalate(stop: &StopSignal) {
    let Ok(mut interrupts) = Interrupts::new() else {
        return;
    };
    for (urgency, message) in [
        (
            Stop::Drain,
            "Finishing what is in flight; press Ctrl-C again to give it up.",
        ),
        (
            Stop::Abort,
            "Giving up what is in flight; writing what there is.",
        ),
    ] {
        interrupts.next().await;
        output::say(message);
        stop.request(urgency);
    }
    interrupts.next().await;
    leave();
}

/// For whoever has no patience with a disk that hangs.
#[expect(clippy::exit, reason = "the user has asked three times")]
fn leave() {
    output::say("Leaving at once; reports may be missing.");
    std::process::exit(i32::from(ExitCode::Interrupted as u8));
}

/// Ctrl-C, SIGTERM, and SIGHUP, with which a terminal takes its leave. Listens from the start, so that
/// none is lost between two waits.
#[cfg(unix)]
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    /// `None` under `nohup`.
    hang_up: Option<Signal>,
}

#[cfg(unix)]
impl Interrupts {
    fn new() -> io::Result<Self> {
        // A file beyond the limit of `ulimit -f` is an error of that file, not the end of the run.
        let too_large = nix::sys::signal::Signal::SIGXFSZ;
        drop(signal(SignalKind::from_raw(too_large as i32))?);
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if is_ignored(nix::sys::signal::Signal::SIGHUP) {
                None
            } else {
                Some(signal(SignalKind::hangup())?)
            },
        })
    }

    async fn next(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hang_up => {}
        }
    }
}

/// Whether whoever started us wants this signal to mean nothing. False where the system does not tell.
#[cfg(unix)]
fn is_ignored(signal: nix::sys::signal::Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or(0) & 1 << (signal as u64 - 1) != 0
}

#[cfg(not(unix))]
struct Interrupts;

#[cfg(not(unix))]
impl Interrupts {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a handler the system ends the program, which is all that can be done.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
