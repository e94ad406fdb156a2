//! One finished request of many.

use crate::http::{ConnectTimes, MonoNs};

use super::gaps::Gaps;
use super::{Drafts, FinishReason, Outcome, TurnPlace, Usage};

/// One request of [`RequestRecords`](super::RequestRecords), borrowed. The fields are those of
/// [`RequestRecord`](super::RequestRecord).
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "they are the fields of `RequestRecord`, documented there"
)]
pub struct RequestRow<'a> {
    pub id: u64,
    pub phase: u16,
    pub worker: u16,
    pub intended: MonoNs,
    pub released: Option<MonoNs>,
    pub start: Option<MonoNs>,
    pub sent: Option<MonoNs>,
    pub first_byte: Option<MonoNs>,
    pub first_token: Option<MonoNs>,
    pub last_token: Option<MonoNs>,
    pub first_output: Option<MonoNs>,
    pub end: MonoNs,
    pub status: Option<u16>,
    pub outcome: Outcome,
    pub finish: Option<FinishReason>,
    pub usage: Usage,
    pub drafts: Option<Drafts>,
    pub estimated_isl: u32,
    pub requested_osl: Option<u32>,
    pub first_chunk_tokens: Option<u32>,
    pub chunks: u32,
    pub text_bytes: u32,
    pub images: u32,
    pub request_bytes: u32,
    pub response_bytes: u32,
    pub wire_sent: u32,
    pub wire_received: u32,
    pub reads: u32,
    pub first_token_lag_ns: u32,
    pub connect: Option<ConnectTimes>,
    pub turn: Option<&'a TurnPlace>,
    pub error: Option<&'a str>,
    pub gaps: Gaps<'a>,
}
