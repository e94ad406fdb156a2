//! What a chunk of a stream, or a whole response, says.
//!
//! Texts are not decoded: a token matters by being there. They are taken as raw JSON, which costs
//! neither an allocation nor the work of unescaping.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::usage::{Usage, WireUsage};
use crate::load::failure::{Failure, FailureClass};

/// Why the server stopped generating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model ended its answer, or a stop string was met.
    Stop,
    /// The requested length was reached.
    Length,
    /// The model called a tool.
    ToolCalls,
    /// The answer was withheld.
    ContentFilter,
    /// Something else.
    Other,
}

impl FinishReason {
    /// The API's name of this reason.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Other => "other",
        }
    }

    fn from_raw(raw: &RawValue) -> Self {
        match raw.get() {
            "\"stop\"" => Self::Stop,
            "\"length\"" => Self::Length,
            "\"tool_calls\"" | "\"function_call\"" => Self::ToolCalls,
            "\"content_filter\"" => Self::ContentFilter,
            _ => Self::Other,
        }
    }
}

/// What one chunk, or a whole response, contributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::load) struct Reply {
    /// Length of the text as JSON, in bytes, all choices and kinds of text together. 0 means that no
    /// token is visible here: a role, usage or an empty string.
    pub(in crate::load) text_bytes: usize,
    pub(in crate::load) finish: Option<FinishReason>,
    pub(in crate::load) usage: Option<Usage>,
}

/// One of the alternatives that a response holds; there is only one unless `n` was asked for.
pub(super) trait Alternative<'de>: Deserialize<'de> {
    fn text_bytes(&self) -> usize;
    fn finish_reason(&self) -> Option<&'de RawValue>;
}

/// A text, a list of parts, or a list of tool calls: its length as JSON without what encloses it.
pub(super) fn length(raw: Option<&RawValue>) -> usize {
    raw.map_or(0, |raw| raw.get().len().saturating_sub(2))
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

/// The choices of a response, added up as they are read.
struct Choices<C> {
    text_bytes: usize,
    finish: Option<FinishReason>,
    kind: PhantomData<C>,
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
        let mut sum = Choices {
            text_bytes: 0,
            finish: None,
            kind: PhantomData,
        };
        while let Some(choice) = list.next_element::<C>()? {
            sum.text_bytes += choice.text_bytes();
            sum.finish = choice
                .finish_reason()
                .map(FinishReason::from_raw)
                .or(sum.finish);
        }
        Ok(sum)
    }
}

/// Reads a chunk or a response; an error object in it is a failure.
pub(super) fn read<'de, C: Alternative<'de>>(json: &'de [u8]) -> Result<Reply, Failure> {
    let payload: Payload<'de, C> =
        serde_json::from_slice(json).map_err(|error| Failure::invalid(error, json))?;
    if let Some(error) = payload.error.or_else(|| bare_error(&payload)) {
        return Err(Failure::new(FailureClass::StreamError, describe(error)));
    }
    let (text_bytes, finish) = payload
        .choices
        .map_or((0, None), |choices| (choices.text_bytes, choices.finish));
    Ok(Reply {
        text_bytes,
        finish,
        usage: payload.usage.map(Usage::from),
    })
}

/// `{"object":"error","message":...}`, as older vLLM servers send it.
fn bare_error<'a, C>(payload: &Payload<'a, C>) -> Option<&'a RawValue> {
    let object = payload
        .object
        .filter(|object| object.get() == "\"error\"")?;
    Some(payload.message.unwrap_or(object))
}

fn describe(error: &RawValue) -> String {
    let said = match serde_json::from_str(error.get()) {
        Ok(Value::String(text)) => text,
        Ok(Value::Object(fields)) => match fields.get("message") {
            Some(Value::String(text)) => text.clone(),
            _ => error.get().to_owned(),
        },
        _ => error.get().to_owned(),
    };
    format!("the server reported an error: {said}")
}
