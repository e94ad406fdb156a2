//! What goes wrong.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::{process, thread};

use aiperf_plugin_sdk::prelude::*;
use nix::sys::signal::{Signal, raise};

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing but what the plugin is made for.
    None,
    /// Panics when it is opened.
    PanicOpen,
    /// Never finishes to open.
    HangOpen,
    /// Panics when it is called.
    Panic,
    /// Panics when its instance is dropped.
    PanicDrop,
    /// Panics when it is closed.
    PanicClose,
    /// Never comes back from a call.
    Hang,
    /// Never comes back from its last call.
    HangAtEnd,
    /// Reports errors without end.
    Storm,
    /// Fails with a message of a megabyte, in many lines.
    Shout,
    /// Fails with a message that a terminal would obey.
    Evil,
    /// Gives nothing but NaN.
    Nan,
    /// Gives series without end.
    Series,
    /// Gives a batch of more than a million series.
    Million,
    /// Gives a batch of more bytes than anybody takes.
    Huge,
    /// Gives readings of sources without end.
    Sources,
    /// Gives a page that no host takes.
    Bytes,
    /// Panics when it looks at an answer.
    PanicAnswer,
    /// Never comes back from looking at an answer.
    HangAnswer,
    /// Ends the process when it looks at an answer.
    AbortAnswer,
    /// Panics when it names its targets again.
    PanicLater,
    /// Never comes back from naming its targets again.
    HangLater,
    /// Ends the process when it names its targets again.
    AbortLater,
    /// Names other targets when it is asked again.
    Moves,
    /// Replaces its URL again and again.
    Replace,
    /// Leaves its page alone, for a reason that a terminal would obey.
    Disable,
    /// Wants to wait for ever.
    Pause,
    /// Waits with its host, without end.
    Wait,
    /// Panics when a run begins.
    PanicBegin,
    /// Panics when it is given requests.
    PanicRequests,
    /// Panics when a phase begins.
    PanicPhase,
    /// Panics when it is given the report.
    PanicFinish,
    /// Never comes back from checking its options.
    HangValidate,
    /// Gives spans that point outside the text.
    Spans,
    /// Gives samples of a family that does not exist.
    Families,
    /// Panics when its options are checked.
    PanicValidate,
    /// Ends the process when its options are checked.
    AbortValidate,
    /// Ends the process when it is opened.
    AbortOpen,
    /// Ends the process: as a wild pointer does.
    Segv,
    /// Ends the process: as a failed check in a C library does.
    Abort,
    /// Ends the process: calls itself without end.
    Stack,
    /// Ends the process: as a library that takes itself for a program.
    Exit,
    /// Ends the process at every third call of it.
    AbortThird,
    /// Prints, on both streams.
    Print,
    /// Says what it sees of the environment.
    Environment,
    /// Logs from a thread of its own, without a call.
    Thread,
}

/// Options of every plugin here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// What goes wrong.
    pub fault: Fault,
    /// Page to scrape.
    #[serde(default)]
    pub url: Option<String>,
}

impl Fault {
    /// The fault of `options`, for a plugin that may be asked to panic while it checks them.
    pub(crate) fn check(options: &Options) -> Vec<PluginError> {
        options.fault.panic_if(Self::PanicValidate);
        options.fault.abort_if(Self::AbortValidate);
        options.fault.hang_if(Self::HangValidate);
        Vec::new()
    }

    /// The fault of `options`, unless it strikes at opening.
    pub(crate) fn open(options: &Options) -> Self {
        let fault = options.fault;
        fault.panic_if(Self::PanicOpen);
        fault.abort_if(Self::AbortOpen);
        fault.hang_if(Self::HangOpen);
        fault
    }

    pub(crate) fn panic_if(self, fault: Self) {
        assert!(self != fault, "it is {fault:?}");
    }

    pub(crate) fn abort_if(self, fault: Self) {
        if self == fault {
            process::abort();
        }
    }

    pub(crate) fn hang_if(self, fault: Self) {
        if self == fault {
            loop {
                thread::park();
            }
        }
    }

    /// Strikes in a call of any kind of plugin.
    pub(crate) fn strike(self) -> Result<()> {
        self.panic_if(Self::Panic);
        self.hang_if(Self::Hang);
        self.abort_if(Self::Abort);
        self.crash();
        if self == Self::Shout {
            let message = "what a day\n".repeat(100_000);
            return Err(PluginError::new(ErrorKind::Other, message));
        }
        if self == Self::Evil {
            let message = "\u{1b}[2J\u{202e}\r\nerror: forged\u{9b}31m";
            return Err(PluginError::new(ErrorKind::Other, message));
        }
        Ok(())
    }
}

impl Fault {
    fn crash(self) {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        match self {
            // The first one is for the handler that looks whether the stack is full.
            Self::Segv => (0..2).for_each(|_| raise(Signal::SIGSEGV).expect("a signal")),
            Self::Stack => assert!(deep(0) > 0),
            Self::Exit => process::exit(9),
            Self::AbortThird if CALLS.fetch_add(1, Relaxed) == 2 => process::abort(),
            Self::Print => {
                writeln!(io::stdout(), "hello from stdout").expect("stdout");
                writeln!(io::stderr(), "hello from stderr").expect("stderr");
            }
            _ => {}
        }
    }
}

/// Calls itself until the stack ends.
pub(crate) fn deep(depth: u64) -> u64 {
    if std::hint::black_box(depth) == u64::MAX {
        return 0;
    }
    1 + deep(depth + 1)
}

/// Panics when it is dropped, if that is the fault.
#[derive(Debug)]
pub(crate) struct Bomb(pub(crate) Fault);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.panic_if(Fault::PanicDrop);
    }
}
