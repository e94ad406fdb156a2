//! Clocks: durations are monotonic, timestamps are wall time, and both come from one reading.

use serde::{Deserialize, Serialize};

/// One reading of both clocks.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Instant2 {
    /// Monotonic nanoseconds since an arbitrary start; the same base for the whole process.
    pub mono_ns: i64,
    /// Wall-clock nanoseconds since the Unix epoch.
    pub wall_ns: i64,
}

/// When a payload was asked for and when it arrived. Later versions add fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PayloadClock {
    /// The first byte of the request was written (or the read of a device began).
    pub sent: Instant2,
    /// Monotonic nanoseconds at the first byte of the answer.
    pub first_byte_ns: i64,
    /// Monotonic nanoseconds at the last byte of the answer.
    pub complete_ns: i64,
}

impl PayloadClock {
    /// Of something that was asked for, and came in pieces.
    pub const fn new(sent: Instant2, first_byte_ns: i64, complete_ns: i64) -> Self {
        Self {
            sent,
            first_byte_ns,
            complete_ns,
        }
    }

    /// Of something that was there at once, such as a packet.
    pub fn at(now: Instant2) -> Self {
        Self {
            sent: now,
            first_byte_ns: now.mono_ns,
            complete_ns: now.mono_ns,
        }
    }
}
