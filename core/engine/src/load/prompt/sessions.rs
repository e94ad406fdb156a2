//! The turns of conversations, after the first.

use std::time::Duration;

use super::random::{generator, sample, sample_time, scramble};
use super::{Draw, Prompt, PromptSource, count};
use crate::load::conversation::Turn;
use crate::load::plan::{PlanError, TokenCount};

/// What sets apart what is drawn for turns from what is drawn for prompts.
const TURNS_KEY: u64 = 1 << 60;

/// Conversations that are made up, and the pauses in all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SessionPlan {
    /// Turns of a conversation that is made up.
    pub turns: TokenCount,
    /// Mean pause before its further turns, after the answer before.
    pub pause: Duration,
    /// Standard deviation of that.
    pub pause_stddev: Duration,
    /// What all pauses are multiplied by, those of files too.
    pub pause_ratio: f64,
    /// No pause is longer.
    pub longest_pause: Option<Duration>,
}

/// A turn of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Index of the phase.
    pub phase: usize,
    /// Number of the conversation in the phase, from 0.
    pub conversation: u64,
    /// Number of the turn, from 0.
    pub turn: u32,
}

/// When a turn is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// From the end of the answer before.
    pub delay: Duration,
    /// From the start of a schedule, if it has a time there.
    pub at: Option<Duration>,
}

impl Default for SessionPlan {
    fn default() -> Self {
        Self {
            turns: TokenCount {
                mean: 1.0,
                stddev: 0.0,
            },
            pause: Duration::ZERO,
            pause_stddev: Duration::ZERO,
            pause_ratio: 1.0,
            longest_pause: None,
        }
    }
}

impl SessionPlan {
    /// Whether conversations that are made up have several turns.
    pub fn has_turns(&self) -> bool {
        self.turns.mean > 1.0 || self.turns.stddev > 0.0
    }

    pub(super) fn check(&self) -> Result<(), PlanError> {
        self.turns.check("conversation_turn")
    }

    fn limited(&self, pause: Duration) -> Duration {
        let pause = pause.as_secs_f64() * self.pause_ratio;
        let pause = Duration::try_from_secs_f64(pause).unwrap_or_default();
        self.longest_pause.map_or(pause, |most| pause.min(most))
    }
}

impl PromptSource {
    /// Whether there are conversations of several turns.
    pub fn has_turns(&self) -> bool {
        match &self.file {
            Some(file) => file.has_turns,
            None => self.synthetic.plan.sessions.has_turns(),
        }
    }

    /// Turns of a conversation; at least 1.
    pub fn turns(&self, phase: usize, conversation: u64) -> u32 {
        if let Some(said) = self.conversation(phase, conversation) {
            return u32::try_from(said.turns.len()).unwrap_or(u32::MAX);
        }
        let sessions = &self.synthetic.plan.sessions;
        let key = TURNS_KEY.wrapping_add(self.key(phase, conversation));
        sample(sessions.turns, &mut generator(self.synthetic.seed, key))
    }

    /// When a turn after the first one is asked.
    pub fn pause(&self, asking: Asking) -> Pause {
        let sessions = &self.synthetic.plan.sessions;
        if let Some(turn) = self.turn(asking) {
            return Pause {
                delay: sessions.limited(turn.delay),
                at: turn.at,
            };
        }
        let nanos = |time: Duration| time.as_secs_f64() * 1e9;
        let drawn = TokenCount {
            mean: nanos(sessions.pause),
            stddev: nanos(sessions.pause_stddev),
        };
        let mut random = generator(self.synthetic.seed, !self.turn_key(asking));
        Pause {
            delay: sessions.limited(sample_time(drawn, &mut random)),
            at: None,
        }
    }

    /// Writes a turn behind what `prompt` asked and its `answer`. All of that was `before` tokens long.
    pub fn proceed(&self, asking: Asking, before: u32, answer: &str, prompt: &mut Prompt) -> Draw {
        let key = self.turn_key(asking);
        let mut next = Prompt::default();
        let mut draw = match self.turn(asking) {
            Some(turn) => self.write(turn, key, &mut next),
            None => self.synthetic.draw_turn(key, &self.vocabulary, &mut next),
        };
        let is_whole = |turn: &Turn| turn.blocks.is_some() || turn.prompt.body.is_some();
        if self.turn(asking).is_some_and(is_whole) {
            // It has what was said before in it.
            *prompt = next;
            self.add_system(prompt, &mut draw);
            return draw;
        }
        prompt.proceed(answer, &next);
        draw.input_tokens = match &self.tokenizer {
            Some(tokenizer) => count(prompt, |text| tokenizer.count(text)),
            None => before.saturating_add(draw.input_tokens),
        };
        draw
    }

    fn turn(&self, asking: Asking) -> Option<&Turn> {
        let said = self.conversation(asking.phase, asking.conversation)?;
        said.turns.get(usize::try_from(asking.turn).ok()?)
    }

    fn turn_key(&self, asking: Asking) -> u64 {
        scramble(self.key(asking.phase, asking.conversation)).wrapping_add(asking.turn.into())
    }
}
