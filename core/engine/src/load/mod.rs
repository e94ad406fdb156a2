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
mod attend;
mod cancel;
mod conversation;
mod cost;
mod endpoint;
mod error;
mod exchange;
mod failure;
mod files;
mod headers;
mod machine;
mod pace;
mod phase;
mod plan;
mod probe;
mod progress;
mod prompt;
mod record;
mod room;
mod run;
mod shared;
pub mod sse;
mod stop;
mod supervise;
#[cfg(test)]
mod tests;
mod thread;
mod warning;
mod worker;

pub use arrival::{Arrival, ClosedLoop, Next, Schedule};
pub use conversation::{Conversation, Message, Prompt, Role, Turn};
pub use cost::{MachineUse, PhaseUse, ThreadUse};
pub use endpoint::{EndpointKind, Field, FinishReason, Template, TemplateError, Usage};
pub use error::LoadError;
pub use failure::FailureClass;
pub use files::OpenFiles;
pub use plan::{
    ArrivalPattern, ArrivalPlan, LoadPlan, PhaseKind, PhasePlan, PlanError, RatePlan, StopPlan,
    TokenCount,
};
pub use probe::{ProbeOk, probe};
pub use progress::Progress;
pub use prompt::{Draw, PrefixPlan, PromptPlan, PromptSource, RankingPlan};
pub use record::{Gaps, Outcome, RecordSink, RequestRecord, RequestRecords, RequestRow};
pub use run::{EndReason, LoadGenerator, PhaseOutcome};
pub use stop::{Stop, StopSignal};
pub use warning::LoadWarning;
