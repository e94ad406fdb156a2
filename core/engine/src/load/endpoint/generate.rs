//! `generate` and `generate_stream` of Hugging Face TGI.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::api::{Api, Place};
use super::body::Member;
use super::input;
use super::problem;
use super::reply::{FinishReason, Reply, Said};
use super::usage::Usage;
use crate::load::failure::Failure;
use crate::load::plan::LoadPlan;

pub(super) static API: Api = Api {
    place: |streaming| {
        Place::Fixed(if streaming {
            "/generate_stream"
        } else {
            "/generate"
        })
    },
    generates: true,
    members,
    read,
};

fn members(_plan: &LoadPlan) -> Vec<Member> {
    // The details are where the server counts tokens.
    let parameters = vec![
        Member::fixed("details", &json!(true)),
        Member::MaxTokens("max_new_tokens"),
    ];
    vec![
        Member::Input("inputs", input::transcript),
        Member::Object("parameters", parameters),
    ]
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    token: Option<Token<'a>>,
    #[serde(borrow, default)]
    generated_text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    details: Option<Details<'a>>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Token<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    /// An end mark: a token that nobody sees.
    #[serde(default)]
    special: bool,
}

#[derive(Deserialize)]
struct Details<'a> {
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
    #[serde(default)]
    generated_tokens: Option<u32>,
    #[serde(default)]
    input_length: Option<u32>,
    #[serde(default)]
    prefill: Vec<serde::de::IgnoredAny>,
}

fn read(json: &[u8], said: &mut Said) -> Result<Reply, Failure> {
    let invalid = |error| Failure::invalid(error, json);
    let bare = json.trim_ascii_start().starts_with(b"[");
    let wire: Wire<'_> = if bare {
        let mut list: Vec<Wire<'_>> = serde_json::from_slice(json).map_err(invalid)?;
        list.pop()
            .ok_or_else(|| Failure::invalid("an empty list", json))?
    } else {
        serde_json::from_slice(json).map_err(invalid)?
    };
    if let Some(error) = wire.error {
        return Err(problem::reported(error));
    }
    // The last event of a stream repeats the whole text.
    let text = match &wire.token {
        Some(token) => token.text.filter(|_| !token.special),
        None => wire.generated_text,
    };
    let mut reply = Reply::text(said.text(text));
    reply.ends = wire.generated_text.is_some();
    if let Some(details) = wire.details {
        reply.finish = details.finish_reason.map(FinishReason::from_raw);
        let shown = u32::try_from(details.prefill.len()).ok();
        reply.usage = Some(Usage {
            prompt_tokens: details.input_length.or(shown.filter(|&length| length > 0)),
            completion_tokens: details.generated_tokens,
            ..Usage::default()
        });
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Played, play, read as reading, written};
    use super::*;
    use crate::load::EndpointKind;
    use crate::load::conversation::Prompt;

    const KIND: EndpointKind = EndpointKind::Generate;

    /// As TGI's documentation shows it.
    const STREAM: &str = r#"data:{"index":1,"token":{"id":264,"text":" a","logprob":-0.6,"special":false},"generated_text":null,"details":null}

data:{"index":2,"token":{"id":330,"text":" b","logprob":-0.1,"special":false},"generated_text":null,"details":null}

data:{"index":3,"token":{"id":2,"text":"</s>","logprob":-0.1,"special":true},"generated_text":" a b","details":{"finish_reason":"eos_token","generated_tokens":3,"input_length":5,"seed":null}}

"#;

    #[test]
    fn the_end_mark_is_no_text_and_the_last_event_repeats_all() {
        assert_eq!(
            play(KIND, STREAM.as_bytes()),
            Played {
                texts: vec![" a", " b"],
                finish: Some(FinishReason::Stop),
                usage: (Some(5), Some(3)),
                done: true,
                ..Played::default()
            }
        );
    }

    #[test]
    fn whole_answers_are_an_object_or_a_list() {
        let bare = reading(KIND, r#"[{"generated_text":"hello"}]"#).unwrap();
        assert_eq!((bare.text_bytes, bare.usage), (5, None));
        let object = r#"{"generated_text":"hi","details":{"finish_reason":"length","generated_tokens":2,"prefill":[{"id":1},{"id":2}]}}"#;
        let reply = reading(KIND, object).unwrap();
        assert_eq!(reply.usage.unwrap().prompt_tokens, Some(2));
        assert_eq!(reply.finish, Some(FinishReason::Length));
    }

    #[test]
    fn an_error_in_the_stream_is_a_failure() {
        let json = r#"{"error":"Request failed during generation","error_type":"generation"}"#;
        assert_eq!(
            reading(KIND, json).unwrap_err().class.as_str(),
            "stream_error"
        );
    }

    #[test]
    fn what_is_asked_for_stands_among_the_parameters() {
        let prompt = Prompt {
            text: "hi".to_owned(),
            ..Prompt::default()
        };
        let parameters = json!({"details": true, "max_new_tokens": 7});
        assert_eq!(
            written(KIND, &prompt),
            json!({"inputs": "hi", "parameters": parameters})
        );
    }
}
