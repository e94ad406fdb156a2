//! What the user should know about how the load was generated.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Something that changes what the results mean. `Display` says what and why in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum LoadWarning {
    /// The server refuses `stream_options`, so that it reports no usage for streams.
    StreamOptionsRefused = 1,
    /// Streams were asked for, but the server answered in one piece.
    NotStreamed = 2,
}

impl LoadWarning {
    const ALL: [Self; 2] = [Self::StreamOptionsRefused, Self::NotStreamed];

    /// The stable `snake_case` name of this warning.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StreamOptionsRefused => "stream_options_refused",
            Self::NotStreamed => "not_streamed",
        }
    }
}

impl fmt::Display for LoadWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StreamOptionsRefused => {
                "the server refuses `stream_options`, so that it does not report token counts: \
                 they are estimated from chunks"
            }
            Self::NotStreamed => {
                "the server answered in one piece although a stream was asked for: there is no \
                 time to first token"
            }
        })
    }
}

/// The warnings of a run so far; each counts once.
#[derive(Debug, Default)]
pub(super) struct Warnings(AtomicU8);

impl Warnings {
    pub(super) fn add(&self, warning: LoadWarning) {
        self.0.fetch_or(warning as u8, Relaxed);
    }

    pub(super) fn contains(&self, warning: LoadWarning) -> bool {
        self.0.load(Relaxed) & warning as u8 != 0
    }

    pub(super) fn list(&self) -> Vec<LoadWarning> {
        LoadWarning::ALL
            .into_iter()
            .filter(|&warning| self.contains(warning))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_counts_once() {
        let warnings = Warnings::default();
        warnings.add(LoadWarning::NotStreamed);
        warnings.add(LoadWarning::NotStreamed);
        assert_eq!(warnings.list(), [LoadWarning::NotStreamed]);
        assert!(!warnings.contains(LoadWarning::StreamOptionsRefused));
    }
}
