//! What is kept of each request.
//!
//! A load thread fills one [`RequestRecord`] at a time and appends it to a block of
//! [`RequestRecords`]; full blocks go to a [`RecordSink`] while the run goes on.

mod columns;
mod gaps;
mod messages;
mod row;

use std::sync::Arc;

use crate::http::{ConnectTimes, MonoNs};

use super::endpoint::{Drafts, FinishReason, PackedUsage, Usage};
use super::failure::FailureClass;

pub use columns::RequestRecords;
pub use gaps::Gaps;
pub use row::RequestRow;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// With a complete response.
    Ok,
    /// With an error.
    Failed(FailureClass),
    /// It was given up: on purpose, or in flight when the phase's grace period ended or the run was
    /// aborted.
    Cancelled,
}

/// Takes finished requests. Called from the load threads with blocks of up to 256 requests, at least
/// ten times a second while requests finish; must not block for long.
pub trait RecordSink: Send + Sync {
    /// Takes a block of finished requests.
    fn accept(&self, block: RequestRecords);
}

impl RecordSink for std::sync::mpsc::Sender<RequestRecords> {
    /// A block that nobody receives any more is dropped.
    fn accept(&self, block: RequestRecords) {
        drop(self.send(block));
    }
}

/// One request, while it is in flight and when it has ended. Times are on the monotonic clock.
#[derive(Clone, Debug)]
pub struct RequestRecord {
    /// Number of the request in the run, from 1; sent as `x-request-id`.
    pub id: u64,
    /// Index of the phase.
    pub phase: u16,
    /// Load thread that carried it.
    pub worker: u16,
    /// When it should have been sent: when its slot became free (closed loop), or by schedule.
    pub intended: MonoNs,
    /// When it was due and the limit of requests in flight let it go; `None` in a closed loop.
    pub released: Option<MonoNs>,
    /// When its first byte was written to the socket; `None` if none was.
    pub start: Option<MonoNs>,
    /// When its last byte was written, or a response began before that; `None` without an answer.
    pub sent: Option<MonoNs>,
    /// Arrival of the first byte of the response.
    pub first_byte: Option<MonoNs>,
    /// Arrival of the first chunk with text; `None` without one, and for responses in one piece.
    pub first_token: Option<MonoNs>,
    /// Arrival of the last chunk with text.
    pub last_token: Option<MonoNs>,
    /// Arrival of the first chunk with text that is no reasoning.
    pub first_output: Option<MonoNs>,
    /// Arrival of the end of the response, or the moment of failure.
    pub end: MonoNs,
    /// HTTP status, if there was one.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why the server stopped generating.
    pub finish: Option<FinishReason>,
    /// The server's token counts.
    pub usage: Usage,
    /// What it says of its speculative decoding.
    pub drafts: Option<Drafts>,
    /// Words of the prompt, as an estimate of its tokens.
    pub estimated_isl: u32,
    /// `max_tokens` that was asked for.
    pub requested_osl: Option<u32>,
    /// Tokens of the first chunk with text, if the server counted them there.
    pub first_chunk_tokens: Option<u32>,
    /// Chunks with text.
    pub chunks: u32,
    /// Length of the text, escaped as JSON.
    pub text_bytes: u32,
    /// Images that the prompt had.
    pub images: u32,
    /// Length of the request's body, in bytes.
    pub request_bytes: u32,
    /// Length of the response's body, in bytes.
    pub response_bytes: u32,
    /// Bytes written to the socket, with headers, framing and encryption.
    pub wire_sent: u32,
    /// Bytes read from it.
    pub wire_received: u32,
    /// Pieces in which the response was read from the socket.
    pub reads: u32,
    /// From the arrival of the first token to the moment we read it; 0 without kernel stamps.
    pub first_token_lag_ns: u32,
    /// What opening a connection took, if this request had to.
    pub connect: Option<ConnectTimes>,
    /// Which turn of which conversation it is, in runs that have conversations of several turns.
    pub turn: Option<TurnPlace>,
    /// One line for the user, if it failed.
    pub error: Option<String>,
    /// Nanoseconds between successive chunks with text.
    pub gaps: Vec<u64>,
}

/// A turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnPlace {
    /// Number of the conversation in its phase, from 0.
    pub conversation: u64,
    /// Number of the turn in the conversation, from 0.
    pub turn: u32,
    /// What the file calls the conversation.
    pub id: Option<Arc<str>>,
}

impl RequestRecord {
    /// A record to be [begun](Self::begin) again and again: its buffers are kept.
    pub fn new(worker: u16) -> Self {
        Self {
            id: 0,
            phase: 0,
            worker,
            intended: MonoNs(0),
            released: None,
            start: None,
            sent: None,
            first_byte: None,
            first_token: None,
            last_token: None,
            first_output: None,
            end: MonoNs(0),
            status: None,
            outcome: Outcome::Cancelled,
            finish: None,
            usage: Usage::default(),
            drafts: None,
            estimated_isl: 0,
            requested_osl: None,
            first_chunk_tokens: None,
            chunks: 0,
            text_bytes: 0,
            images: 0,
            request_bytes: 0,
            response_bytes: 0,
            wire_sent: 0,
            wire_received: 0,
            reads: 0,
            first_token_lag_ns: 0,
            connect: None,
            turn: None,
            error: None,
            gaps: Vec::new(),
        }
    }

    /// Forgets the previous request.
    pub fn begin(&mut self, id: u64, phase: u16, intended: MonoNs) {
        let mut gaps = std::mem::take(&mut self.gaps);
        gaps.clear();
        *self = Self {
            id,
            phase,
            intended,
            gaps,
            ..Self::new(self.worker)
        };
    }

    /// Notes a chunk with text.
    pub fn token(&mut self, arrived: MonoNs, text_bytes: usize) {
        match self.last_token {
            None => self.first_token = Some(arrived),
            Some(last) => self
                .gaps
                .push(u64::try_from(arrived.since(last)).unwrap_or(0)),
        }
        self.last_token = Some(arrived);
        self.chunks = self.chunks.saturating_add(1);
        self.text(text_bytes);
    }

    /// Notes text whose moment of arrival says nothing: a response in one piece.
    pub fn text(&mut self, text_bytes: usize) {
        let text_bytes = u32::try_from(text_bytes).unwrap_or(u32::MAX);
        self.text_bytes = self.text_bytes.saturating_add(text_bytes);
    }
}

#[cfg(test)]
mod tests;
