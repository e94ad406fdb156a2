//! `messages`, Anthropic's API.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::api::{Api, Place};
use super::body::Member;
use super::input;
use super::problem;
use super::reply::{FinishReason, Reply, Said};
use super::usage::Usage;
use crate::load::conversation::Prompt;
use crate::load::failure::Failure;
use crate::load::plan::LoadPlan;

pub(super) static API: Api = Api {
    place: |_| Place::Versioned("/messages"),
    generates: true,
    members,
    read,
};

/// Tokens to ask for where nobody says: the API demands a number.
const MAX_TOKENS: u32 = 1024;

fn members(plan: &LoadPlan) -> Vec<Member> {
    let mut members = vec![
        Member::fixed("model", &json!(plan.model)),
        Member::Optional("system", |prompt| !prompt.system.is_empty(), system),
        Member::Input("messages", write),
        Member::MaxTokensOr("max_tokens", MAX_TOKENS),
    ];
    members.extend(
        plan.streaming
            .then(|| Member::fixed("stream", &json!(true))),
    );
    members
}

fn system(prompt: &Prompt, body: &mut Vec<u8>) {
    input::json(&prompt.system, body);
}

fn write(prompt: &Prompt, body: &mut Vec<u8>) {
    body.push(b'[');
    input::history(&prompt.history, body);
    if prompt.images.is_empty() && prompt.more.is_empty() {
        input::message("user", &prompt.text, body);
        body.push(b']');
        return;
    }
    body.extend_from_slice(b"{\"role\":\"user\",\"content\":[");
    for url in &prompt.images {
        image(url, body);
        body.push(b',');
    }
    input::part("text", &prompt.text, body);
    for text in &prompt.more {
        body.push(b',');
        input::part("text", text, body);
    }
    body.extend_from_slice(b"]}]");
}

fn image(url: &str, body: &mut Vec<u8>) {
    let inline = url
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(";base64,"));
    let source = match inline {
        Some((kind, data)) => json!({"type": "base64", "media_type": kind, "data": data}),
        None => json!({"type": "url", "url": url}),
    };
    input::json(&json!({"type": "image", "source": source}), body);
}

/// An event, or a whole answer.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    delta: Option<Block<'a>>,
    #[serde(borrow, default)]
    content_block: Option<Block<'a>>,
    /// Of `message_start`.
    #[serde(default)]
    message: Option<Begun>,
    #[serde(borrow, default)]
    content: Vec<Block<'a>>,
    #[serde(borrow, default)]
    stop_reason: Option<&'a RawValue>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Begun {
    #[serde(default)]
    usage: Option<Usage>,
}

/// A part of the answer, or what is added to it.
#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow, default)]
    partial_json: Option<&'a RawValue>,
    /// Of a call.
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stop_reason: Option<&'a RawValue>,
}

impl Block<'_> {
    fn say(&self, said: &mut Said) -> Reply {
        let reasoning_bytes = said.reasoning(self.thinking);
        let called = said.text(self.name) + said.text(self.input) + said.text(self.partial_json);
        Reply {
            text_bytes: said.text(self.text) + called + reasoning_bytes,
            reasoning_bytes,
            ..Reply::default()
        }
    }
}

fn read(json: &[u8], said: &mut Said) -> Result<Reply, Failure> {
    let wire: Wire<'_> =
        serde_json::from_slice(json).map_err(|error| Failure::invalid(error, json))?;
    if let Some(error) = wire.error {
        return Err(problem::reported(error));
    }
    let mut reply = Reply::default();
    let blocks = wire
        .content
        .iter()
        .chain(&wire.delta)
        .chain(&wire.content_block);
    for block in blocks {
        let block = block.say(said);
        reply.text_bytes += block.text_bytes;
        reply.reasoning_bytes += block.reasoning_bytes;
    }
    let ended = wire.delta.as_ref().and_then(|delta| delta.stop_reason);
    reply.finish = wire.stop_reason.or(ended).map(FinishReason::from_raw);
    let usage = wire.usage.or(wire.message.and_then(|begun| begun.usage));
    reply.usage = usage;
    reply.ends = wire.kind.as_deref() == Some("message_stop");
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Played, play, read as reading, written};
    use super::*;
    use crate::load::EndpointKind;

    const KIND: EndpointKind = EndpointKind::Messages;

    #[test]
    fn llama_cpp_counts_the_cached_part_of_the_prompt_apart() {
        let played = play(KIND, include_bytes!("golden/llamacpp_messages.sse"));
        assert_eq!(
            played,
            Played {
                texts: vec!["j", "\"", "ant", " extra"],
                finish: Some(FinishReason::Length),
                usage: (Some(8), Some(4)),
                cached: Some(7),
                counts: vec![],
                done: true,
                ..Played::default()
            }
        );
        let whole = play(KIND, include_bytes!("golden/llamacpp_messages.json"));
        assert_eq!(whole.texts, [" its yield excepmal"]);
        assert_eq!(
            (whole.usage, whole.finish),
            ((Some(8), Some(4)), Some(FinishReason::Length))
        );
    }

    #[test]
    fn thinking_calls_and_signatures_are_told_apart() {
        let delta = |delta: &str| {
            let json = format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#);
            reading(KIND, &json).unwrap()
        };
        let thinking = delta(r#"{"type":"thinking_delta","thinking":"hm"}"#);
        assert_eq!((thinking.text_bytes, thinking.reasoning_bytes), (2, 2));
        let call = delta(r#"{"type":"input_json_delta","partial_json":"{}"}"#);
        assert_eq!((call.text_bytes, call.reasoning_bytes), (2, 0));
        let signature = delta(r#"{"type":"signature_delta","signature":"EqQB"}"#);
        assert_eq!(signature.text_bytes, 0);
        assert_eq!(reading(KIND, r#"{"type":"ping"}"#), Ok(Reply::default()));
    }

    #[test]
    fn an_error_in_the_stream_is_a_failure() {
        let json = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        assert!(
            reading(KIND, json)
                .unwrap_err()
                .message
                .ends_with("Overloaded")
        );
    }

    #[test]
    fn the_system_stands_apart_and_images_by_their_bytes() {
        let prompt = Prompt {
            system: "be brief".to_owned(),
            text: "hi".to_owned(),
            images: vec!["data:image/png;base64,AA==".into()],
            ..Prompt::default()
        };
        let source = json!({"type": "base64", "media_type": "image/png", "data": "AA=="});
        let content = json!([{"type": "image", "source": source}, {"type": "text", "text": "hi"}]);
        assert_eq!(
            written(KIND, &prompt),
            json!({
                "model": "m\"1",
                "system": "be brief",
                "messages": [{"role": "user", "content": content}],
                "max_tokens": 7,
                "stream": true,
            })
        );
    }
}
