//! Structs that cross by value. Frozen at the freeze; until then `ABI_REVISION` moves with them.

use std::time::Duration;

use abi_stable::StableAbi;
use abi_stable::std_types::{ROption, RSlice, RStr, RString};
use serde::{Deserialize, Serialize};

use crate::time::{Instant2, PayloadClock};
use crate::{ErrorKind, PluginError};

/// One named, typed, borrowed column. Exactly one of the slices is used.
///
/// Four slices instead of a tagged pointer: no `unsafe`, and the layout check sees all of it.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Column<'a> {
    /// One of [`crate::batch::columns`], or a name that the reader does not know.
    pub name: RStr<'a>,
    /// Entries of a `u8` column.
    pub u8s: RSlice<'a, u8>,
    /// Entries of a `u32` column; spans take two.
    pub u32s: RSlice<'a, u32>,
    /// Entries of an `i64` column.
    pub i64s: RSlice<'a, i64>,
    /// Entries of an `f64` column.
    pub f64s: RSlice<'a, f64>,
}

impl<'a> Column<'a> {
    /// A column without name or entries.
    pub const EMPTY: Self = Self {
        name: RStr::empty(),
        u8s: RSlice::EMPTY,
        u32s: RSlice::EMPTY,
        i64s: RSlice::EMPTY,
        f64s: RSlice::EMPTY,
    };

    /// A `u8` column.
    pub fn u8s(name: &'a str, data: &'a [u8]) -> Self {
        Self {
            name: name.into(),
            u8s: data.into(),
            ..Self::EMPTY
        }
    }

    /// A `u32` column.
    pub fn u32s(name: &'a str, data: &'a [u32]) -> Self {
        Self {
            name: name.into(),
            u32s: data.into(),
            ..Self::EMPTY
        }
    }

    /// An `i64` column.
    pub fn i64s(name: &'a str, data: &'a [i64]) -> Self {
        Self {
            name: name.into(),
            i64s: data.into(),
            ..Self::EMPTY
        }
    }

    /// An `f64` column.
    pub fn f64s(name: &'a str, data: &'a [f64]) -> Self {
        Self {
            name: name.into(),
            f64s: data.into(),
            ..Self::EMPTY
        }
    }
}

/// Columns over two texts: a scrape's batch, a scrape view, or a block of request records.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct AbiBatch<'a> {
    /// The payload's bytes (spans without bit 31).
    pub text: RSlice<'a, u8>,
    /// Bytes made up by the writer (spans with bit 31).
    pub extra: RSlice<'a, u8>,
    /// The columns.
    pub columns: RSlice<'a, Column<'a>>,
}

/// Both clocks at one moment.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct AbiInstant {
    pub mono_ns: i64,
    pub wall_ns: i64,
}

impl From<AbiInstant> for Instant2 {
    fn from(at: AbiInstant) -> Self {
        Self {
            mono_ns: at.mono_ns,
            wall_ns: at.wall_ns,
        }
    }
}

impl From<Instant2> for AbiInstant {
    fn from(at: Instant2) -> Self {
        Self {
            mono_ns: at.mono_ns,
            wall_ns: at.wall_ns,
        }
    }
}

/// Bytes from a source, with their clocks.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct AbiPayload<'a> {
    pub source_id: RStr<'a>,
    pub content_type: RStr<'a>,
    pub body: RSlice<'a, u8>,
    pub sent: AbiInstant,
    pub first_byte_ns: i64,
    pub complete_ns: i64,
    /// A JSON object for what comes later; empty text for nothing.
    pub more: RStr<'a>,
}

impl AbiPayload<'_> {
    pub(crate) fn clock(&self) -> PayloadClock {
        PayloadClock {
            sent: self.sent.into(),
            first_byte_ns: self.first_byte_ns,
            complete_ns: self.complete_ns,
        }
    }
}

/// Head of an answer to a target's request.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct AbiResponse<'a> {
    pub target_id: RStr<'a>,
    /// HTTP status; 0 if there was no answer, then `error` says why.
    pub status: u16,
    pub content_type: RStr<'a>,
    /// The first bytes of the body, at most 4 KiB.
    pub head: RSlice<'a, u8>,
    pub error: RStr<'a>,
    /// Headers of the answer, as `name: value` lines; names in lower case.
    pub headers: RStr<'a>,
}

/// What a collector wants done after an answer.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct AbiVerdict {
    /// 0 keep, 1 replace by the URL in `text`, 2 pause, 3 disable with the reason in `text`.
    pub action: u8,
    pub text: RString,
    pub pause_ns: u64,
    /// A JSON object for what comes later; empty text for nothing.
    pub more: RString,
}

/// Request for the host's HTTP client.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct AbiHttpRequest<'a> {
    pub method: RStr<'a>,
    pub url: RStr<'a>,
    /// `name: value` lines.
    pub headers: RStr<'a>,
    pub body: RSlice<'a, u8>,
    pub timeout_ns: u64,
    /// A JSON object for what comes later; empty text for nothing.
    pub more: RStr<'a>,
}

/// Answer of the host's HTTP client.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct AbiHttpResponse {
    pub status: u16,
    pub content_type: RString,
    pub body: abi_stable::std_types::RVec<u8>,
    /// Headers of the answer, as `name: value` lines; names in lower case.
    pub headers: RString,
}

/// [`PluginError`] on its way across.
#[repr(C)]
#[derive(StableAbi, Clone, Debug)]
pub struct AbiError {
    pub kind: u8,
    pub retriable: bool,
    pub message: RString,
    pub source_id: ROption<RString>,
    pub retry_after_ns: ROption<u64>,
    pub path: ROption<RString>,
    /// JSON of [`ErrorMore`]; empty text for nothing.
    pub more: RString,
}

/// What an error says beside the columns of [`AbiError`]. Grows here.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct ErrorMore {
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

impl ErrorMore {
    fn to_text(&self) -> RString {
        if self.remedy.is_none() {
            return RString::new();
        }
        // A map of texts has a JSON form; if not, the message alone has to do.
        serde_json::to_string(self).unwrap_or_default().into()
    }

    /// What cannot be read is not worth a second error.
    fn of_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

fn owned(text: Option<String>) -> ROption<RString> {
    text.map(RString::from).into()
}

impl From<PluginError> for AbiError {
    fn from(error: PluginError) -> Self {
        Self {
            kind: error.kind as u8,
            retriable: error.retriable,
            message: error.message.into(),
            source_id: owned(error.source_id),
            retry_after_ns: error
                .retry_after
                .map(|delay| u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX))
                .into(),
            path: owned(error.path),
            more: ErrorMore {
                remedy: error.remedy,
            }
            .to_text(),
        }
    }
}

/// Longest message, in characters, that is taken from the other side.
const MESSAGE_LIMIT: usize = 1000;

/// A message is one line for a person, whatever the other side makes of it.
pub(crate) fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: String = text.chars().take(MESSAGE_LIMIT).map(plain).collect();
    if text.chars().nth(MESSAGE_LIMIT).is_some() {
        line.push_str(" ...");
    }
    line
}

impl From<AbiError> for PluginError {
    fn from(error: AbiError) -> Self {
        let more = ErrorMore::of_text(error.more.as_str());
        Self {
            kind: ErrorKind::from_u8(error.kind),
            retriable: error.retriable,
            message: one_line(error.message.as_str()),
            source_id: error.source_id.into_option().map(Into::into),
            retry_after: error.retry_after_ns.into_option().map(Duration::from_nanos),
            path: error.path.into_option().map(Into::into),
            remedy: more.remedy.as_deref().map(one_line),
        }
    }
}
