//! Misbehavior on demand, deterministic so that a test can rely on it.

use crate::fault::{Fault, FaultKind};
use crate::output::Slow;

/// What an answer becomes at half its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoil {
    /// The connection is closed.
    Cut,
    /// JSON that is none, then the connection is closed.
    Json,
    /// An event that is none, then the connection is closed.
    Event,
    /// An event that reports an error, then the end of the body.
    Error,
    /// The end of the body.
    End,
}

impl Spoil {
    /// Whether the body is complete, as HTTP has it.
    pub(crate) fn ends_the_body(self) -> bool {
        matches!(self, Self::Error | Self::End)
    }
}

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
    /// Reports an error in the middle of every Nth stream, and ends it there.
    pub stream_error_every: u64,
    /// Ends every Nth stream in the middle as if it were complete, but for the words that say so.
    pub end_every: u64,
    /// Ends every Nth answer at half its length with `finish_reason` "stop", unless the request
    /// set `ignore_eos`; never below `min_tokens`.
    pub stop_early_every: u64,
    /// Answers HTTP 400 to requests that carry `stream_options`, as old servers do.
    pub refuse_stream_options: bool,
    /// Closes the connection after each response without announcing it.
    pub close_after_each_response: bool,
    /// Sends at most this many bytes with one write, so that events arrive in pieces; 0 is off.
    pub drip: usize,
    /// What inference requests meet.
    pub requests: Option<Fault>,
    /// What scrapes meet, of any metrics page.
    pub pages: Option<Fault>,
}

impl Faults {
    /// Whether the rule "every `period`th" hits request number `seq`.
    pub(crate) fn hits(period: u64, seq: u64) -> bool {
        period != 0 && seq.is_multiple_of(period)
    }

    /// What strikes request number `seq`.
    fn of_request(&self, seq: u64) -> Option<FaultKind> {
        let fault = self.requests.filter(|fault| fault.strikes(seq));
        fault.map(|fault| fault.kind)
    }

    /// What strikes scrape number `seq`.
    pub(crate) fn of_page(&self, seq: u64) -> Option<FaultKind> {
        let fault = self.pages.filter(|fault| fault.strikes(seq));
        fault.map(|fault| fault.kind)
    }

    /// The status that request number `seq` is answered with, if it is an error.
    pub(crate) fn status(&self, seq: u64) -> Option<u16> {
        match self.of_request(seq) {
            Some(FaultKind::Status(status)) => Some(status),
            _ => Self::hits(self.error_every, seq).then_some(500),
        }
    }

    /// What request number `seq` gets in place of an answer.
    pub(crate) fn replaces_answer(&self, seq: u64) -> Option<FaultKind> {
        let kind = self.of_request(seq)?;
        let keeps = kind.slow() != Slow::Nothing || kind.spoil().is_some();
        (!keeps).then_some(kind)
    }

    /// What is slow about the answer to request number `seq`.
    pub(crate) fn slow(&self, seq: u64) -> Slow {
        let kind = self.of_request(seq);
        kind.map_or(Slow::Nothing, FaultKind::slow)
    }

    /// What becomes of the answer to request number `seq`; streams can end in more ways.
    pub(crate) fn spoil(&self, seq: u64, streams: bool) -> Option<Spoil> {
        let hit = |period, spoil| Self::hits(period, seq).then_some(spoil);
        let in_stream = |period, spoil| hit(period, spoil).filter(|_| streams);
        self.of_request(seq)
            .and_then(FaultKind::spoil)
            .or_else(|| hit(self.cut_every, Spoil::Cut))
            .or_else(|| in_stream(self.stream_error_every, Spoil::Error))
            .or_else(|| in_stream(self.end_every, Spoil::End))
    }
}

impl FaultKind {
    /// What it slows.
    pub(crate) fn slow(self) -> Slow {
        match self {
            Self::SlowHead => Slow::Head,
            Self::Drip => Slow::All,
            _ => Slow::Nothing,
        }
    }

    fn spoil(self) -> Option<Spoil> {
        match self {
            Self::Cut => Some(Spoil::Cut),
            Self::BadJson => Some(Spoil::Json),
            Self::BadEvents => Some(Spoil::Event),
            _ => None,
        }
    }
}
