//! Rankings of passages by a query, in the four forms that there are.

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
use crate::load::conversation::Prompt;
use crate::load::failure::Failure;
use crate::load::plan::LoadPlan;

pub(super) static RERANK: Api = Api {
    place: |_| Place::Versioned("/rerank"),
    generates: false,
    members: documents,
    read,
};

pub(super) static COHERE: Api = Api {
    place: |_| Place::Fixed("/v2/rerank"),
    generates: false,
    members: documents,
    read,
};

pub(super) static NIM: Api = Api {
    place: |_| Place::Versioned("/ranking"),
    generates: false,
    members: |plan| {
        vec![
            Member::fixed("model", &json!(plan.model)),
            Member::Input("query", query_object),
            Member::Input("passages", passage_objects),
        ]
    },
    read,
};

pub(super) static TEI: Api = Api {
    place: |_| Place::Fixed("/rerank"),
    generates: false,
    members: |_| {
        vec![
            Member::Input("query", query),
            Member::Input("texts", passages),
        ]
    },
    read,
};

fn documents(plan: &LoadPlan) -> Vec<Member> {
    vec![
        Member::fixed("model", &json!(plan.model)),
        Member::Input("query", query),
        Member::Input("documents", passages),
    ]
}

fn query(prompt: &Prompt, body: &mut Vec<u8>) {
    input::json(&prompt.text, body);
}

fn passages(prompt: &Prompt, body: &mut Vec<u8>) {
    input::list(&prompt.more, body, input::json);
}

fn query_object(prompt: &Prompt, body: &mut Vec<u8>) {
    text_object(&prompt.text, body);
}

fn passage_objects(prompt: &Prompt, body: &mut Vec<u8>) {
    input::list(&prompt.more, body, |text, body| text_object(text, body));
}

fn text_object(text: &str, body: &mut Vec<u8>) {
    body.extend_from_slice(b"{\"text\":");
    input::json(text, body);
    body.push(b'}');
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(default)]
    results: Vec<IgnoredAny>,
    #[serde(default)]
    rankings: Vec<IgnoredAny>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

fn read(json: &[u8], _said: &mut Said) -> Result<Reply, Failure> {
    let invalid = |error| Failure::invalid(error, json);
    let bare = json.trim_ascii_start().starts_with(b"[");
    let (items, usage) = if bare {
        let scores: Vec<IgnoredAny> = serde_json::from_slice(json).map_err(invalid)?;
        (scores.len(), None)
    } else {
        let wire: Wire<'_> = serde_json::from_slice(json).map_err(invalid)?;
        if let Some(error) = wire.error {
            return Err(problem::reported(error));
        }
        (wire.results.len() + wire.rankings.len(), wire.usage)
    };
    if items == 0 {
        return Err(Failure::invalid("no scores", json));
    }
    Ok(Reply {
        items,
        usage: usage.map(Usage::without_output),
        ..Reply::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::tests::{play, read as reading, written};
    use super::*;
    use crate::load::EndpointKind;

    fn prompt() -> Prompt {
        Prompt {
            text: "q".to_owned(),
            more: vec!["a".to_owned(), "b".to_owned()],
            ..Prompt::default()
        }
    }

    #[test]
    fn llama_cpp_scores_each_passage() {
        let played = play(
            EndpointKind::Rankings,
            include_bytes!("golden/llamacpp_rerank.json"),
        );
        assert_eq!((played.items, played.usage), (2, (Some(14), None)));
    }

    #[test]
    fn each_api_has_a_form_of_its_own() {
        let cases: [(EndpointKind, Value, &str); 3] = [
            (
                EndpointKind::CohereRankings,
                json!({"model": "m\"1", "query": "q", "documents": ["a", "b"]}),
                r#"{"results":[{"index":0,"relevance_score":0.9}],"id":"1","meta":{}}"#,
            ),
            (
                EndpointKind::NimRankings,
                json!({"model": "m\"1", "query": {"text": "q"}, "passages": [{"text": "a"}, {"text": "b"}]}),
                r#"{"rankings":[{"index":0,"logit":4.2}],"usage":{"prompt_tokens":3,"total_tokens":3}}"#,
            ),
            (
                EndpointKind::TeiRankings,
                json!({"query": "q", "texts": ["a", "b"]}),
                r#"[{"index":1,"score":0.98}]"#,
            ),
        ];
        for (kind, body, answer) in cases {
            assert_eq!(written(kind, &prompt()), body, "{kind:?}");
            assert_eq!(reading(kind, answer).unwrap().items, 1, "{kind:?}");
            let failure = reading(kind, r#"{"error":"no"}"#).unwrap_err();
            assert_eq!(failure.class.as_str(), "stream_error");
        }
    }
}
