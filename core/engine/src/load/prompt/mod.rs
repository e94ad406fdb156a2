//! Prompts: what the requests of a run ask.

mod file;
mod pictures;
mod plan;
mod random;
mod sessions;
mod synthetic;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::sync::Arc;

use serde_json::{Value, json};

use super::conversation::{Blocks, Conversation, Prompt, Turn};
use super::dataset::BLOCK_TOKENS;
use super::phase::PhaseKind;
use super::plan::{LoadPlan, TokenCount};
use super::tokenizer::Tokenizer;
use file::Picked;
use pictures::Pictures;
use random::{generator, sample};
use synthetic::Synthetic;
use vocabulary::Vocabulary;

pub use file::Sampling;
pub use plan::{ImagePlan, ImageSource, PrefixPlan, PromptPlan, RankingPlan};
pub use sessions::{Asking, Pause, SessionPlan};

/// What sets the blocks of traces apart from other texts.
const BLOCK_KEY: u64 = 1 << 61;

/// Bytes of prompts after which no further one is described.
const DESCRIBED: usize = 1 << 20;

/// What one request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Tokens of the prompt: by the tokenizer, else an estimate.
    pub input_tokens: u32,
    /// `max_tokens` of the request; `None` if the length is the server's choice.
    pub output_tokens: Option<u32>,
}

/// Tokens of a text where nobody counted them: a fourth of its characters.
pub(super) fn estimate(text: &str) -> u32 {
    let characters = text.chars().count();
    u32::try_from(characters.div_ceil(4)).unwrap_or(u32::MAX)
}

/// Makes the prompts of a run: the same seed gives the same prompts, in whatever order and on
/// whatever thread they are drawn.
///
/// Unless they are told to share their beginnings, or come from a file, no two prompts of a run begin
/// alike, warm-up included, so that a server's prefix cache cannot serve one from another: their first
/// words differ within any 512 texts in a row, their first four words always. Texts shorter than four
/// words may repeat.
#[derive(Clone, Debug)]
pub struct PromptSource {
    /// By phase: whether it is warm-up.
    phases: Vec<bool>,
    vocabulary: Vocabulary,
    tokenizer: Option<Arc<Tokenizer>>,
    synthetic: Synthetic,
    file: Option<Picked>,
    images: Option<ImagePlan>,
    pictures: Pictures,
}

impl PromptSource {
    /// The prompts of a plan.
    pub fn new(plan: &LoadPlan) -> Self {
        let warmup = |kind| kind == PhaseKind::Warmup;
        let phases = plan.phases.iter().map(|phase| warmup(phase.kind));
        let lengths = (plan.input_tokens, plan.output_tokens);
        let ranks = plan.endpoint.ranks();
        Self::of(
            plan.random_seed,
            phases.collect(),
            lengths,
            &plan.prompts,
            ranks,
        )
    }

    fn of(
        seed: u64,
        phases: Vec<bool>,
        lengths: (TokenCount, Option<TokenCount>),
        plan: &PromptPlan,
        ranks: bool,
    ) -> Self {
        let vocabulary = Vocabulary::new(plan.tokenizer.as_deref());
        let picked = |(dataset, sampling): &(_, _)| Picked::new(dataset, *sampling, seed);
        Self {
            phases,
            synthetic: Synthetic::new(seed, lengths, plan, ranks, &vocabulary),
            vocabulary,
            tokenizer: plan.tokenizer.clone(),
            file: plan.file.as_ref().map(picked),
            images: plan.images.clone(),
            pictures: Pictures::default(),
        }
    }

    /// Makes what takes time to make: images. Without it prompts have none.
    pub(super) fn prepare(&mut self) {
        let seed = self.synthetic.seed;
        let images = self.images.as_ref();
        self.pictures = images
            .map(|plan| Pictures::new(plan, seed))
            .unwrap_or_default();
    }

    /// Writes what a phase's `ordinal`-th conversation asks first into `prompt`, replacing what it held.
    pub fn draw(&self, phase: usize, ordinal: u64, prompt: &mut Prompt) -> Draw {
        let key = self.key(phase, ordinal);
        let conversation = self.conversation(phase, ordinal);
        if let Some(turn) = conversation.and_then(|said| said.turns.first()) {
            let mut draw = self.write(turn, key, prompt);
            self.add_system(prompt, &mut draw);
            return draw;
        }
        prompt.clear();
        let mut draw = self.synthetic.draw(key, &self.vocabulary, prompt);
        self.add_system(prompt, &mut draw);
        if let Some(tokenizer) = self
            .tokenizer
            .as_ref()
            .filter(|_| !self.vocabulary.is_exact)
        {
            draw.input_tokens = count(prompt, |text| tokenizer.count(text));
        }
        self.pictures.add(self.synthetic.seed, key, prompt);
        draw
    }

