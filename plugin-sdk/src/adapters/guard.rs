//! Panics stop here, on both sides of the boundary: unwinding into `extern "C"` ends the process.

use std::any::Any;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

use abi_stable::std_types::{RErr, ROk, RResult};

use crate::abi::AbiError;
use crate::{ErrorKind, PluginError, Result};

/// Runs `work`; a panic becomes an error.
pub(crate) fn guard<T>(work: impl FnOnce() -> Result<T>) -> RResult<T, AbiError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => ROk(value),
        Ok(Err(error)) => RErr(error.into()),
        Err(payload) => RErr(panic_error(payload).into()),
    }
}

fn panic_error(payload: Box<dyn Any + Send>) -> PluginError {
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    // The payload's own `Drop` could panic as well.
    std::mem::forget(payload);
    PluginError::new(ErrorKind::Panic, format!("panicked: {message}"))
}

/// A plugin instance whose `Drop` may panic without taking the process along.
pub(crate) struct Guarded<P>(ManuallyDrop<P>);

impl<P> Guarded<P> {
    pub(crate) fn new(plugin: P) -> Self {
        Self(ManuallyDrop::new(plugin))
    }

    /// Runs `work` on the plugin; a panic becomes an error.
    pub(crate) fn run<T>(
        &mut self,
        work: impl FnOnce(&mut P) -> Result<T>,
    ) -> RResult<T, AbiError> {
        guard(|| work(&mut self.0))
    }

    /// The plugin, for calls that do not change it.
    pub(crate) fn get(&self) -> &P {
        &self.0
    }
}

impl<P> Drop for Guarded<P> {
    fn drop(&mut self) {
        let plugin = &mut self.0;
        #[expect(unsafe_code, reason = "a panicking `Drop` must not cross the boundary")]
        // SAFETY: `drop` runs once and nothing uses the plugin after it.
        let dropped = catch_unwind(AssertUnwindSafe(|| unsafe { ManuallyDrop::drop(plugin) }));
        if let Err(payload) = dropped {
            std::mem::forget(payload);
        }
    }
}
