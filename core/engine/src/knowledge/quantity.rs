//! Quantities that clients and servers both know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Read;

/// What clients and servers measure alike.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// From a request to its first token.
    TimeToFirstToken,
    /// From a token to the next one.
    InterTokenLatency,
    /// From a request to the end of its answer.
    RequestLatency,
    /// From a request to the beginning of its work. Servers only.
    QueueTime,
    /// Requests in flight.
    Concurrency,
    /// Answered requests.
    RequestCount,
    /// Tokens of prompts, cached ones too.
    PromptTokens,
    /// Tokens of answers.
    CompletionTokens,
    /// Tokens of prompts that were in the server's cache.
    CachedTokens,
    /// Tokens of a prompt.
    InputSequenceLength,
    /// Tokens of an answer.
    OutputSequenceLength,
}

impl Quantity {
    /// All, in the order of the report.
    pub const ALL: [Self; 11] = [
        Self::TimeToFirstToken,
        Self::QueueTime,
        Self::InterTokenLatency,
        Self::RequestLatency,
        Self::Concurrency,
        Self::RequestCount,
        Self::PromptTokens,
        Self::CachedTokens,
        Self::CompletionTokens,
        Self::InputSequenceLength,
        Self::OutputSequenceLength,
    ];

    /// Stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TimeToFirstToken => "time_to_first_token",
            Self::InterTokenLatency => "inter_token_latency",
            Self::RequestLatency => "request_latency",
            Self::QueueTime => "queue_time",
            Self::Concurrency => "concurrency",
            Self::RequestCount => "request_count",
            Self::PromptTokens => "prompt_tokens",
            Self::CompletionTokens => "completion_tokens",
            Self::CachedTokens => "cached_tokens",
            Self::InputSequenceLength => "input_sequence_length",
            Self::OutputSequenceLength => "output_sequence_length",
        }
    }

    /// Name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::TimeToFirstToken => "Time to First Token",
            Self::InterTokenLatency => "Inter Token Latency",
            Self::RequestLatency => "Request Latency",
            Self::QueueTime => "Queue Time",
            Self::Concurrency => "Concurrency",
            Self::RequestCount => "Request Count",
            Self::PromptTokens => "Prompt Tokens",
            Self::CompletionTokens => "Completion Tokens",
            Self::CachedTokens => "Cached Tokens",
            Self::InputSequenceLength => "Input Sequence Length",
            Self::OutputSequenceLength => "Output Sequence Length",
        }
    }

    /// Unit of both sides.
    pub fn unit(self) -> &'static str {
        match self.kind() {
            QuantityKind::Time => "ms",
            QuantityKind::Level => "requests",
            QuantityKind::Total if self == Self::RequestCount => "requests",
            QuantityKind::Length | QuantityKind::Total => "tokens",
        }
    }

    /// What sort of number it is.
    pub fn kind(self) -> QuantityKind {
        match self {
            Self::TimeToFirstToken
            | Self::InterTokenLatency
            | Self::RequestLatency
            | Self::QueueTime => QuantityKind::Time,
            Self::InputSequenceLength | Self::OutputSequenceLength => QuantityKind::Length,
            Self::Concurrency => QuantityKind::Level,
            Self::RequestCount
            | Self::PromptTokens
            | Self::CompletionTokens
            | Self::CachedTokens => QuantityKind::Total,
        }
    }

    /// What of a family it is read from unless a rule says otherwise.
    pub fn read(self) -> Read {
        match self.kind() {
            QuantityKind::Time | QuantityKind::Length => Read::Observations,
            QuantityKind::Level => Read::Level,
            QuantityKind::Total => Read::Total,
        }
    }
}

/// Sorts of quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantityKind {
    /// A distribution of times.
    Time,
    /// A distribution of numbers of tokens.
    Length,
    /// Something that goes up and down.
    Level,
    /// Something counted over the phase.
    Total,
}
