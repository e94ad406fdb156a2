//! The SDK as `build.rs` has changed it.
#![allow(
    warnings,
    clippy::all,
    reason = "what is wrong with the SDK is told where it stands"
)]

include!(concat!(env!("OUT_DIR"), "/lib.rs"));
