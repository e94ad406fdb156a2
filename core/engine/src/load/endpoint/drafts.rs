//! Speculative decoding of one request, as the server counts it.

use serde::Deserialize;
use serde_json::value::RawValue;

/// What a server says of the drafts of one answer. vLLM puts it beside `usage`, as
/// `metrics.speculative_decoding`, if it runs with `--per-request-spec-decode-metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Drafts {
    /// Verification steps.
    #[serde(rename = "num_spec_steps")]
    pub steps: u32,
    /// Draft tokens that were proposed.
    #[serde(rename = "num_draft_tokens")]
    pub proposed: u32,
    /// Draft tokens that were accepted.
    #[serde(rename = "num_accepted_draft_tokens")]
    pub accepted: u32,
}

#[derive(Deserialize)]
struct Metrics {
    #[serde(default)]
    speculative_decoding: Option<Drafts>,
}

impl Drafts {
    /// Of the `metrics` of a response. `None` if they say nothing of drafts, or nothing that can be
    /// read: that costs no request.
    pub(super) fn read(metrics: &RawValue) -> Option<Self> {
        let metrics: Metrics = serde_json::from_str(metrics.get()).ok()?;
        metrics.speculative_decoding
    }
}
