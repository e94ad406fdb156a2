//! Prompts from a file.

use std::sync::Arc;

use rand::Rng;
use serde_json::{Value, json};

use super::random::{generator, scramble};
use crate::load::conversation::Conversation;
use crate::load::dataset::Dataset;

/// In which order the prompts of a file are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sampling {
    /// As they stand in the file, again from the start when they are used up.
    #[default]
    Sequential,
    /// In an order drawn once from the seed.
    Shuffle,
    /// Each drawn from the seed, whether or not it was drawn before.
    Random,
}

impl Sampling {
    /// The stable name used in configuration and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Shuffle => "shuffle",
            Self::Random => "random",
        }
    }
}

/// Picks the conversations of a file.
#[derive(Clone, Debug)]
pub(super) struct Picked {
    dataset: Arc<Dataset>,
    sampling: Sampling,
    seed: u64,
    /// Whether there are conversations of several turns.
    pub(super) has_turns: bool,
    /// Of [`Sampling::Shuffle`].
    order: Vec<u32>,
}

impl Picked {
    pub(super) fn new(dataset: &Arc<Dataset>, sampling: Sampling, seed: u64) -> Self {
        let n = u32::try_from(dataset.conversations.len()).unwrap_or(u32::MAX);
        let order = match sampling {
            Sampling::Shuffle => shuffled(n, seed),
            _ => Vec::new(),
        };
        Self {
            dataset: Arc::clone(dataset),
            sampling,
            seed,
            has_turns: dataset.most_turns() > 1,
            order,
        }
    }

    /// The conversation with this number in its phase. Warm-up takes them from the end, so that what
    /// is measured does not find its own prompts in the server's cache.
    pub(super) fn pick(&self, number: u64, is_warmup: bool) -> &Conversation {
        let n = self.dataset.conversations.len() as u64;
        let turn = match self.sampling {
            Sampling::Random => scramble(self.seed ^ scramble(2 * number + u64::from(is_warmup))),
            _ if is_warmup => n - 1 - number % n,
            _ => number,
        };
        let place = usize::try_from(turn % n).unwrap_or_default();
        let place = self.order.get(place).map_or(place, |&place| place as usize);
        &self.dataset.conversations[place]
    }

    /// Where the prompts come from.
    pub(super) fn describe(&self) -> Value {
        json!({
            "kind": "file",
            "path": self.dataset.path,
            "format": self.dataset.format.as_str(),
            "conversations": self.dataset.conversations.len(),
            "sampling": self.sampling.as_str(),
            "random_seed": self.seed,
        })
    }
}

/// Ronald Fisher's and Frank Yates's shuffle.
fn shuffled(n: u32, seed: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n).collect();
    let mut random = generator(seed, u64::from(n));
    for last in (1..order.len()).rev() {
        let other = random.next_u64() % (last as u64 + 1);
        order.swap(last, usize::try_from(other).unwrap_or(last));
    }
    order
}
