//! What goes wrong.

use std::thread;

use aiperf_plugin_sdk::prelude::*;

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
    /// Gives spans that point outside the text.
    Spans,
    /// Gives samples of a family that does not exist.
    Families,
    /// Panics when its options are checked.
    PanicValidate,
}

/// Options of every plugin here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// What goes wrong.
    pub fault: Fault,
}

impl Fault {
    /// The fault of `options`, for a plugin that may be asked to panic while it checks them.
    pub(crate) fn check(options: &Options) -> Vec<PluginError> {
        options.fault.panic_if(Self::PanicValidate);
        Vec::new()
    }

    /// The fault of `options`, unless it strikes at opening.
    pub(crate) fn open(options: &Options) -> Self {
        let fault = options.fault;
        fault.panic_if(Self::PanicOpen);
        fault.hang_if(Self::HangOpen);
        fault
    }

    pub(crate) fn panic_if(self, fault: Self) {
        assert!(self != fault, "it is {fault:?}");
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

/// Panics when it is dropped, if that is the fault.
#[derive(Debug)]
pub(crate) struct Bomb(pub(crate) Fault);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.panic_if(Fault::PanicDrop);
    }
}
