//! What a scrape is for.

use aiperf_plugin_sdk::view::Barrier;

/// Phase and place of a scrape, decided when it is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tag {
    /// Index of the phase, `None` outside all phases.
    pub phase: Option<u32>,
    /// Where it stands in the phase.
    pub barrier: Barrier,
}

impl Tag {
    /// A tick of phase `phase`.
    pub fn tick(phase: u32) -> Self {
        Self {
            phase: Some(phase),
            barrier: Barrier::Tick,
        }
    }

    /// The barrier before phase `phase`.
    pub fn start(phase: u32) -> Self {
        Self {
            phase: Some(phase),
            barrier: Barrier::Start,
        }
    }

    /// The barrier after phase `phase`.
    pub fn end(phase: u32) -> Self {
        Self {
            phase: Some(phase),
            barrier: Barrier::End,
        }
    }
}
