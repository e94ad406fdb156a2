//! One finished request.

/// How a request ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Outcome {
    /// Complete answer.
    #[default]
    Done = 0,
    /// Any failure; class and message say which.
    Failed = 1,
    /// Given up by us.
    Cancelled = 2,
}

impl Outcome {
    pub(super) fn from_u8(code: u8) -> Self {
        match code {
            0 => Self::Done,
            2 => Self::Cancelled,
            _ => Self::Failed,
        }
    }

    /// Name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One finished request. Durations are nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RequestRow<'a> {
    /// Number within the run, from 0, in the order of sending.
    pub id: i64,
    /// Index of its phase.
    pub phase: u32,
    /// Thread that sent it.
    pub worker: u32,
    /// HTTP status, 0 if there was no answer.
    pub status: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// Wall nanoseconds of its first byte on the socket.
    pub start_ns: i64,
    /// From the intended to the actual send; `None` if no byte was sent, and `start_ns` is the
    /// intended time then.
    pub send_delay_ns: Option<i64>,
    /// Part of it in which as many requests as may be were in flight; `None` if requests are not due at
    /// moments of their own but follow responses.
    pub held_ns: Option<i64>,
    /// From the first byte sent to the first token; `None` without one.
    pub ttft_ns: Option<i64>,
    /// From the first byte sent to the last token (or the end of the body); `None` unless done.
    pub latency_ns: Option<i64>,
    /// From the first byte sent to the end of the response, or the moment of failure.
    pub end_ns: i64,
    /// From the kernel's receiving the first token to our reading it; 0 where the kernel gives no
    /// times.
    pub read_lag_ns: i64,
    /// Chunks that carried text.
    pub chunks: i64,
    /// `usage.prompt_tokens`.
    pub prompt_tokens: Option<i64>,
    /// `usage.completion_tokens`.
    pub completion_tokens: Option<i64>,
    /// `usage.prompt_tokens_details.cached_tokens`.
    pub cached_tokens: Option<i64>,
    /// `usage.completion_tokens_details.reasoning_tokens`.
    pub reasoning_tokens: Option<i64>,
    /// Prompt tokens that the server put into its cache.
    pub cache_write_tokens: Option<i64>,
    /// `usage.completion_tokens_details.accepted_prediction_tokens`.
    pub accepted_prediction_tokens: Option<i64>,
    /// `usage.completion_tokens_details.rejected_prediction_tokens`.
    pub rejected_prediction_tokens: Option<i64>,
    /// Verification steps of speculative decoding; this and the next two are known together.
    pub spec_decode_steps: Option<i64>,
    /// Draft tokens that were proposed.
    pub draft_tokens: Option<i64>,
    /// Draft tokens that were accepted.
    pub accepted_draft_tokens: Option<i64>,
    /// From the first byte sent to the first token that is no reasoning; `None` without one.
    pub first_output_ns: Option<i64>,
    /// Tokens of the prompt, estimated.
    pub prompt_estimate: i64,
    /// Images that the prompt had.
    pub images: u32,
    /// Output tokens asked for, 0 if not.
    pub requested_tokens: i64,
    /// Number of the conversation in its phase, from 0; `None` in runs without conversations of several
    /// turns.
    pub session_num: Option<i64>,
    /// Which turn of it, from 0.
    pub turn_index: Option<i64>,
    /// What the file of prompts calls it, empty if nothing.
    pub conversation_id: &'a str,
    /// Name resolution for the connection that the request opened, before its first byte was sent; `None`
    /// if it opened none, or the address was known.
    pub dns_ns: Option<i64>,
    /// TCP handshake of the connection that the request opened; `None` if it opened none.
    pub connecting_ns: Option<i64>,
    /// TLS handshake of that connection; `None` without.
    pub tls_ns: Option<i64>,
    /// From the first byte sent to the last, or to the answer where that begins earlier; `None` without an
    /// answer.
    pub sending_ns: Option<i64>,
    /// From then to the first byte of the answer.
    pub waiting_ns: Option<i64>,
    /// Bytes of the request on the socket, with headers, framing and encryption.
    pub data_sent: Option<i64>,
    /// The same of the answer.
    pub data_received: Option<i64>,
    /// Pieces in which the answer was read from the socket.
    pub socket_reads: Option<i64>,
    /// Gaps between chunks that carry text.
    pub gaps_ns: &'a [i64],
    /// Class of the failure, empty if none.
    pub error_class: &'a str,
    /// Message of the failure, empty if none.
    pub error_message: &'a str,
}
