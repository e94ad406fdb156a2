//! Bodies that the user writes, with gaps such as `{{text}}`.

use std::fmt;

use serde_json::Value;

use super::api::{Api, Place};
use super::{chat, input, raw};
use crate::load::conversation::Prompt;

pub(super) static API: Api = Api {
    place: |_| Place::Url,
    generates: true,
    members: |_| Vec::new(),
    read: raw::read,
};

/// A body with gaps.
///
/// A gap is `{{name}}` and stands for a JSON value, or for the characters of a text where it is
/// inside quotes. `{{name|tojson}}` is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Gap { variable: Variable, in_quotes: bool },
}

/// What can stand in a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variable {
    Model,
    Text,
    Texts,
    Query,
    Passages,
    Images,
    Messages,
    MaxTokens,
    Stream,
}

/// Names of the variables, and whether each can stand inside quotes.
const VARIABLES: [(&str, Variable, bool); 10] = [
    ("model", Variable::Model, true),
    ("text", Variable::Text, true),
    ("prompt", Variable::Text, true),
    ("texts", Variable::Texts, false),
    ("query", Variable::Query, true),
    ("passages", Variable::Passages, false),
    ("images", Variable::Images, false),
    ("messages", Variable::Messages, false),
    ("max_tokens", Variable::MaxTokens, false),
    ("stream", Variable::Stream, false),
];

/// What a template is filled with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    pub(super) model: &'a str,
    pub(super) prompt: &'a Prompt,
    pub(super) max_tokens: Option<u32>,
    pub(super) stream: bool,
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError(pub(super) String);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TemplateError {}

impl Template {
    /// Reads a template for a model.
    ///
    /// # Errors
    /// [`TemplateError`]: a gap that is not closed, a name that means nothing, a list inside quotes,
    /// or a body that is no JSON once it is filled in.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut in_quotes = false;
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            in_quotes = ends_in_quotes(before, in_quotes);
            pieces.push(Piece::Text(before.as_bytes().to_vec()));
            let (name, after) = after
                .split_once("}}")
                .ok_or_else(|| TemplateError("`{{` has no `}}`".to_owned()))?;
            pieces.push(gap(name, in_quotes)?);
            rest = after;
        }
        pieces.push(Piece::Text(rest.as_bytes().to_vec()));
        let template = Self { pieces };
        let sample = template.fill(&Values {
            model: "",
            prompt: &Prompt::default(),
            max_tokens: None,
            stream: true,
        });
        match serde_json::from_slice::<Value>(&sample) {
            Ok(_) => Ok(template),
            Err(error) => Err(TemplateError(format!("it makes no JSON: {error}"))),
        }
    }

    /// Writes a body.
    pub(super) fn fill(&self, values: &Values<'_>) -> Vec<u8> {
        let mut body = Vec::with_capacity(values.prompt.size() + 256);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => body.extend_from_slice(text),
                Piece::Gap {
                    variable,
                    in_quotes,
                } => {
                    let from = body.len();
                    variable.write(values, &mut body);
                    if *in_quotes {
                        // The quotes are the user's.
                        body.pop();
                        body.remove(from);
                    }
                }
            }
        }
        body
    }
}

fn gap(written: &str, in_quotes: bool) -> Result<Piece, TemplateError> {
    let name = written.trim();
    let name = name.strip_suffix("tojson").map_or(name, |name| {
        name.trim_end().trim_end_matches('|').trim_end()
    });
    let known = VARIABLES.iter().find(|(known, ..)| *known == name);
    match known {
        Some((_, variable, can_be_quoted)) if *can_be_quoted || !in_quotes => Ok(Piece::Gap {
            variable: *variable,
            in_quotes,
        }),
        Some(_) => Err(TemplateError(format!(
            "`{name}` is no text: remove the quotes around it"
        ))),
        None => {
            let names: Vec<_> = VARIABLES
                .iter()
                .map(|(name, ..)| format!("`{name}`"))
                .collect();
            Err(TemplateError(format!(
                "`{name}` means nothing; known are {}",
                names.join(", ")
            )))
        }
    }
}

/// Whether a place is inside a JSON string, after `text` that began inside or outside of one.
fn ends_in_quotes(text: &str, mut in_quotes: bool) -> bool {
    let mut is_escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_quotes => is_escaped = true,
            b'"' => in_quotes = !in_quotes,
            _ => {}
        }
    }
    in_quotes
}

impl Variable {
    fn write(self, values: &Values<'_>, body: &mut Vec<u8>) {
        let prompt = values.prompt;
        match self {
            Self::Model => input::json(values.model, body),
            Self::Text | Self::Query => input::json(&prompt.text, body),
            Self::Texts => {
                let all = std::iter::once(&prompt.text).chain(&prompt.more);
                input::list(all, body, input::json);
            }
            Self::Passages => input::list(&prompt.more, body, input::json),
            Self::Images => {
                input::list(&prompt.images, body, |url, body| input::json(&**url, body));
            }
            Self::Messages => chat::messages(prompt, body),
            Self::MaxTokens => input::json(&values.max_tokens, body),
            Self::Stream => input::json(&values.stream, body),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(template: &str) -> Value {
        let prompt = Prompt {
            text: "say \"hi\"".to_owned(),
            more: vec!["two".to_owned()],
            ..Prompt::default()
        };
        let values = Values {
            model: "m",
            prompt: &prompt,
            max_tokens: Some(7),
            stream: true,
        };
        let template = Template::parse(template).unwrap();
        serde_json::from_slice(&template.fill(&values)).unwrap()
    }

    #[test]
    fn gaps_are_values_or_parts_of_texts() {
        assert_eq!(
            filled(r#"{"m":{{model}},"t":"<{{ text }}>","n":{{max_tokens}},"s":{{stream}}}"#),
            json!({"m": "m", "t": "<say \"hi\">", "n": 7, "s": true})
        );
        assert_eq!(
            filled(r#"{"texts": {{ texts|tojson }}, "x": {"y": [{{passages}}]}}"#),
            json!({"texts": ["say \"hi\"", "two"], "x": {"y": [["two"]]}})
        );
        let messages = json!([{"role": "user", "content": [
            {"type": "text", "text": "say \"hi\""}, {"type": "text", "text": "two"}]}]);
        assert_eq!(filled(r#"{"m":{{messages}}}"#), json!({"m": messages}));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |text: &str| Template::parse(text).unwrap_err().to_string();
        assert!(error(r#"{"a":{{text}"#).contains("has no `}}`"));
        assert!(error(r#"{"a":{{txt}}}"#).contains("`txt` means nothing; known are `model`"));
        assert!(error(r#"{"a":"{{texts}}"}"#).contains("remove the quotes"));
        assert!(error(r#"{"a":{{text}}"#).contains("makes no JSON"));
    }
}
