//! One line per request.

use aiperf_plugin_sdk::view::{Outcome, RequestRow};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// One finished request.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RequestLine<'a> {
    /// Number within the run, from 0, in the order of sending.
    id: i64,
    /// Phase of the run, `null` if unknown.
    phase: Option<&'a str>,
    /// Number of the conversation in its phase, from 0; left out in runs without conversations of several
    /// turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_num: Option<i64>,
    /// Which turn of it, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    turn_index: Option<i64>,
    /// What the file of prompts calls it; left out if nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<&'a str>,
    /// `done`, `failed` or `cancelled`.
    outcome: &'static str,
    /// HTTP status, 0 if there was no answer.
    status: u32,
    /// Sender thread.
    worker: u32,
    /// Wall-clock nanoseconds of its first byte on the socket, or of when it should have been sent.
    request_start_ns: i64,
    /// Name resolution for the connection that the request opened, before it was sent; left out if there was
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    dns_lookup_ms: Option<f64>,
    /// TCP handshake of that connection; left out where one was used again.
    #[serde(skip_serializing_if = "Option::is_none")]
    connecting_ms: Option<f64>,
    /// TLS handshake of that connection; left out without TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_handshake_ms: Option<f64>,
    /// From the first byte sent to the last, or to the answer where that begins earlier; left out without an
    /// answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    sending_ms: Option<f64>,
    /// From then to the first byte of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_ms: Option<f64>,
    /// Bytes of the request on the socket, with headers, framing and encryption.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_sent_bytes: Option<i64>,
    /// The same of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_received_bytes: Option<i64>,
    /// Pieces in which the answer was read from the socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    socket_reads: Option<i64>,
    /// From the intended to the actual send; `null` if it was never sent.
    send_delay_ms: Option<f64>,
    /// Part of it in which as many requests as may be were in flight; left out unless requests were due
    /// at moments of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_ms: Option<f64>,
    /// From the first byte sent to the first token; `null` without one.
    time_to_first_token_ms: Option<f64>,
    /// From the first byte sent to the last token; `null` unless done.
    request_latency_ms: Option<f64>,
    /// From the first byte sent to the end of the response, or the moment of failure.
    request_duration_ms: f64,
    /// `(request_latency - time_to_first_token) / (output_sequence_length - 1)`; `null` with fewer
    /// than two tokens.
    inter_token_latency_ms: Option<f64>,
    /// Prompt tokens, as the server counted them, else estimated.
    input_sequence_length: i64,
    /// True if the server did not say.
    input_sequence_length_estimated: bool,
    /// Output tokens, as the server counted them, else chunks that carried text; `null` if none
    /// came.
    output_sequence_length: Option<i64>,
    /// True if the server did not say.
    output_sequence_length_estimated: bool,
    /// Chunks that carried text.
    output_chunks: i64,
    /// From the kernel's receiving the first token to our reading it; 0 without kernel stamps.
    first_token_read_lag_ms: f64,
    /// Output tokens asked for, `null` if the request set none.
    requested_output_tokens: Option<i64>,
    /// Images that the prompt had; left out if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    num_images: Option<u32>,
    /// Prompt tokens that the server took from its cache, `null` if it did not say.
    cached_tokens: Option<i64>,
    /// Output tokens that were reasoning; left out if the server did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_tokens: Option<i64>,
    /// Prompt tokens that the server put into its cache; left out if it did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<i64>,
    /// Tokens of the predicted output that the answer has; left out if the server did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_prediction_tokens: Option<i64>,
    /// Tokens of the predicted output that the answer does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_prediction_tokens: Option<i64>,
    /// Verification steps of speculative decoding; left out if the server did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    spec_decode_steps: Option<i64>,
    /// Draft tokens that were proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    draft_tokens: Option<i64>,
    /// Draft tokens that were accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_draft_tokens: Option<i64>,
    /// From the first byte sent to the first token that is no reasoning, `null` if all were; left out
    /// where it is the first token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    #[expect(clippy::option_option, reason = "left out is not `null`")]
    time_to_first_output_token_ms: Option<Option<f64>>,
    /// Gaps between chunks that carry text.
    #[schemars(with = "Vec<f64>")]
    token_gaps_ms: Gaps<'a>,
    /// Wall-clock nanoseconds at which each chunk that carries text arrived, by the clock of the run; left
    /// out unless `level = "tokens"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<i64>>")]
    token_times_ns: Option<Times<'a>>,
    /// Why it failed; `null` if it did not.
    error: Option<RequestError<'a>>,
}

