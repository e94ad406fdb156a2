//! The conversation that a slot has.

use std::sync::Arc;

use super::exchange::Scratch;
use super::prompt::{Asking, Draw, Pause, PromptSource};
use super::record::TurnPlace;

/// A conversation of several turns, and how far it has come.
#[derive(Clone, Debug)]
pub(super) struct Talk {
    phase: usize,
    number: u64,
    /// The turn that is asked, or asked next, from 0.
    turn: u32,
    turns: u32,
    id: Option<Arc<str>>,
}

impl Talk {
    /// The conversation with this number in its phase; `None` in runs whose conversations have one turn.
    pub(super) fn begin(prompts: &PromptSource, phase: usize, number: u64) -> Option<Self> {
        prompts.has_turns().then(|| Self {
            phase,
            number,
            turn: 0,
            turns: prompts.turns(phase, number),
            id: prompts
                .conversation(phase, number)
                .and_then(|said| said.id.clone()),
        })
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn is_first(&self) -> bool {
        self.turn == 0
    }

    /// Whether there is a turn after this one.
    pub(super) fn goes_on(&self) -> bool {
        self.turn + 1 < self.turns
    }

    /// The turn after this one.
    pub(super) fn next(self) -> Option<Self> {
        self.goes_on().then(|| Self {
            turn: self.turn + 1,
            ..self
        })
    }

    /// The same with fewer turns, as `left` says of those that it has.
    pub(super) fn shortened(self, left: impl FnOnce(u32) -> u32) -> Self {
        Self {
            turns: left(self.turns),
            ..self
        }
    }

    /// Which turn it is, for the record.
    pub(super) fn place(&self) -> TurnPlace {
        TurnPlace {
            conversation: self.number,
            turn: self.turn,
            id: self.id.clone(),
        }
    }

    /// How long after the answer before the turn is asked.
    pub(super) fn pause(&self, prompts: &PromptSource) -> Pause {
        prompts.pause(self.asking())
    }

    /// Writes the turn behind the one that `scratch` holds, and its answer.
    pub(super) fn ask(&self, prompts: &PromptSource, scratch: &mut Scratch) -> Draw {
        let record = &scratch.record;
        let answered = record.usage.completion_tokens;
        let answered = answered.unwrap_or_else(|| super::prompt::estimate(&scratch.said.text));
        let before = record.estimated_isl.saturating_add(answered);
        prompts.proceed(
            self.asking(),
            before,
            &scratch.said.text,
            &mut scratch.prompt,
        )
    }

    fn asking(&self) -> Asking {
        Asking {
            phase: self.phase,
            conversation: self.number,
            turn: self.turn,
        }
    }
}
