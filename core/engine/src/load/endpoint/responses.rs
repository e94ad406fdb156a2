//! `responses`: events with a `type`, the last of which holds the whole answer.

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
    place: |_| Place::Versioned("/responses"),
    generates: true,
    members,
    read,
};

fn members(plan: &LoadPlan) -> Vec<Member> {
    let mut members = vec![
        Member::fixed("model", &json!(plan.model)),
        Member::Input("input", write),
        Member::MaxTokens("max_output_tokens"),
    ];
    members.extend(
        plan.streaming
            .then(|| Member::fixed("stream", &json!(true))),
    );
    members
}

fn write(prompt: &Prompt, body: &mut Vec<u8>) {
    let is_text = prompt.system.is_empty() && prompt.history.is_empty();
    if is_text && prompt.images.is_empty() && prompt.more.is_empty() {
        return input::json(&prompt.text, body);
    }
    body.push(b'[');
    if !prompt.system.is_empty() {
        input::message("system", &prompt.system, body);
        body.push(b',');
    }
    input::history(&prompt.history, body);
    body.extend_from_slice(b"{\"role\":\"user\",\"content\":[");
    input::part("input_text", &prompt.text, body);
    for text in &prompt.more {
        body.push(b',');
        input::part("input_text", text, body);
    }
    for url in &prompt.images {
        body.extend_from_slice(b",{\"type\":\"input_image\",\"image_url\":");
        input::json(&**url, body);
        body.push(b'}');
    }
    body.extend_from_slice(b"]}]");
}

/// An event, or a whole answer.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    delta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    item: Option<&'a RawValue>,
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

/// The whole answer.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    output: Vec<Item<'a>>,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
    #[serde(borrow, default)]
    incomplete_details: Option<Incomplete<'a>>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Incomplete<'a> {
    #[serde(borrow, default)]
    reason: Option<&'a RawValue>,
}

/// A part of the answer: a message, reasoning, or a call.
#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    content: Option<Vec<Part<'a>>>,
    #[serde(borrow, default)]
    summary: Option<Vec<Part<'a>>>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    refusal: Option<&'a RawValue>,
}

fn read(json: &[u8], said: &mut Said) -> Result<Reply, Failure> {
    let wire: Wire<'_> =
        serde_json::from_slice(json).map_err(|error| Failure::invalid(error, json))?;
    let Some(kind) = wire.kind.as_deref() else {
        return whole(json, said, true);
    };
    match kind {
        "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
            Ok(Reply::reasoning(said.reasoning(wire.delta)))
        }
        "response.output_item.added" => begun(wire.item, said),
        "response.completed" | "response.incomplete" | "response.failed" => {
            let answer = wire.response.map_or(json, |answer| answer.get().as_bytes());
            let reply = whole(answer, &mut Said::default(), false)?;
            // Its text has come before, piece by piece.
            Ok(Reply {
                text_bytes: 0,
                reasoning_bytes: 0,
                ends: true,
                ..reply
            })
        }
        "error" => Err(wire
            .error
            .or(wire.message)
            .map_or_else(|| Failure::stream_error(json), problem::reported)),
        kind if kind.strip_suffix(".delta").is_some() => Ok(Reply::text(said.text(wire.delta))),
        _ => Ok(Reply::default()),
    }
}

/// Of a call, the name comes before the first delta.
fn begun(item: Option<&RawValue>, said: &mut Said) -> Result<Reply, Failure> {
    let Some(item) = item else {
        return Ok(Reply::default());
    };
    let read: Item<'_> = serde_json::from_str(item.get())
        .map_err(|error| Failure::invalid(error, item.get().as_bytes()))?;
    Ok(Reply::text(said.text(read.name)))
}

