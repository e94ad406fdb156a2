//! HTTP/2, with the arrival of each frame that is taken.
//!
//! `h2` speaks the protocol. Under it, [`wire`] sees all bytes that cross, after decryption; [`walker`]
//! finds the frames in them, and [`ledger`] notes for each stream when its bytes crossed. So a token has
//! the time of the read that brought the last byte of its frame, also if it is taken later and other
//! frames have come since.

pub(super) mod error;
mod exchange;
mod ledger;
mod rooms;
mod session;
#[cfg(test)]
mod tests;
mod walker;
mod wire;

pub(super) use exchange::{Body, Http2};
pub(super) use rooms::Rooms;
