//! What the two processes say to each other, as JSON. Bytes go beside it, large ones in memory that both
//! see.

use aiperf_plugin_sdk::time::PayloadClock;
use aiperf_plugin_sdk::{Context, PluginError, PluginKind, Targets, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// From the run to the plugin's process: do this. [`Said::Done`] ends it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Call {
    /// Which options are wrong?
    Validate {
        kind: PluginKind,
        id: String,
        options: Json,
    },
    /// Open the one instance of this process.
    Open {
        kind: PluginKind,
        id: String,
        options: Json,
        context: Context,
        /// Wall minus monotonic nanoseconds of the run's clock.
        wall_minus_mono: i64,
    },
    Targets,
    /// Beside it: the head of the answer.
    OnResponse {
        target_id: String,
        status: Option<u16>,
        content_type: String,
        error: String,
        headers: String,
    },
    Collect,
    Run,
    /// Beside it: the head of a page.
    Sniff,
    /// In memory: a page.
    Parse(PageHead),
    Close,
}

/// What is known of bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PageHead {
    pub(super) source_id: String,
    pub(super) content_type: String,
    pub(super) clock: PayloadClock,
    /// Bytes of the page, in memory.
    pub(super) length: usize,
}

/// From the plugin's process to the run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    /// The call goes on, and needs something.
    Ask(Ask),
    /// The call is over.
    Done {
        result: Result<Outcome, PluginError>,
        /// The last batch of a page, which need not be asked for one by one.
        batch: Option<BatchHead>,
    },
}

/// What is known of a batch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BatchHead {
    pub(super) source_id: String,
    /// Its text is the page that the call came with.
    pub(super) of_page: bool,
    /// Bytes of it, in memory.
    pub(super) length: usize,
}

/// What a call brought.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Outcome {
    Nothing,
    Yes(bool),
    Problems(Vec<PluginError>),
    Targets(Targets),
    Verdict(Verdict),
}

/// What a plugin needs of its host. Those without an [`Answer`] are not waited for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Ask {
    /// In memory: a page. Answer: [`Answer::Taken`].
    Payload(PageHead),
    /// In memory: columns. Answer: [`Answer::Taken`].
    Batch(BatchHead),
    /// No answer.
    Error(PluginError),
    /// No answer.
    Log { level: u8, message: String },
    /// Beside it: the body. Answer: [`Answer::Http`].
    Http {
        method: String,
        url: String,
        headers: String,
        timeout_ns: u64,
    },
    /// Answer: [`Answer::Wake`].
    Wait { ns: u64 },
    /// No answer.
    Synced,
    /// Answer: [`Answer::TimeLeft`].
    TimeLeft,
}

/// What the run answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Taken(Result<(), PluginError>),
    Wake(u8),
    TimeLeft(Option<u64>),
    /// Beside it: the body.
    Http(Result<HttpHead, PluginError>),
}

/// An answer of a server, without its body.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HttpHead {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) headers: String,
}
