//! Request bodies: one template per run, filled in for each request.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::api::WriteInput;
use super::input;
use super::kind::EndpointKind;
use super::template::{Template, Values};
use crate::load::conversation::Prompt;
use crate::load::plan::LoadPlan;

const PER_CHUNK: &[u8] = br#"{"include_usage":true,"continuous_usage_stats":true}"#;

/// A body with gaps.
///
/// All that does not change from request to request is serialised once; filling it in is a few
/// copies.
#[derive(Debug)]
pub(in crate::load) struct BodyTemplate {
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// A JSON object of an API that we know.
    Members(Vec<Member>),
    /// As the user wrote it.
    Template {
        template: Arc<Template>,
        model: String,
        stream: bool,
    },
    /// The prompt is the body.
    Given,
}

/// A member of a JSON object.
#[derive(Debug)]
pub(super) enum Member {
    /// A value that is the same in each request.
    Fixed(String, Vec<u8>),
    /// What is asked, in the API's form.
    Input(&'static str, WriteInput),
    /// The same, left out where the test says so.
    Optional(&'static str, fn(&Prompt) -> bool, WriteInput),
    /// How many tokens may be generated; left out where nobody says.
    MaxTokens(&'static str),
    /// The same, with a number for where nobody says.
    MaxTokensOr(&'static str, u32),
    /// Asks for usage in a stream; left out for servers that refuse it.
    StreamOptions { per_chunk: bool },
    /// An object within the object. The user's members go in here.
    Object(&'static str, Vec<Member>),
}

/// What one request is made of.
#[derive(Clone, Copy, Debug)]
pub(in crate::load) struct Asked<'a> {
    pub(in crate::load) prompt: &'a Prompt,
    pub(in crate::load) max_tokens: Option<u32>,
    /// Whether the server takes `stream_options`.
    pub(in crate::load) with_stream_options: bool,
}

/// The members that ask for a stream, and for usage in it.
pub(super) fn stream(plan: &LoadPlan) -> Vec<Member> {
    if !plan.streaming {
        return Vec::new();
    }
    let per_chunk = plan.per_chunk_usage;
    vec![
        Member::fixed("stream", &json!(true)),
        Member::StreamOptions { per_chunk },
    ]
}

impl BodyTemplate {
    pub(in crate::load) fn new(plan: &LoadPlan) -> Self {
        let form = match (plan.endpoint, &plan.template) {
            (EndpointKind::Raw, _) => Form::Given,
            (_, Some(template)) => Form::Template {
                template: Arc::clone(template),
                model: plan.model.clone(),
                stream: plan.streaming,
            },
            (kind, None) => {
                let mut members = (kind.api().members)(plan);
                merge(&mut members, &plan.extra_inputs);
                Form::Members(members)
            }
        };
        Self { form }
    }

    /// Whether the body asks for usage by a `stream_options` that we may leave out. The user's own
    /// is not ours to drop.
    pub(in crate::load) fn has_stream_options(&self) -> bool {
        let Form::Members(members) = &self.form else {
            return false;
        };
        members
            .iter()
            .any(|member| matches!(member, Member::StreamOptions { .. }))
    }

    /// Writes a body. A prompt that is a body is one.
    pub(in crate::load) fn fill(&self, asked: &Asked<'_>) -> Vec<u8> {
        let prompt = asked.prompt;
        if let Some(given) = &prompt.body {
            return given.as_bytes().to_vec();
        }
        match &self.form {
            Form::Members(members) => {
                let mut body = Vec::with_capacity(prompt.size() + 256);
                object(members, asked, &mut body);
                body
            }
            Form::Template {
                template,
                model,
                stream,
            } => template.fill(&Values {
                model,
                prompt,
                max_tokens: asked.max_tokens,
                stream: *stream,
            }),
            Form::Given => prompt.text.as_bytes().to_vec(),
        }
    }
}

fn object(members: &[Member], asked: &Asked<'_>, body: &mut Vec<u8>) {
    body.push(b'{');
    let wanted = members.iter().filter(|member| member.is_wanted(asked));
    for (at, member) in wanted.enumerate() {
        if at > 0 {
            body.push(b',');
        }
        push_name(member.name(), body);
        member.write(asked, body);
    }
    body.push(b'}');
}

impl Member {
    pub(super) fn fixed(name: &str, value: &Value) -> Self {
        Self::Fixed(name.to_owned(), value.to_string().into_bytes())
    }

    fn name(&self) -> &str {
        match self {
            Self::Fixed(name, _) => name,
            Self::Input(name, _)
            | Self::Optional(name, ..)
            | Self::MaxTokens(name)
            | Self::MaxTokensOr(name, _)
            | Self::Object(name, _) => name,
            Self::StreamOptions { .. } => "stream_options",
        }
    }

    fn is_wanted(&self, asked: &Asked<'_>) -> bool {
        match self {
            Self::Optional(_, is_wanted, _) => is_wanted(asked.prompt),
            Self::MaxTokens(_) => asked.max_tokens.is_some(),
            Self::StreamOptions { .. } => asked.with_stream_options,
            _ => true,
        }
    }

    /// Writes the value.
    fn write(&self, asked: &Asked<'_>, body: &mut Vec<u8>) {
        match self {
            Self::Fixed(_, text) => body.extend_from_slice(text),
            Self::Input(_, write) | Self::Optional(_, _, write) => write(asked.prompt, body),
            Self::MaxTokens(_) => input::json(&asked.max_tokens, body),
            Self::MaxTokensOr(_, otherwise) => {
                input::json(&asked.max_tokens.unwrap_or(*otherwise), body);
            }
            Self::StreamOptions { per_chunk: true } => {
                body.extend_from_slice(PER_CHUNK);
            }
            Self::StreamOptions { per_chunk: false } => {
                body.extend_from_slice(b"{\"include_usage\":true}");
            }
            Self::Object(_, members) => object(members, asked, body),
        }
    }
}

fn push_name(name: &str, body: &mut Vec<u8>) {
    input::json(name, body);
    body.push(b':');
}

/// The user's members replace ours of the same name and follow the others in their own order.
fn merge(members: &mut Vec<Member>, extra: &Map<String, Value>) {
    let nested = members
        .iter()
        .position(|member| matches!(member, Member::Object(..)));
    if let Some(Member::Object(_, nested)) = nested.and_then(|at| members.get_mut(at)) {
        return merge(nested, extra);
    }
    for (name, value) in extra {
        let ours = members.iter().position(|member| member.name() == name);
        match ours {
            Some(at) => members[at] = Member::fixed(name, value),
            None => members.push(Member::fixed(name, value)),
        }
    }
}