    /// Puts the system prompt of all requests before one that has none.
    fn add_system(&self, prompt: &mut Prompt, draw: &mut Draw) {
        let Some(system) = &self.synthetic.plan.system else {
            return;
        };
        if prompt.system.is_empty() && prompt.body.is_none() {
            prompt.system.push_str(system);
            let tokens = match &self.tokenizer {
                Some(tokenizer) => tokenizer.count(system),
                None => estimate(system),
            };
            draw.input_tokens = draw.input_tokens.saturating_add(tokens);
        }
    }

    /// The conversation with this number in its phase, if prompts come from a file.
    pub fn conversation(&self, phase: usize, number: u64) -> Option<&Conversation> {
        let is_warmup = self.phases.get(phase).copied().unwrap_or_default();
        self.file.as_ref().map(|file| file.pick(number, is_warmup))
    }

    /// Writes a turn's own prompt, replacing what `prompt` held. `key` numbers requests in the run, so
    /// that what the file leaves open is drawn anew for each.
    pub fn write(&self, turn: &Turn, key: u64, prompt: &mut Prompt) -> Draw {
        prompt.clone_from(&turn.prompt);
        if let Some(blocks) = &turn.blocks {
            self.write_blocks(blocks, key, &mut prompt.text);
        }
        let is_exact = turn.blocks.is_some() && self.vocabulary.is_exact;
        let tokens = match (&turn.blocks, &self.tokenizer) {
            (Some(blocks), None) => blocks.tokens,
            (Some(blocks), Some(_)) if is_exact => blocks.tokens,
            (_, Some(tokenizer)) => count(prompt, |text| tokenizer.count(text)),
            (None, None) => count(prompt, estimate),
        };
        let mut random = generator(self.synthetic.seed, key);
        let output_tokens = self.synthetic.output_tokens;
        let output_tokens = output_tokens.map(|count| sample(count, &mut random));
        self.pictures.add(self.synthetic.seed, key, prompt);
        Draw {
            input_tokens: tokens,
            output_tokens: turn.output_tokens.or(output_tokens),
        }
    }

    /// The key of a request: its number in the run, whatever order phases draw in.
    pub fn key(&self, phase: usize, ordinal: u64) -> u64 {
        let n_phases = self.phases.len().max(1) as u64;
        ordinal.wrapping_mul(n_phases).wrapping_add(phase as u64)
    }

    /// Blocks of the same name are the same text; without names the text is the request's own.
    fn write_blocks(&self, blocks: &Blocks, key: u64, text: &mut String) {
        let seed = self.synthetic.seed;
        if blocks.ids.is_empty() {
            let mut random = generator(seed, key);
            let name = (seed, key);
            return self
                .vocabulary
                .push_unique(text, name, &mut random, blocks.tokens);
        }
        let mut left = blocks.tokens;
        for id in &blocks.ids {
            let now = left.min(BLOCK_TOKENS);
            let name = BLOCK_KEY.wrapping_add(*id);
            let mut random = generator(seed, name);
            self.vocabulary
                .push_unique(text, (seed, name), &mut random, now);
            left -= now;
        }
    }

    /// Where the prompts come from and the first `n` of a phase (fewer where they are long), so that a
    /// run's inputs can be checked and made again.
    pub fn describe(&self, phase: usize, n: u64) -> Value {
        let (mut prompt, mut bytes) = (Prompt::default(), 0);
        let prompts: Vec<Value> = (0..n)
            .map_while(|ordinal| {
                if bytes > DESCRIBED {
                    return None;
                }
                let draw = self.draw(phase, ordinal, &mut prompt);
                bytes += prompt.size();
                let mut described = json!({
                    "phase": phase,
                    "ordinal": ordinal,
                    "estimated_input_tokens": draw.input_tokens,
                    "max_tokens": draw.output_tokens,
                    "prompt": prompt.text,
                });
                if !prompt.system.is_empty() {
                    described["system"] = json!(prompt.system);
                }
                if !prompt.more.is_empty() {
                    described["more"] = json!(prompt.more);
                }
                if let Some(body) = &prompt.body {
                    described["body"] = json!(**body);
                }
                Some(described)
            })
            .collect();
        let n_phases = self.phases.len().max(1) as u64;
        let mut generator = match &self.file {
            Some(file) => file.describe(),
            None => self.synthetic.describe(n_phases, self.vocabulary.is_exact),
        };
        if let Some(images) = &self.images {
            generator["images"] = images.describe();
        }
        json!({ "generator": generator, "prompts": prompts })
    }
}

/// Tokens of all texts of a prompt.
fn count(prompt: &Prompt, of: impl Fn(&str) -> u32) -> u32 {
    let texts = [&prompt.system, &prompt.text]
        .into_iter()
        .chain(&prompt.more);
    let earlier = prompt.history.iter().map(|said| &said.text);
    let all = texts.chain(earlier).filter(|text| !text.is_empty());
    let body = prompt.body.as_deref().map_or(0, &of);
    all.map(|text| of(text)).sum::<u32>() + body
}
