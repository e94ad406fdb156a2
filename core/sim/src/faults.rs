//! Misbehavior on demand, deterministic so that a test can rely on it.

/// What goes wrong, and when. Everything is off by default.
///
/// "Every N" counts inference requests in arrival order, starting with 1: `error_every: 3` fails
/// the third, the sixth and so on. Zero is never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Answers every Nth inference request with HTTP 500 and a JSON error.
    pub error_every: u64,
    /// Closes the connection in the middle of every Nth answer.
    pub cut_every: u64,
    /// Ends every Nth answer at half its length with `finish_reason` "stop", unless the request
    /// set `ignore_eos`; never below `min_tokens`.
    pub stop_early_every: u64,
    /// Answers HTTP 400 to requests that carry `stream_options`, as old servers do.
    pub refuse_stream_options: bool,
    /// Closes the connection after each response without announcing it.
    pub close_after_each_response: bool,
    /// Sends at most this many bytes with one write, so that events arrive in pieces; 0 is off.
    pub drip: usize,
    /// What scrapes get, of any metrics page.
    pub metrics: MetricsFault,
    /// Answers the first N scrapes with HTTP 503.
    pub metrics_down_first: u64,
}

/// What a scrape gets instead of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MetricsFault {
    /// The page.
    #[default]
    None,
    /// No answer, on a connection that stays open.
    Hang,
    /// An HTML page with status 200.
    Html,
    /// A JSON document with status 200.
    Json,
    /// The head of the whole page and half of its body, then the end of the connection.
    Truncated,
}

impl Faults {
    /// Whether the rule "every `period`th" hits request number `seq`.
    pub(crate) fn hits(period: u64, seq: u64) -> bool {
        period != 0 && seq.is_multiple_of(period)
    }
}
