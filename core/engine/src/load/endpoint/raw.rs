//! Bodies from a file, sent as they are. What answers mean is told by their shape.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::api::{Api, Place};
use super::reply::{Reply, Said};
use super::usage::Usage;
use super::{chat, completions, generate, messages, problem, rankings, responses};
use crate::load::failure::Failure;

pub(super) static API: Api = Api {
    place: |_| Place::Url,
    generates: true,
    members: |_| Vec::new(),
    read,
};

/// What tells APIs apart.
#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    choices: Option<&'a RawValue>,
    #[serde(default)]
    token: Option<IgnoredAny>,
    #[serde(default)]
    generated_text: Option<IgnoredAny>,
    #[serde(default)]
    data: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    results: Option<IgnoredAny>,
    #[serde(default)]
    rankings: Option<IgnoredAny>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// Reads an answer of any API. One of no known shape is a result without a text.
pub(super) fn read(json: &[u8], said: &mut Said) -> Result<Reply, Failure> {
    let unknown = Reply {
        items: 1,
        ..Reply::default()
    };
    let Ok(shape) = serde_json::from_slice::<Shape<'_>>(json) else {
        return Ok(unknown);
    };
    let kind = shape.kind.as_deref().unwrap_or_default();
    if let Some(error) = shape.error {
        return Err(problem::reported(error));
    }
    if shape.choices.is_some() {
        return of_choices(json, said);
    }
    let is_response = shape
        .object
        .is_some_and(|object| object.get() == "\"response\"");
    if is_response || kind.starts_with("response.") {
        return (responses::API.read)(json, said);
    }
    if ["message", "content_block", "ping"]
        .iter()
        .any(|begin| kind.starts_with(begin))
    {
        return (messages::API.read)(json, said);
    }
    if shape.token.is_some() || shape.generated_text.is_some() {
        return (generate::API.read)(json, said);
    }
    if shape.results.is_some() || shape.rankings.is_some() {
        return (rankings::RERANK.read)(json, said);
    }
    let is_text = |raw: &&RawValue| raw.get().starts_with('"');
    let texts = [shape.text, shape.content, shape.response];
    let text = texts.into_iter().flatten().find(is_text);
    let vectors = shape.data.map_or(0, |vectors| vectors.len());
    Ok(Reply {
        items: if text.is_some() { 0 } else { vectors.max(1) },
        usage: shape.usage,
        ..Reply::text(said.text(text))
    })
}

fn of_choices(json: &[u8], said: &mut Said) -> Result<Reply, Failure> {
    let reply = (chat::API.read)(json, said)?;
    if reply.text_bytes > 0 {
        return Ok(reply);
    }
    (completions::API.read)(json, said)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{play, read as reading};
    use crate::load::EndpointKind;

    const KIND: EndpointKind = EndpointKind::Raw;

    #[test]
    fn answers_of_every_api_are_known_by_their_shape() {
        let streams: [(&[u8], usize); 5] = [
            (include_bytes!("golden/llamacpp_chat.sse"), 4),
            (include_bytes!("golden/llamacpp_completions.sse"), 4),
            (include_bytes!("golden/llamacpp_responses.sse"), 4),
            (include_bytes!("golden/llamacpp_messages.sse"), 4),
            (include_bytes!("golden/dynamo_chat.sse"), 3),
        ];
        for (bytes, tokens) in streams {
            let played = play(KIND, bytes);
            assert_eq!(played.texts.len(), tokens, "{played:?}");
            assert!(played.done && played.finish.is_some(), "{played:?}");
        }
        for (bytes, items) in [
            (&include_bytes!("golden/llamacpp_embeddings.json")[..], 2),
            (&include_bytes!("golden/llamacpp_rerank.json")[..], 2),
        ] {
            assert_eq!(play(KIND, bytes).items, items);
        }
    }

    #[test]
    fn what_nobody_knows_is_a_result_without_a_text() {
        for json in ["[1, 2]", r#"{"label":"cat"}"#, "not even JSON"] {
            let reply = reading(KIND, json).unwrap();
            assert_eq!((reply.items, reply.text_bytes), (1, 0), "{json}");
        }
        assert_eq!(reading(KIND, r#"{"text":"hello"}"#).unwrap().text_bytes, 5);
        assert!(reading(KIND, r#"{"error":"no"}"#).is_err());
    }
}
