//! Names of the columns in which requests cross the boundary.

/// What is not known.
pub(super) const NONE: i64 = i64::MIN;
/// Columns of `i64`, in the order of `ints` of the block.
pub(super) const INTS: [&str; 32] = [
    "request.id",
    "request.start_ns",
    "request.send_delay_ns",
    "request.ttft_ns",
    "request.latency_ns",
    "request.prompt_tokens",
    "request.completion_tokens",
    "request.cached_tokens",
    "request.prompt_estimate",
    "request.requested_tokens",
    "request.end_ns",
    "request.read_lag_ns",
    "request.chunks",
    "request.held_ns",
    "request.reasoning_tokens",
    "request.first_output_ns",
    "request.session_num",
    "request.turn_index",
    "request.dns_ns",
    "request.connecting_ns",
    "request.tls_ns",
    "request.sending_ns",
    "request.waiting_ns",
    "request.data_sent",
    "request.data_received",
    "request.socket_reads",
    "request.cache_write_tokens",
    "request.accepted_prediction_tokens",
    "request.rejected_prediction_tokens",
    "request.spec_decode_steps",
    "request.draft_tokens",
    "request.accepted_draft_tokens",
];
/// Columns of `u32`, in the order of `words` of the block.
pub(super) const WORDS: [&str; 4] = [
    "request.phase",
    "request.worker",
    "request.status",
    "request.images",
];
pub(super) const OUTCOME: &str = "request.outcome";
pub(super) const GAPS: &str = "request.gaps_ns";
pub(super) const GAP_OFFSETS: &str = "request.gap_offsets";
pub(super) const ERROR_CLASS: &str = "request.error_class";
pub(super) const ERROR_MESSAGE: &str = "request.error_message";
pub(super) const CONVERSATION_ID: &str = "request.conversation_id";
