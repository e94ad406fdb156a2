//! What `chat/completions` and `completions` have in common: a list of choices.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::drafts::Drafts;
use super::problem;
use super::reply::{FinishReason, Reply, Said, Words};
use super::usage::Usage;
use crate::load::failure::Failure;

/// One of the alternatives that a response holds; there is only one unless `n` was asked for.
pub(super) trait Alternative<'de>: Deserialize<'de> {
    /// All that it says.
    fn words(&self) -> Words<'de>;
    /// Why it ended.
    fn finish_reason(&self) -> Option<&'de RawValue>;
}

#[derive(Deserialize)]
#[serde(bound = "C: Alternative<'de>")]
struct Payload<'a, C> {
    #[serde(borrow, default)]
    choices: Option<Choices<'a, C>>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(borrow, default)]
    metrics: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

/// The choices of a response, as they are read: what the first one says, and how much all others say.
/// It is moved about for each token, and kept small.
struct Choices<'a, C> {
    first: Words<'a>,
    text_bytes: usize,
    reasoning_bytes: usize,
    finish: Option<FinishReason>,
    kind: PhantomData<C>,
}

impl<'de: 'a, 'a, C: Alternative<'de>> Deserialize<'de> for Choices<'a, C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(AddUp(PhantomData))
    }
}

struct AddUp<'a, C>(PhantomData<(&'a (), C)>);

impl<'de: 'a, 'a, C: Alternative<'de>> Visitor<'de> for AddUp<'a, C> {
    type Value = Choices<'a, C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of choices")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Choices<'a, C>, A::Error> {
        let mut choices = Choices {
            first: Words::default(),
            text_bytes: 0,
            reasoning_bytes: 0,
            finish: None,
            kind: PhantomData,
        };
        let mut is_first = true;
        while let Some(choice) = list.next_element::<C>()? {
            let words = choice.words();
            if is_first {
                choices.first = words;
            } else {
                let reply = words.said(&mut Said::default());
                choices.text_bytes += reply.text_bytes;
                choices.reasoning_bytes += reply.reasoning_bytes;
            }
            is_first = false;
            let finish = choice.finish_reason().map(FinishReason::from_raw);
            // The first one's counts most.
            choices.finish = choices.finish.or(finish);
        }
        Ok(choices)
    }
}

/// Reads a chunk or a response; an error object in it is a failure.
pub(super) fn read<'de, C: Alternative<'de>>(
    json: &'de [u8],
    said: &mut Said,
) -> Result<Reply, Failure> {
    let payload: Payload<'de, C> =
        serde_json::from_slice(json).map_err(|error| Failure::invalid(error, json))?;
    if let Some(error) = payload.error.or_else(|| bare_error(&payload)) {
        return Err(problem::reported(error));
    }
    let mut reply = Reply::default();
    if let Some(choices) = payload.choices {
        reply = choices.first.said(said);
        reply.text_bytes += choices.text_bytes;
        reply.reasoning_bytes += choices.reasoning_bytes;
        reply.finish = choices.finish;
    }
    reply.usage = payload.usage;
    reply.drafts = payload.metrics.and_then(Drafts::read);
    Ok(reply)
}

/// `{"object":"error","message":...}`, as older vLLM servers send it.
fn bare_error<'a, C>(payload: &Payload<'a, C>) -> Option<&'a RawValue> {
    let object = payload
        .object
        .filter(|object| object.get() == "\"error\"")?;
    Some(payload.message.unwrap_or(object))
}
