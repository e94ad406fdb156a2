//! A simulated inference server that knows its own truth.
//!
//! [`Sim`] answers the OpenAI API as a real server does and serves Prometheus pages about it. It
//! keeps a schedule to the microsecond and remembers when each request arrived and each token left,
//! so that what a load generator or a metrics pipeline reports can be held against [`Truth`].
//!
//! | route | answer |
//! |---|---|
//! | `POST /v1/chat/completions`, `/v1/completions`, `/v1/responses`, `/v1/messages` | server-sent events, or JSON without `stream` |
//! | `POST /generate`, `/generate_stream` | JSON, server-sent events |
//! | `POST /v1/embeddings`, `/v1/rerank`, `/v2/rerank`, `/rerank`, `/v1/ranking` | vectors, scores |
//! | `GET /v1/models`, `/health`, `/version` | JSON |
//! | `GET /metrics` | counters under the names of vLLM, of Dynamo, and generic ones |
//! | `GET /multi/metrics` | the same for two servers, whose counters add up to `/metrics` |
//! | `GET /dcgm/metrics` | GPUs, as a DCGM exporter shows them |
//!
//! One whitespace-separated word is one token, in prompts and answers. A chat stream opens with a
//! chunk that names the role and has no text; it is sent as soon as the request arrives. Counters
//! include a request before the last byte of its answer leaves. Scrapes change no counter.
//!
//! It speaks HTTP/1.1 and, to clients that begin with it, HTTP/2 (h2c); behind its TLS both as well.
//!
//! The server writes its sockets itself, on threads of its own, without an async runtime. Linux only.
//!
//! [`StagedSim`] is the same server in bad weather ([`Weather`]): it hangs, lies, dies, comes back.
//!
//! ```
//! use aiperf_sim::{Sim, SimConfig};
//!
//! let sim = Sim::start(SimConfig::default())?;
//! let url = format!("{}/v1/models", sim.url());
//! // ... run a client against it ...
//! # assert!(url.starts_with("http://127.0.0.1:"));
//! let truth = sim.stop();
//! assert_eq!(truth.totals.completed as usize, truth.requests.len());
//! # Ok::<(), aiperf_sim::SimError>(())
//! ```

#![cfg(target_os = "linux")]

mod certificate;
mod chunks;
mod clock;
mod config;
mod connection;
mod endpoint;
mod error;
mod event_loop;
mod fault;
mod faults;
mod generation;
mod http;
mod http2;
mod metrics;
mod output;
mod plan;
mod receive;
mod routes;
mod schedule;
mod shared;
mod sim;
mod slab;
mod slots;
mod tokens;
mod truth;
mod weather;
mod wire;
mod worker;

pub use certificate::{AUTHORITY, Certificate};
pub use config::{Families, SimConfig};
pub use error::SimError;
pub use fault::{Fault, FaultError, FaultKind, When};
pub use faults::Faults;
pub use sim::Sim;
pub use truth::{Outcome, RequestTruth, Totals, Truth};
pub use weather::{StagedSim, Weather, WeatherError};
