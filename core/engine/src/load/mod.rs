//! The load generator: sends requests to an inference server and notes when each token arrived.
//!
//! A [`LoadPlan`] says what to do. [`LoadGenerator`] owns the load threads, each with a runtime and
//! connections of its own, and runs one phase after the other. Finished requests leave through a
//! [`RecordSink`] while the phase runs.
//!
//! What differs between kinds of load is behind two seams: [`Arrival`] decides when requests are
//! sent, and the endpoint decides what is sent and what a response means. The loop that sends them
//! (`worker`) is one.

mod arrival;
mod cancel;
mod conversation;
mod cost;
mod crew;
mod dataset;
mod deal;
mod dealt;
mod endpoint;
mod error;
mod exchange;
mod failure;
mod files;
mod give_up;
mod headers;
mod image;
mod machine;
mod pacer;
mod phase;
mod plan;
mod prefill;
mod probe;
mod progress;
mod prompt;
mod record;
mod run;
mod shared;
pub mod sse;
mod stage;
mod stop;
mod stream;
mod supervise;
mod talk;
#[cfg(test)]
mod tests;
mod thread;
mod tokenizer;
mod warning;
mod worker;

pub use arrival::{
    Arrival, ArrivalPlan, ClosedLoop, Curve, CurveError, Next, Pattern, RateOf, RatePlan, RatePoint,
};
pub use conversation::{Conversation, Message, Prompt, Role, Turn};
pub use cost::{MachineUse, PhaseUse, ThreadUse};
pub use dataset::{Dataset, DatasetError, DatasetFormat, Replay};
pub use endpoint::{
    Drafts, EndpointKind, Field, FinishReason, PackedUsage, Template, TemplateError, Usage,
};
pub use error::LoadError;
pub use failure::FailureClass;
pub use files::OpenFiles;
pub use image::image_urls;
pub use phase::{CancellationPlan, PhaseKind, PhasePlan, PrefillPlan, StopPlan};
pub use plan::{LoadPlan, PlanError, TokenCount};
pub use probe::{ProbeOk, probe};
pub use progress::Progress;
pub use prompt::{
    Asking, Draw, ImagePlan, ImageSource, Pause, PrefixPlan, PromptPlan, PromptSource, RankingPlan,
    Sampling, SessionPlan,
};
pub use record::{Gaps, Outcome, RecordSink, RequestRecord, RequestRecords, RequestRow, TurnPlace};
pub use run::{EndReason, LoadGenerator, PhaseOutcome};
pub use stop::{Stop, StopSignal};
pub use supervise::LoadEvent;
pub use tokenizer::Tokenizer;
pub use warning::LoadWarning;
