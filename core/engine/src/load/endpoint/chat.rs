//! `chat/completions`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{Alternative, length};

/// A choice: `delta` in a stream, `message` in a whole response.
#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(borrow, default)]
    delta: Option<Message<'a>>,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
}

/// All that the model can say. The names of reasoning differ between servers.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow, default)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
    #[serde(borrow, default)]
    function_call: Option<&'a RawValue>,
}

impl Message<'_> {
    fn text_bytes(&self) -> usize {
        // Some servers send reasoning under both names at once.
        let reasoning = length(self.reasoning_content).max(length(self.reasoning));
        let called = length(self.tool_calls) + length(self.function_call);
        length(self.content) + reasoning + length(self.refusal) + called
    }
}

impl<'de> Alternative<'de> for Choice<'de> {
    fn text_bytes(&self) -> usize {
        let said = self.delta.as_ref().or(self.message.as_ref());
        said.map_or(0, Message::text_bytes)
    }

    fn finish_reason(&self) -> Option<&'de RawValue> {
        self.finish_reason
    }
}
