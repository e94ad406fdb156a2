//! The structs of `c/aiperf_plugin.h`, field for field; a test holds the two together.
//!
//! Functions are `Option`s: what an older library lacks, or leaves out, is zero.

use std::ffi::{c_char, c_void};

use super::text::Grows;

/// Counts the changes of the header that are no addition: `AIPERF_REVISION`.
pub const REVISION: u32 = 1;

/// `aiperf_text`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Text {
    pub(super) data: *const c_char,
    pub(super) size: usize,
}

/// `aiperf_error`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct CError {
    pub(super) size: usize,
    pub(super) kind: i32,
    pub(super) retriable: i32,
    pub(super) message: [c_char; 1024],
    pub(super) remedy: [c_char; 512],
    pub(super) source: [c_char; 256],
    pub(super) path: [c_char; 256],
}

/// `aiperf_host`.
#[repr(C)]
pub(super) struct CHost {
    pub(super) size: usize,
    pub(super) this: *mut c_void,
    pub(super) log: extern "C" fn(*const Self, i32, *const c_char),
    pub(super) now: extern "C" fn(*const Self, *mut i64) -> i64,
    pub(super) wait: extern "C" fn(*const Self, u64) -> i32,
    pub(super) time_left: extern "C" fn(*const Self) -> u64,
    pub(super) option_text: extern "C" fn(*const Self, *const c_char, *mut Text) -> i32,
    pub(super) option_number: extern "C" fn(*const Self, *const c_char, *mut f64) -> i32,
    pub(super) option_flag: extern "C" fn(*const Self, *const c_char, *mut i32) -> i32,
    pub(super) options: extern "C" fn(*const Self) -> Text,
    pub(super) context: extern "C" fn(*const Self) -> Text,
}

/// `aiperf_label`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct CLabel {
    pub(super) name: Text,
    pub(super) value: Text,
}

/// `aiperf_sample`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct CSample {
    pub(super) size: usize,
    pub(super) name: Text,
    pub(super) family: Text,
    pub(super) kind: i32,
    pub(super) value: f64,
    pub(super) time_ns: i64,
    pub(super) labels: *const CLabel,
    pub(super) n_labels: usize,
}

/// `aiperf_page`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct CPage {
    pub(super) size: usize,
    pub(super) source_id: Text,
    pub(super) content_type: Text,
    pub(super) body: Text,
    pub(super) sent_ns: i64,
    pub(super) complete_ns: i64,
}

/// `aiperf_sink`.
#[repr(C)]
pub(super) struct CSink {
    pub(super) size: usize,
    pub(super) this: *mut c_void,
    pub(super) describe:
        extern "C" fn(*const Self, *const c_char, i32, *const c_char, *const c_char),
    pub(super) sample: extern "C" fn(*const Self, *const CSample),
    pub(super) push: extern "C" fn(*const Self, *const c_char) -> i32,
    pub(super) error: extern "C" fn(*const Self, *const CError),
    pub(super) diagnostic: extern "C" fn(*const Self, u32, *const c_char),
    pub(super) payload: extern "C" fn(*const Self, *const CPage) -> i32,
}

pub(super) type Validate = unsafe extern "C" fn(*const CHost, *mut CError) -> i32;
pub(super) type Open = unsafe extern "C" fn(*const CHost, *mut *mut c_void, *mut CError) -> i32;
pub(super) type Close = unsafe extern "C" fn(*mut c_void);
pub(super) type Collect = unsafe extern "C" fn(*mut c_void, *const CSink, *mut CError) -> i32;
pub(super) type Parse =
    unsafe extern "C" fn(*mut c_void, *const CPage, *const CSink, *mut CError) -> i32;
pub(super) type Sniff = unsafe extern "C" fn(*const c_char, usize) -> i32;

/// `aiperf_plugin`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct CPlugin {
    pub(super) size: usize,
    pub(super) kind: i32,
    pub(super) stability: i32,
    pub(super) id: *const c_char,
    pub(super) summary: *const c_char,
    pub(super) version: *const c_char,
    pub(super) schema: *const c_char,
    pub(super) sample: *const c_char,
    pub(super) content_types: *const *const c_char,
    pub(super) validate: Option<Validate>,
    pub(super) open: Option<Open>,
    pub(super) close: Option<Close>,
    pub(super) collect: Option<Collect>,
    pub(super) parse: Option<Parse>,
    pub(super) sniff: Option<Sniff>,
}

/// `aiperf_library`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct CLibrary {
    pub(super) size: usize,
    pub(super) revision: u64,
    pub(super) compiler: *const c_char,
    pub(super) plugins: *const *const CPlugin,
}

/// `aiperf_plugin_v1`.
pub(super) type Root = unsafe extern "C" fn() -> *const CLibrary;

impl Grows for CError {
    const LEAST: usize = size_of::<Self>();
}

impl Grows for CSample {
    const LEAST: usize = size_of::<Self>();
}

impl Grows for CPage {
    const LEAST: usize = size_of::<Self>();
}

impl Grows for CPlugin {
    /// What it says of itself. A function that is missing is named.
    const LEAST: usize = std::mem::offset_of!(Self, validate);
}

impl Grows for CLibrary {
    const LEAST: usize = size_of::<Self>();
}
