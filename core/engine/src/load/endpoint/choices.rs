//! What `chat/completions` and `completions` have in common: a list of choices.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::problem;
use super::reply::{FinishReason, Reply, Said};
use super::usage::{Usage, WireUsage};
use crate::load::failure::Failure;

/// One of the alternatives that a response holds; there is only one unless `n` was asked for.
pub(super) trait Alternative<'de>: Deserialize<'de> {
    /// Its text, with its lengths as the reply.
    fn say(&self, said: &mut Said) -> Reply;
    /// Why it ended.
    fn finish_reason(&self) -> Option<&'de RawValue>;
}

#[derive(Deserialize)]
#[serde(bound = "C: Alternative<'de>")]
struct Payload<'a, C> {
    #[serde(default)]
    choices: Option<Choices<C>>,
    #[serde(default)]
    usage: Option<WireUsage>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

/// The choices of a response: the first one as it is, all others added up as they are read.
struct Choices<C> {
    first: Option<C>,
    others: Reply,
}

impl<'de, C: Alternative<'de>> Deserialize<'de> for Choices<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(AddUp(PhantomData))
    }
}

struct AddUp<C>(PhantomData<C>);

impl<'de, C: Alternative<'de>> Visitor<'de> for AddUp<C> {
    type Value = Choices<C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of choices")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Choices<C>, A::Error> {
        let first = list.next_element::<C>()?;
        let mut others = Reply::default();
        let mut unwanted = Said::default();
        while let Some(choice) = list.next_element::<C>()? {
            add(&mut others, &choice, &mut unwanted);
        }
        Ok(Choices { first, others })
    }
}

fn add<'de, C: Alternative<'de>>(sum: &mut Reply, choice: &C, said: &mut Said) {
    let reply = choice.say(said);
    sum.text_bytes += reply.text_bytes;
    sum.reasoning_bytes += reply.reasoning_bytes;
    let finish = choice.finish_reason().map(FinishReason::from_raw);
    sum.finish = finish.or(sum.finish);
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
        reply = choices.others;
        if let Some(first) = choices.first {
            add(&mut reply, &first, said);
        }
    }
    reply.usage = payload.usage.map(Usage::from);
    Ok(reply)
}

/// `{"object":"error","message":...}`, as older vLLM servers send it.
fn bare_error<'a, C>(payload: &Payload<'a, C>) -> Option<&'a RawValue> {
    let object = payload
        .object
        .filter(|object| object.get() == "\"error\"")?;
    Some(payload.message.unwrap_or(object))
}
