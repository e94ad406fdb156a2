//! What a simulated server is told before it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::error::SimError;
use crate::faults::Faults;

/// Settings of one simulated server.
///
/// Token `k` of a request is due at `start + ttft + k * itl`, where `start` is the request's
/// arrival, or the moment it got a slot if it had to queue. The schedule is absolute: a late token
/// does not delay the ones after it.
#[derive(Debug, Clone)]
pub struct SimConfig {
    /// Address to listen on; port 0 lets the system choose.
    pub bind: SocketAddr,
    /// The only model served.
    pub model: String,
    /// Event loop threads; connections are dealt to them in turn.
    pub threads: usize,
    /// From arrival (or from leaving the queue) to the first token.
    pub ttft: Duration,
    /// From one token to the next; zero sends tokens as fast as the socket takes them.
    pub itl: Duration,
    /// Uniform relative variation of `ttft` and of every gap, 0 to 1; drawn from `seed` and the
    /// request's number, so that a run repeats.
    pub jitter: f64,
    /// Length of an answer when the request names no maximum, in tokens.
    pub output_tokens: u32,
    /// Tokens of each answer that are reasoning, the first ones.
    pub reasoning_tokens: u32,
    /// Tokens in one chunk of a stream; it leaves when the last of them is due.
    pub tokens_per_chunk: u32,
    /// Requests generating at once; further ones wait in arrival order.
    pub max_running: u32,
    /// Tokens sent with one write when `itl` is zero.
    pub coalesce: u32,
    /// Puts all tokens on one grid of `itl`, so that running streams emit together, as the decode
    /// steps of a real engine do.
    pub lockstep: bool,
    /// Longest prompt plus answer, in tokens.
    pub context_length: u32,
    /// Size of the simulated KV cache, in blocks of 16 tokens. Usage above it is shown as full.
    pub kv_blocks: u32,
    /// Time between two looks of the DCGM exporter at its GPUs; zero looks at every scrape.
    pub dcgm_interval: Duration,
    /// What goes wrong, and when.
    pub faults: Faults,
    /// Naming schemes of the metrics page.
    pub metrics_families: Families,
    /// File that gets one JSON line per finished request.
    pub truth_log: Option<PathBuf>,
    /// Finished requests kept in memory for [`Truth`](crate::Truth); totals are exact beyond it.
    pub truth_limit: usize,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            model: "sim-model".to_owned(),
            threads: 1,
            ttft: Duration::from_millis(20),
            itl: Duration::from_millis(5),
            jitter: 0.0,
            output_tokens: 32,
            reasoning_tokens: 0,
            tokens_per_chunk: 1,
            max_running: 256,
            coalesce: 1,
            lockstep: false,
            context_length: 131_072,
            kv_blocks: 8_192,
            dcgm_interval: Duration::ZERO,
            faults: Faults::default(),
            metrics_families: Families::default(),
            truth_log: None,
            truth_limit: 100_000,
            seed: 1,
        }
    }
}

impl SimConfig {
    /// Checks that every setting can be honored.
    ///
    /// # Errors
    /// [`SimError::Config`], naming the first setting that cannot.
    pub fn validate(&self) -> Result<(), SimError> {
        let problem = if self.threads == 0 {
            "`threads` must be at least 1"
        } else if self.max_running == 0 {
            "`max_running` must be at least 1"
        } else if self.coalesce == 0 {
            "`coalesce` must be at least 1"
        } else if self.output_tokens == 0 || self.tokens_per_chunk == 0 {
            "`output_tokens` and `tokens_per_chunk` must be at least 1"
        } else if !(0.0..=1.0).contains(&self.jitter) {
            "`jitter` must be between 0 and 1"
        } else if self.kv_blocks == 0 || self.context_length == 0 {
            "`kv_blocks` and `context_length` must be at least 1"
        } else {
            return Ok(());
        };
        Err(SimError::Config(problem))
    }
}

/// Naming schemes of the metrics page.
///
/// A family that belongs to several schemes appears once, under the real server's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Families {
    /// Generic process, HTTP and component names.
    pub spec: bool,
    /// Names of vLLM's `/metrics`.
    pub vllm: bool,
    /// Names of Dynamo's frontend and worker.
    pub dynamo: bool,
}

impl Default for Families {
    fn default() -> Self {
        Self {
            spec: true,
            vllm: true,
            dynamo: true,
        }
    }
}
