//! What a host lends, for plugins in C.

use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::abi::{CHost, Text};
use super::text::{lent, string};
use crate::abi::one_line;
use crate::hosting::HostServices;
use crate::{LogLevel, Wake};

/// The host of one instance. It stays for ever, with the texts that it lends: a thread of the plugin may
/// still use it when nobody knows of the plugin any more.
pub(super) struct HostState {
    /// `None` once it is closed.
    services: Mutex<Option<Arc<dyn HostServices>>>,
    options: Value,
    options_text: String,
    context: String,
}

/// [`HostState`] with its functions, until it is closed.
pub(super) struct Host {
    table: &'static CHost,
    state: &'static HostState,
}

impl Host {
    /// A new one; it, the options and the context are never given back.
    pub(super) fn new(services: Arc<dyn HostServices>, options: &Value, context: String) -> Self {
        let state: &'static HostState = Box::leak(Box::new(HostState {
            services: Mutex::new(Some(services)),
            options: options.clone(),
            options_text: options.to_string(),
            context,
        }));
        let table = Box::leak(Box::new(CHost {
            size: size_of::<CHost>(),
            this: ptr::from_ref(state).cast_mut().cast::<c_void>(),
            log,
            now,
            wait,
            time_left,
            option_text,
            option_number,
            option_flag,
            options: all_options,
            context: the_context,
        }));
        Self { table, state }
    }

    pub(super) fn table(&self) -> *const CHost {
        self.table
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        *self.state.lock() = None;
    }
}

impl HostState {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<dyn HostServices>>> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `work` on the host behind a table that came from C; `missing` without one, or if it panics.
fn with<T>(host: *const CHost, missing: T, work: impl FnOnce(&HostState) -> T) -> T {
    // SAFETY: the only tables that C has are ours, which stay for ever.
    let Some(host) = (unsafe { host.as_ref() }) else {
        return missing;
    };
    // SAFETY: so does the state that the table was made with.
    let Some(state) = (unsafe { host.this.cast::<HostState>().as_ref() }) else {
        return missing;
    };
    catch_unwind(AssertUnwindSafe(|| work(state))).unwrap_or(missing)
}

/// As [`with`], for what the run itself has to do; `missing` too if the host is closed.
fn ask<T: Copy>(host: *const CHost, missing: T, work: impl FnOnce(&dyn HostServices) -> T) -> T {
    with(host, missing, |host| {
        let services = host.lock().clone();
        services.map_or(missing, |services| work(&*services))
    })
}

/// Puts `value` where C wants it.
fn give<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: who calls gives a place for such a value, or null.
        unsafe { to.write(value) };
    }
}

extern "C" fn log(host: *const CHost, level: i32, message: *const c_char) {
    ask(host, (), |host| {
        let level = match level {
            1 => LogLevel::Error,
            2 => LogLevel::Warn,
            3 => LogLevel::Info,
            _ => LogLevel::Debug,
        };
        // SAFETY: texts of this type end with a NUL.
        let message = unsafe { string(message) }.unwrap_or_default();
        host.log(level, &one_line(&message));
    });
}

extern "C" fn now(host: *const CHost, wall_ns: *mut i64) -> i64 {
    ask(host, 0, |host| {
        let now = host.now();
        give(wall_ns, now.wall_ns);
        now.mono_ns
    })
}

extern "C" fn wait(host: *const CHost, ns: u64) -> i32 {
    ask(host, 1, |host| match host.wait(Duration::from_nanos(ns)) {
        Wake::Stop => 1,
        Wake::Elapsed | Wake::Sync => 0,
    })
}

extern "C" fn time_left(host: *const CHost) -> u64 {
    ask(host, u64::MAX, |host| {
        let left = host.time_left();
        left.map_or(u64::MAX, |left| {
            u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)
        })
    })
}

/// The option at `path`, its parts between dots.
fn option(host: &HostState, path: *const c_char) -> Option<&Value> {
    // SAFETY: texts of this type end with a NUL.
    let path = unsafe { string(path) }?;
    let pointer: String = path.split('.').flat_map(|part| ["/", part]).collect();
    host.options.pointer(&pointer)
}

/// Gives an option, if it is there and of the type that is asked for.
fn give_option<T>(
    host: *const CHost,
    path: *const c_char,
    to: *mut T,
    read: impl FnOnce(&Value) -> Option<T>,
) -> i32 {
    with(host, 0, |host| {
        let found = option(host, path).and_then(read);
        found.map_or(0, |value| {
            give(to, value);
            1
        })
    })
}

extern "C" fn option_text(host: *const CHost, path: *const c_char, to: *mut Text) -> i32 {
    give_option(host, path, to, |value| value.as_str().map(lent))
}

extern "C" fn option_number(host: *const CHost, path: *const c_char, to: *mut f64) -> i32 {
    give_option(host, path, to, Value::as_f64)
}

extern "C" fn option_flag(host: *const CHost, path: *const c_char, to: *mut i32) -> i32 {
    give_option(host, path, to, |value| value.as_bool().map(i32::from))
}

extern "C" fn all_options(host: *const CHost) -> Text {
    with(host, lent(""), |host| lent(&host.options_text))
}

extern "C" fn the_context(host: *const CHost) -> Text {
    with(host, lent(""), |host| lent(&host.context))
}
