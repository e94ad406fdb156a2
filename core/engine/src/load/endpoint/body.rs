//! Request bodies: one template per run, filled in for each request.

use std::io::Write;

use serde_json::{Map, Value, json};

use crate::load::plan::{EndpointKind, LoadPlan};

/// A JSON object with gaps.
///
/// All that does not change from request to request is serialised once; filling it in is a few
/// copies.
#[derive(Debug)]
pub(in crate::load) struct BodyTemplate {
    members: Vec<Member>,
}

#[derive(Debug)]
enum Member {
    /// `"name":value`, the same in each request.
    Fixed(Vec<u8>),
    /// The prompt in the endpoint's form, with what stands before and after the text.
    Prompt {
        before: &'static [u8],
        after: &'static [u8],
    },
    MaxTokens,
    /// Asks for usage at the end of a stream; left out for servers that refuse it.
    StreamOptions,
}

impl BodyTemplate {
    pub(in crate::load) fn new(plan: &LoadPlan) -> Self {
        let mut members = vec![fixed("model", &json!(plan.model)), prompt(plan.endpoint)];
        let mut names = vec!["model", prompt_name(plan.endpoint)];
        if plan.output_tokens.is_some() {
            members.push(Member::MaxTokens);
            names.push("max_tokens");
        }
        if plan.streaming {
            members.extend([fixed("stream", &json!(true)), Member::StreamOptions]);
            names.extend(["stream", "stream_options"]);
        }
        merge(&mut members, &names, &plan.extra_inputs);
        Self { members }
    }

    /// Whether the body asks for usage by a `stream_options` that we may leave out. The user's own
    /// is not ours to drop.
    pub(in crate::load) fn has_stream_options(&self) -> bool {
        self.members
            .iter()
            .any(|member| matches!(member, Member::StreamOptions))
    }

    /// Writes a body. `max_tokens` is ignored where the template has no gap for it.
    pub(in crate::load) fn fill(
        &self,
        prompt: &str,
        max_tokens: Option<u32>,
        with_stream_options: bool,
    ) -> Vec<u8> {
        let mut body = Vec::with_capacity(prompt.len() + 256);
        for member in &self.members {
            if matches!(member, Member::StreamOptions) && !with_stream_options {
                continue;
            }
            body.push(if body.is_empty() { b'{' } else { b',' });
            member.write(prompt, max_tokens, &mut body);
        }
        body.push(b'}');
        body
    }
}

impl Member {
    fn write(&self, prompt: &str, max_tokens: Option<u32>, body: &mut Vec<u8>) {
        match self {
            Self::Fixed(text) => body.extend_from_slice(text),
            Self::Prompt { before, after } => {
                body.extend_from_slice(before);
                serde_json::to_writer(&mut *body, prompt).expect("a string is always valid JSON");
                body.extend_from_slice(after);
            }
            Self::MaxTokens => write!(body, "\"max_tokens\":{}", max_tokens.unwrap_or(1))
                .expect("writing to memory does not fail"),
            Self::StreamOptions => {
                body.extend_from_slice(b"\"stream_options\":{\"include_usage\":true}");
            }
        }
    }
}

/// The user's members replace ours of the same name and follow the others in their own order.
fn merge(members: &mut Vec<Member>, names: &[&str], extra: &Map<String, Value>) {
    for (name, value) in extra {
        match names.iter().position(|ours| ours == name) {
            Some(at) => members[at] = fixed(name, value),
            None => members.push(fixed(name, value)),
        }
    }
}

fn fixed(name: &str, value: &Value) -> Member {
    Member::Fixed(format!("{}:{value}", json!(name)).into_bytes())
}

fn prompt_name(kind: EndpointKind) -> &'static str {
    match kind {
        EndpointKind::Chat => "messages",
        EndpointKind::Completions => "prompt",
    }
}

fn prompt(kind: EndpointKind) -> Member {
    match kind {
        EndpointKind::Chat => Member::Prompt {
            before: br#""messages":[{"role":"user","content":"#,
            after: b"}]",
        },
        EndpointKind::Completions => Member::Prompt {
            before: br#""prompt":"#,
            after: b"",
        },
    }
}