fn whole(json: &[u8], said: &mut Said, must_say_something: bool) -> Result<Reply, Failure> {
    let answer: Answer<'_> =
        serde_json::from_slice(json).map_err(|error| Failure::invalid(error, json))?;
    if let Some(error) = answer.error {
        return Err(problem::reported(error));
    }
    let mut reply = Reply::default();
    for item in &answer.output {
        let thinks = item.kind.as_deref() == Some("reasoning");
        let parts = item.content.iter().chain(&item.summary).flatten();
        let bytes: usize = parts
            .map(|part| {
                if thinks {
                    said.reasoning(part.text)
                } else {
                    said.text(part.text) + said.text(part.refusal)
                }
            })
            .sum();
        let called = said.text(item.name) + said.text(item.arguments);
        reply.text_bytes += bytes + called;
        reply.reasoning_bytes += if thinks { bytes } else { 0 };
    }
    let why = answer.incomplete_details.and_then(|details| details.reason);
    reply.finish = why.or(answer.status).map(FinishReason::from_raw);
    reply.usage = answer.usage;
    if must_say_something && reply.text_bytes == 0 && reply.usage.is_none() {
        return Err(Failure::invalid("neither text nor usage", json));
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Played, play, read as reading, written};
    use super::*;
    use crate::load::EndpointKind;

    const KIND: EndpointKind = EndpointKind::Responses;

    #[test]
    fn llama_cpp_ends_without_done() {
        let played = play(KIND, include_bytes!("golden/llamacpp_responses.sse"));
        assert_eq!(
            played,
            Played {
                texts: vec![" optional", "line", "line", "ew"],
                finish: Some(FinishReason::Stop),
                usage: (Some(8), Some(4)),
                cached: Some(7),
                done: true,
                ..Played::default()
            }
        );
        let whole = play(KIND, include_bytes!("golden/llamacpp_responses.json"));
        assert_eq!(whole.texts, ["next weekdayterpolationprec"]);
        assert_eq!(whole.usage, (Some(8), Some(4)));
    }

    #[test]
    fn llama_cpp_tells_reasoning_from_the_answer() {
        let played = play(
            KIND,
            include_bytes!("golden/llamacpp_responses_reasoning.sse"),
        );
        assert_eq!(played.reasoning, ["ab", " c", "d"]);
        assert_eq!(played.texts, ["e", "f", " ", "gh"]);
    }

    #[test]
    fn dynamo_says_why_the_answer_is_not_complete() {
        let played = play(KIND, include_bytes!("golden/dynamo_responses.sse"));
        assert_eq!(played.texts, ["ress", "tt", "obj"]);
        assert_eq!(played.finish, Some(FinishReason::Length));
        assert_eq!((played.usage, played.done), ((Some(8), Some(3)), true));
        let whole = play(KIND, include_bytes!("golden/dynamo_responses.json"));
        assert_eq!(whole.finish, Some(FinishReason::Length));
    }

    #[test]
    fn a_call_has_its_name_first_and_then_its_arguments() {
        let name = r#"{"type":"response.output_item.added","item":{"type":"function_call","name":"now","arguments":""}}"#;
        let arguments = r#"{"type":"response.function_call_arguments.delta","delta":"{\"a\":1}"}"#;
        assert_eq!(reading(KIND, name).unwrap().text_bytes, 3);
        assert_eq!(reading(KIND, arguments).unwrap().text_bytes, 9);
    }

    #[test]
    fn errors_are_told_in_three_ways() {
        let failed = r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"oom"}}}"#;
        let event = r#"{"type":"error","code":"x","message":"oom"}"#;
        let nested = r#"{"type":"error","error":{"message":"oom"}}"#;
        for json in [failed, event, nested] {
            let failure = reading(KIND, json).unwrap_err();
            assert_eq!(failure.class.as_str(), "stream_error");
            assert!(failure.message.ends_with(": oom"), "{}", failure.message);
        }
    }

    #[test]
    fn a_text_alone_is_the_input() {
        let prompt = Prompt {
            text: "hi".to_owned(),
            ..Prompt::default()
        };
        assert_eq!(
            written(KIND, &prompt),
            json!({"model": "m\"1", "input": "hi", "max_output_tokens": 7, "stream": true})
        );
        let prompt = Prompt {
            images: vec!["http://h/a.png".into()],
            ..prompt
        };
        let content = json!([
            {"type": "input_text", "text": "hi"},
            {"type": "input_image", "image_url": "http://h/a.png"},
        ]);
        assert_eq!(written(KIND, &prompt)["input"][0]["content"], content);
    }
}
