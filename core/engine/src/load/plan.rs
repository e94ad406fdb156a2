//! What the load generator is asked to do, resolved and ready to be checked.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value};

use super::files::OpenFiles;
use super::phase::PhasePlan;
use crate::http::{HttpVersion, Origin, Proxies, Reuse, Secret, Tls};
use crate::secrets::Secrets;

use super::endpoint::{EndpointKind, Field, Template};
use super::prompt::PromptPlan;

/// A normally distributed number of tokens, rounded, at least 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenCount {
    /// Mean, in tokens.
    pub mean: f64,
    /// Standard deviation, in tokens; 0 makes the count constant.
    pub stddev: f64,
}

/// Everything that the load generator needs to know.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, each with a name of its own"
)]
pub struct LoadPlan {
    /// Which API.
    pub endpoint: EndpointKind,
    /// The server; its base path may be empty, end with `/v1`, or be the endpoint itself.
    pub origin: Origin,
    /// Further servers of the same kind: requests go to all of them in turn.
    pub more_origins: Vec<Origin>,
    /// Path of the endpoint on the server, if it is not the usual one.
    pub endpoint_path: Option<String>,
    /// Model name sent with each request.
    pub model: String,
    /// Ask for a stream of tokens. Without it there is no time to first token.
    pub streaming: bool,
    /// Ask for token counts with each chunk of a stream.
    pub per_chunk_usage: bool,
    /// Body of [`EndpointKind::Template`].
    pub template: Option<Arc<Template>>,
    /// Where the text of an answer is; `None` goes by its shape.
    pub response_field: Option<Arc<Field>>,
    /// Further headers of each request.
    pub headers: HeaderMap,
    /// Header that names the conversation of each request, for routers that keep one on its server.
    pub session_header: Option<HeaderName>,
    /// Sent as `Authorization: Bearer ...`.
    pub api_key: Option<Secret>,
    /// Merged into each request body, over what we would send.
    pub extra_inputs: Map<String, Value>,
    /// Length of the synthetic prompts.
    pub input_tokens: TokenCount,
    /// Sent as `max_tokens`; `None` leaves the length to the server.
    pub output_tokens: Option<TokenCount>,
    /// What prompts hold beside that.
    pub prompts: PromptPlan,
    /// Seed of everything that is drawn at random.
    pub random_seed: u64,
    /// Limit for one request, connecting included.
    pub request_timeout: Duration,
    /// Limit for opening a connection, name resolution and TLS included.
    pub connect_timeout: Duration,
    /// Which connections carry more than one request.
    pub reuse: Reuse,
    /// What connections speak.
    pub http_version: HttpVersion,
    /// Requests in flight on a connection; more than 1 in HTTP/2 with pooled connections only.
    pub http2_streams: usize,
    /// Use the kernel's receive times where the system offers them.
    pub kernel_stamps: bool,
    /// Whom `https` connections trust.
    pub tls: Tls,
    /// What requests go through.
    pub proxies: Proxies,
    /// What errors must not show.
    pub secrets: Arc<Secrets>,
    /// The phases, in order.
    pub phases: Vec<PhasePlan>,
    /// Load threads, each with its own runtime and connections. More than the machine has cores, or
    /// more than there are requests in flight, gain nothing.
    pub threads: usize,
    /// The server is in this process as well.
    pub both_ends: bool,
}

/// A plan that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A number that has to be at least 1 is 0.
    #[error("`{0}` must be at least 1")]
    Zero(&'static str),
    /// A token count is not a usable number.
    #[error("`{0}` needs a mean of at least 1 and a standard deviation of at least 0")]
    TokenCount(&'static str),
    /// A closed loop has no size.
    #[error("a closed loop needs a concurrency")]
    NoConcurrency,
    /// The smoothness of arrivals is not a usable number.
    #[error("the smoothness of arrivals must be above 0")]
    Smoothness,
    /// A phase would never end.
    #[error("phase `{0}` has no end: give it a request count or a duration")]
    Endless(String),
    /// The plan has no phase.
    #[error("there is no phase to run")]
    NoPhase,
    /// The model name is empty.
    #[error("no model is named: give one, or a server that lists its models")]
    NoModel,
    /// The endpoint's path or a header cannot be sent.
    #[error("`{0}` cannot be sent: {1}")]
    Unsendable(String, String),
}

impl LoadPlan {
    /// Checks what the types do not rule out.
    ///
    /// # Errors
    /// The first [`PlanError`] that is found.
    pub fn check(&self) -> Result<(), PlanError> {
        if self.model.is_empty() {
            return Err(PlanError::NoModel);
        }
        if self.threads == 0 {
            return Err(PlanError::Zero("threads"));
        }
        self.input_tokens.check("isl")?;
        if let Some(output_tokens) = self.output_tokens {
            output_tokens.check("osl")?;
        }
        self.prompts.check()?;
        if self.phases.is_empty() {
            return Err(PlanError::NoPhase);
        }
        self.phases.iter().try_for_each(PhasePlan::check)
    }

    /// All servers, in turn.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        std::iter::once(&self.origin).chain(&self.more_origins)
    }

    /// Files that its load has open at once.
    pub fn open_files(&self) -> OpenFiles {
        OpenFiles {
            connections: self.max_in_flight().map(|most| most as u64),
            threads: self.threads as u64,
            sources: 0,
            both_ends: self.both_ends,
        }
    }

    /// The most requests that any phase has in flight; `None` without a limit.
    pub fn max_in_flight(&self) -> Option<usize> {
        let most = |most: usize, phase: &PhasePlan| Some(most.max(phase.concurrency?));
        self.phases.iter().try_fold(0, most)
    }
}

impl TokenCount {
    pub(super) fn check(self, name: &'static str) -> Result<(), PlanError> {
        let usable = self.mean.is_finite() && self.mean >= 1.0;
        let spread = self.stddev.is_finite() && self.stddev >= 0.0;
        if usable && spread {
            Ok(())
        } else {
            Err(PlanError::TokenCount(name))
        }
    }
}
