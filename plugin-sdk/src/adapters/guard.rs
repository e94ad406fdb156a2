//! Panics stop here, on both sides of the boundary: unwinding into `extern "C"` ends the process.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

use abi_stable::std_types::{RErr, ROk, RResult};

use crate::abi::AbiError;
use crate::{ErrorKind, Plugin, PluginError, Result};

thread_local! {
    /// How many guards this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Where the last panic inside a guard was.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work`; a panic becomes an error.
pub(crate) fn guard<T>(work: impl FnOnce() -> Result<T>) -> RResult<T, AbiError> {
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    match result {
        Ok(Ok(value)) => ROk(value),
        Ok(Err(error)) => RErr(error.into()),
        Err(payload) => RErr(panic_error(payload).into()),
    }
}

/// Keeps panics that a guard catches off standard error: they become errors, which say the same.
/// Others are printed as before. Each library has a hook of its own, as it has its own `std`.
pub(crate) fn quiet_guarded_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // Without unwinding no guard catches anything.
            if DEPTH.get() == 0 || cfg!(panic = "abort") {
                print(info);
            } else {
                PLACE.set(place(info));
            }
        }));
    });
}

fn place(info: &PanicHookInfo<'_>) -> Option<String> {
    let location = info.location()?;
    Some(format!("{}:{}", location.file(), location.line()))
}

fn panic_error(payload: Box<dyn Any + Send>) -> PluginError {
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    // The payload's own `Drop` could panic as well.
    std::mem::forget(payload);
    let place = PLACE.take().map(|place| format!(" ({place})"));
    let place = place.unwrap_or_default();
    PluginError::new(ErrorKind::Panic, format!("panicked: {message}{place}"))
}

/// A plugin instance whose `Drop` may panic without taking the process along.
pub(crate) struct Guarded<P>(Option<P>);

impl<P: Plugin> Guarded<P> {
    pub(crate) fn new(plugin: P) -> Self {
        Self(Some(plugin))
    }

    /// Runs `work` on the plugin; a panic becomes an error.
    pub(crate) fn run<T>(
        &mut self,
        work: impl FnOnce(&mut P) -> Result<T>,
    ) -> RResult<T, AbiError> {
        guard(|| match &mut self.0 {
            Some(plugin) => work(plugin),
            None => Err(closed()),
        })
    }

    /// As [`run`](Self::run), for calls that do not change the plugin.
    pub(crate) fn ask<T>(&self, work: impl FnOnce(&P) -> Result<T>) -> RResult<T, AbiError> {
        guard(|| self.0.as_ref().map_or_else(|| Err(closed()), work))
    }

    /// Closes the plugin and drops it. A panic of either is an error, so that somebody hears of it.
    pub(crate) fn close(&mut self) -> RResult<(), AbiError> {
        let closed = self.run(Plugin::close);
        let dropped = self.discard();
        closed.and_then(|()| dropped)
    }
}

impl<P> Guarded<P> {
    fn discard(&mut self) -> RResult<(), AbiError> {
        let plugin = self.0.take();
        guard(|| {
            drop(plugin);
            Ok(())
        })
    }
}

impl<P> Drop for Guarded<P> {
    fn drop(&mut self) {
        // Whoever wants to hear of a panic closes the plugin first.
        drop(self.discard());
    }
}

fn closed() -> PluginError {
    PluginError::new(ErrorKind::Stopped, "it is closed")
}
