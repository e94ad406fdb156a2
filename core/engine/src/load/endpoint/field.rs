//! Where the text of an answer is, if only the user knows.

use serde_json::Value;

use super::reply::{Reply, Said};
use super::template::TemplateError;
use super::{problem, raw};
use crate::load::failure::Failure;

/// Where the text is in an answer, such as `outputs[0].text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Index(usize),
}

impl Field {
    /// Reads a path of members and indices.
    ///
    /// # Errors
    /// [`TemplateError`] if it is anything else.
    pub fn parse(path: &str) -> Result<Self, TemplateError> {
        let wrong = || TemplateError("write it as in `outputs[0].text`".to_owned());
        let mut steps = Vec::new();
        let path = path.strip_prefix("$.").unwrap_or(path);
        for part in path.split('.') {
            let (name, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
            let is_missing = name.is_empty() && (indices.is_empty() || !steps.is_empty());
            if is_missing || name.contains(']') {
                return Err(wrong());
            }
            steps.extend((!name.is_empty()).then(|| Step::Member(name.to_owned())));
            for index in indices.split_terminator(']') {
                let index = index.strip_prefix('[').ok_or_else(wrong)?;
                steps.push(Step::Index(index.parse().map_err(|_| wrong())?));
            }
        }
        Ok(Self { steps })
    }

    /// Reads an answer; one that lacks the field has no text.
    pub(super) fn read(&self, json: &[u8], said: &mut Said) -> Result<Reply, Failure> {
        let answer: Value =
            serde_json::from_slice(json).map_err(|error| Failure::invalid(error, json))?;
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            let error = serde_json::value::to_raw_value(error);
            return Err(error.map_or_else(
                |_| Failure::stream_error(json),
                |error| problem::reported(&error),
            ));
        }
        let found = self.steps.iter().try_fold(&answer, |at, step| match step {
            Step::Member(name) => at.get(name),
            Step::Index(index) => at.get(index),
        });
        let raw = found.and_then(|found| serde_json::value::to_raw_value(found).ok());
        let text = raw.as_deref().filter(|raw| raw.get() != "null");
        let shape = raw::read(json, &mut Said::default())?;
        Ok(Reply {
            text_bytes: said.text(text),
            reasoning_bytes: 0,
            items: usize::from(text.is_none() && shape.text_bytes == 0),
            ..shape
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_path() {
        let read = |path: &str, json: &str| {
            let field = Field::parse(path).unwrap();
            field.read(json.as_bytes(), &mut Said::default())
        };
        let json = r#"{"outputs":[{"text":"hello"}],"usage":{"prompt_tokens":3}}"#;
        let reply = read("outputs[0].text", json).unwrap();
        assert_eq!((reply.text_bytes, reply.items), (5, 0));
        assert_eq!(reply.usage.unwrap().prompt_tokens, Some(3));
        assert_eq!(read("outputs[1].text", json).unwrap().items, 1);
        assert_eq!(read("$.a", r#"{"a":"x"}"#).unwrap().text_bytes, 1);
        assert!(read("a", r#"{"error":"no"}"#).is_err());
        for path in ["", "a..b", "a[x]", "a]0"] {
            assert!(Field::parse(path).is_err(), "{path}");
        }
    }
}
