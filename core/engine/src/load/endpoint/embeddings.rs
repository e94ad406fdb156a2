//! `embeddings`: one vector a text.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use serde_json::value::RawValue;

use super::api::{Api, Place};
use super::body::Member;
use super::input;
use super::problem;
use super::reply::{Reply, Said};
use super::usage::Usage;
use crate::load::failure::Failure;
use crate::load::plan::LoadPlan;

pub(super) static API: Api = Api {
    place: |_| Place::Versioned("/embeddings"),
    generates: false,
    members,
    read,
};

fn members(plan: &LoadPlan) -> Vec<Member> {
    vec![
        Member::fixed("model", &json!(plan.model)),
        Member::Input("input", input::texts),
    ]
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(default)]
    data: Vec<IgnoredAny>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

fn read(json: &[u8], _said: &mut Said) -> Result<Reply, Failure> {
    let wire: Wire<'_> =
        serde_json::from_slice(json).map_err(|error| Failure::invalid(error, json))?;
    if let Some(error) = wire.error {
        return Err(problem::reported(error));
    }
    if wire.data.is_empty() {
        return Err(Failure::invalid("no vectors", json));
    }
    Ok(Reply {
        items: wire.data.len(),
        usage: wire.usage.map(Usage::without_output),
        ..Reply::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{play, read as reading, written};
    use super::*;
    use crate::load::EndpointKind;
    use crate::load::conversation::Prompt;

    const KIND: EndpointKind = EndpointKind::Embeddings;

    #[test]
    fn llama_cpp_gives_a_vector_for_each_text() {
        let played = play(KIND, include_bytes!("golden/llamacpp_embeddings.json"));
        assert_eq!((played.items, played.usage), (2, (Some(7), None)));
        let base64 = play(
            KIND,
            include_bytes!("golden/llamacpp_embeddings_base64.json"),
        );
        assert_eq!(base64.items, 2);
        let vllm =
            r#"{"data":[{"embedding":[0.1]}],"usage":{"prompt_tokens":7,"completion_tokens":0}}"#;
        let usage = reading(KIND, vllm).unwrap().usage.unwrap();
        assert_eq!(
            (usage.prompt_tokens, usage.completion_tokens),
            (Some(7), None)
        );
    }

    #[test]
    fn an_answer_without_vectors_is_a_failure() {
        let failure = reading(KIND, r#"{"data":[]}"#).unwrap_err();
        assert_eq!(failure.class.as_str(), "invalid_response");
        let failure = reading(KIND, r#"{"error":{"message":"too long"}}"#).unwrap_err();
        assert!(failure.message.ends_with("too long"));
    }

    #[test]
    fn one_text_stands_alone_and_several_are_a_list() {
        let mut prompt = Prompt {
            text: "a".to_owned(),
            ..Prompt::default()
        };
        assert_eq!(
            written(KIND, &prompt),
            json!({"model": "m\"1", "input": "a"})
        );
        prompt.more.push("b".to_owned());
        assert_eq!(written(KIND, &prompt)["input"], json!(["a", "b"]));
    }
}
