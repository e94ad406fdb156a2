//! `chat/completions`.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::api::{Api, Place};
use super::body::{Member, stream};
use super::choices::{self, Alternative};
use super::input;
use super::reply::Words;
use crate::load::conversation::Prompt;
use crate::load::plan::LoadPlan;

pub(super) static API: Api = Api {
    place: |_| Place::Versioned("/chat/completions"),
    generates: true,
    members,
    read: |json, said| choices::read::<Choice<'_>>(json, said),
};

fn members(plan: &LoadPlan) -> Vec<Member> {
    let mut members = vec![
        Member::fixed("model", &json!(plan.model)),
        Member::Input("messages", messages),
        Member::MaxTokens("max_tokens"),
    ];
    members.extend(stream(plan));
    members
}

/// Writes all that is said as a list of messages.
pub(super) fn messages(prompt: &Prompt, body: &mut Vec<u8>) {
    body.push(b'[');
    if !prompt.system.is_empty() {
        input::message("system", &prompt.system, body);
        body.push(b',');
    }
    input::history(&prompt.history, body);
    if prompt.images.is_empty() && prompt.more.is_empty() {
        input::message("user", &prompt.text, body);
    } else {
        body.extend_from_slice(b"{\"role\":\"user\",\"content\":");
        parts(prompt, body);
        body.push(b'}');
    }
    body.push(b']');
}

/// Text and images, as parts of one message.
fn parts(prompt: &Prompt, body: &mut Vec<u8>) {
    body.push(b'[');
    input::part("text", &prompt.text, body);
    for text in &prompt.more {
        body.push(b',');
        input::part("text", text, body);
    }
    for url in &prompt.images {
        body.extend_from_slice(b",{\"type\":\"image_url\",\"image_url\":{\"url\":");
        input::json(&**url, body);
        body.extend_from_slice(b"}}");
    }
    body.push(b']');
}

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

impl<'de> Alternative<'de> for Choice<'de> {
    fn words(&self) -> Words<'de> {
        let Some(message) = self.delta.as_ref().or(self.message.as_ref()) else {
            return Words::default();
        };
        // Some servers send reasoning under both names at once.
        let length = |raw: Option<&RawValue>| raw.map_or(0, |raw| raw.get().len());
        let (one, other) = (message.reasoning_content, message.reasoning);
        let reasoning = if length(one) < length(other) {
            other
        } else {
            one
        };
        let Message {
            content,
            refusal,
            tool_calls,
            function_call,
            ..
        } = *message;
        Words {
            shown: [tool_calls, function_call, content, refusal],
            reasoning,
        }
    }

    fn finish_reason(&self) -> Option<&'de RawValue> {
        self.finish_reason
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::super::tests::{Played, play, written};
    use super::*;
    use crate::load::conversation::{Message, Role};
    use crate::load::{EndpointKind, FinishReason};

    const KIND: EndpointKind = EndpointKind::Chat;

    #[test]
    fn llama_cpp_opens_with_a_role_and_ends_with_usage() {
        let played = play(KIND, include_bytes!("golden/llamacpp_chat.sse"));
        assert_eq!(
            played,
            Played {
                texts: vec!["ects", "mo", ").", "j"],
                finish: Some(FinishReason::Length),
                usage: (Some(8), Some(4)),
                cached: Some(0),
                done: true,
                ..Played::default()
            }
        );
        let whole = play(KIND, include_bytes!("golden/llamacpp_chat.json"));
        assert_eq!(
            (whole.texts, whole.usage),
            (vec!["peffmoant"], (Some(8), Some(4)))
        );
    }

    #[test]
    fn llama_cpp_tells_reasoning_from_the_answer() {
        let played = play(KIND, include_bytes!("golden/llamacpp_chat_reasoning.sse"));
        assert_eq!(played.reasoning, ["ab", " c", "d"]);
        assert_eq!(played.texts, ["e", "f", " g", "h"]);
        assert_eq!(played.finish, Some(FinishReason::Stop));
    }

    #[test]
    fn dynamo_has_the_first_token_in_the_chunk_with_the_role() {
        let played = play(KIND, include_bytes!("golden/dynamo_chat.sse"));
        assert_eq!(played.texts, [" msg", " point", "9999"]);
        assert_eq!((played.usage, played.done), ((Some(8), Some(3)), true));
    }

    #[test]
    fn dynamo_counts_tokens_in_each_chunk_if_asked_to() {
        let played = play(
            KIND,
            include_bytes!("golden/dynamo_chat_continuous_usage.sse"),
        );
        assert_eq!(played.counts, [1, 2, 3]);
        assert_eq!(played.texts.len(), 3);
    }

    #[test]
    fn images_and_earlier_turns_stand_in_their_places() {
        let prompt = Prompt {
            system: "be brief".to_owned(),
            history: vec![
                Message {
                    role: Role::User,
                    text: "a?".to_owned(),
                },
                Message {
                    role: Role::Assistant,
                    text: "b".to_owned(),
                },
            ],
            text: "see \"this\"".to_owned(),
            images: vec![Arc::from("data:image/png;base64,AA==")],
            ..Prompt::default()
        };
        let body: Value = written(KIND, &prompt);
        assert_eq!(
            body["messages"],
            json!([
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": "a?"},
                {"role": "assistant", "content": "b"},
                {"role": "user", "content": [
                    {"type": "text", "text": "see \"this\""},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
                ]},
            ])
        );
    }
}
