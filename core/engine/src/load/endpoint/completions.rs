//! `completions`.

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::api::{Api, Place};
use super::body::{Member, stream};
use super::choices::{self, Alternative};
use super::input;
use super::reply::Words;
use crate::load::plan::LoadPlan;

pub(super) static API: Api = Api {
    place: |_| Place::Versioned("/completions"),
    generates: true,
    members,
    read: |json, said| choices::read::<Choice<'_>>(json, said),
};

fn members(plan: &LoadPlan) -> Vec<Member> {
    let mut members = vec![
        Member::fixed("model", &json!(plan.model)),
        Member::Input("prompt", input::transcript),
        Member::MaxTokens("max_tokens"),
    ];
    members.extend(stream(plan));
    members
}

/// A choice, in a stream and in a whole response.
#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
}

impl<'de> Alternative<'de> for Choice<'de> {
    fn words(&self) -> Words<'de> {
        Words {
            shown: [self.text, None, None, None],
            reasoning: None,
        }
    }

    fn finish_reason(&self) -> Option<&'de RawValue> {
        self.finish_reason
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Played, play};
    use crate::load::{EndpointKind, FinishReason};

    #[test]
    fn llama_cpp_has_usage_in_the_last_choice() {
        let played = play(
            EndpointKind::Completions,
            include_bytes!("golden/llamacpp_completions.sse"),
        );
        assert_eq!(
            played,
            Played {
                texts: vec!["fd", "mo", " In", "Warning"],
                finish: Some(FinishReason::Length),
                usage: (Some(5), Some(4)),
                cached: Some(1),
                done: true,
                ..Played::default()
            }
        );
    }

    #[test]
    fn dynamo_has_usage_in_a_chunk_of_its_own() {
        let played = play(
            EndpointKind::Completions,
            include_bytes!("golden/dynamo_completions.sse"),
        );
        assert_eq!(played.texts, ["vars", " locals", " descrip"]);
        assert_eq!((played.usage, played.done), ((Some(4), Some(3)), true));
    }
}