/// Why a request failed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RequestError<'a> {
    /// Stable class, such as `timeout`, `connect_refused`, `http_500`.
    #[serde(rename = "type")]
    class: &'a str,
    /// One line.
    message: &'a str,
}

impl<'a> RequestLine<'a> {
    /// The line of `row`; with `tokens`, the times of its chunks.
    pub(crate) fn new(row: &RequestRow<'a>, phase: Option<&'a str>, tokens: bool) -> Self {
        let osl = row.completion_tokens.or_else(|| counted_chunks(row));
        let failed = row.outcome == Outcome::Failed || !row.error_class.is_empty();
        Self {
            id: row.id,
            phase,
            session_num: row.session_num,
            turn_index: row.turn_index,
            conversation_id: Some(row.conversation_id).filter(|id| !id.is_empty()),
            outcome: row.outcome.as_str(),
            status: row.status,
            worker: row.worker,
            request_start_ns: row.start_ns,
            dns_lookup_ms: row.dns_ns.map(millis),
            connecting_ms: row.connecting_ns.map(millis),
            tls_handshake_ms: row.tls_ns.map(millis),
            sending_ms: row.sending_ns.map(millis),
            waiting_ms: row.waiting_ns.map(millis),
            data_sent_bytes: row.data_sent,
            data_received_bytes: row.data_received,
            socket_reads: row.socket_reads,
            send_delay_ms: row.send_delay_ns.map(millis),
            held_ms: row.held_ns.map(millis),
            time_to_first_token_ms: row.ttft_ns.map(millis),
            request_latency_ms: row.latency_ns.map(millis),
            request_duration_ms: millis(row.end_ns),
            inter_token_latency_ms: inter_token_latency_ms(row, osl),
            input_sequence_length: row.prompt_tokens.unwrap_or(row.prompt_estimate),
            input_sequence_length_estimated: row.prompt_tokens.is_none(),
            output_sequence_length: osl,
            output_sequence_length_estimated: row.completion_tokens.is_none(),
            output_chunks: row.chunks,
            first_token_read_lag_ms: millis(row.read_lag_ns),
            requested_output_tokens: (row.requested_tokens > 0).then_some(row.requested_tokens),
            num_images: Some(row.images).filter(|images| *images > 0),
            cached_tokens: row.cached_tokens,
            reasoning_tokens: row.reasoning_tokens,
            cache_write_tokens: row.cache_write_tokens,
            accepted_prediction_tokens: row.accepted_prediction_tokens,
            rejected_prediction_tokens: row.rejected_prediction_tokens,
            spec_decode_steps: row.spec_decode_steps,
            draft_tokens: row.draft_tokens,
            accepted_draft_tokens: row.accepted_draft_tokens,
            time_to_first_output_token_ms: (row.first_output_ns != row.ttft_ns)
                .then(|| row.first_output_ns.map(millis)),
            token_gaps_ms: Gaps(row.gaps_ns),
            token_times_ns: tokens.then(|| Times {
                first_ns: row.ttft_ns.map(|ttft| row.start_ns.saturating_add(ttft)),
                gaps_ns: row.gaps_ns,
            }),
            error: failed.then_some(RequestError {
                class: row.error_class,
                message: row.error_message,
            }),
        }
    }
}

fn millis(ns: i64) -> f64 {
    ns as f64 / 1e6
}

fn counted_chunks(row: &RequestRow<'_>) -> Option<i64> {
    row.ttft_ns
        .and_then(|_| i64::try_from(row.gaps_ns.len() + 1).ok())
}

fn inter_token_latency_ms(row: &RequestRow<'_>, osl: Option<i64>) -> Option<f64> {
    let gaps = osl.filter(|tokens| *tokens > 1)? - 1;
    Some((row.latency_ns? - row.ttft_ns?) as f64 / gaps as f64 / 1e6)
}

#[derive(Debug)]
struct Gaps<'a>(&'a [i64]);

/// Times of chunks, from that of the first and the gaps after it: nothing is kept for them.
#[derive(Debug)]
struct Times<'a> {
    /// `None` without chunks.
    first_ns: Option<i64>,
    gaps_ns: &'a [i64],
}

impl Serialize for Times<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let after = self.gaps_ns.iter().scan(self.first_ns, |at, gap| {
            *at = at.map(|at| at.saturating_add(*gap));
            *at
        });
        serializer.collect_seq(self.first_ns.into_iter().chain(after))
    }
}

impl Serialize for Gaps<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|gap| millis(*gap)))
    }
}
