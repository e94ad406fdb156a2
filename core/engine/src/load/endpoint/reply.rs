//! What answers come down to.
//!
//! Texts are not decoded unless somebody wants them: a token matters by being there. They are taken
//! as raw JSON, which costs neither an allocation nor the work of unescaping.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::drafts::Drafts;
use super::frame::Frame;
use super::usage::Usage;

/// Why the server stopped generating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model ended its answer, or a stop string was met.
    Stop,
    /// The requested length was reached.
    Length,
    /// The model called a tool.
    ToolCalls,
    /// The answer was withheld.
    ContentFilter,
    /// Something else.
    Other,
}

impl FinishReason {
    /// The stable name of this reason.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
            Self::Other => "other",
        }
    }

    /// The reason of this stable name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [
            Self::Stop,
            Self::Length,
            Self::ToolCalls,
            Self::ContentFilter,
            Self::Other,
        ];
        all.into_iter().find(|reason| reason.as_str() == name)
    }

    /// What any API calls it, as JSON.
    pub(super) fn from_raw(raw: &RawValue) -> Self {
        match raw.get().trim_matches('"') {
            "stop" | "end_turn" | "stop_sequence" | "eos_token" | "completed" => Self::Stop,
            "length" | "max_tokens" | "max_output_tokens" => Self::Length,
            "tool_calls" | "function_call" | "tool_use" => Self::ToolCalls,
            "content_filter" | "refusal" => Self::ContentFilter,
            _ => Self::Other,
        }
    }
}

/// What one event of a stream, or a whole answer, contributes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::load) struct Reply {
    /// Length of the text as JSON, in bytes, all alternatives and kinds of text together. 0 means
    /// that no token is visible here: a role, usage or an empty string.
    pub(in crate::load) text_bytes: usize,
    /// How much of it is reasoning, which comes before what the user sees.
    pub(in crate::load) reasoning_bytes: usize,
    pub(in crate::load) finish: Option<FinishReason>,
    pub(in crate::load) usage: Option<Usage>,
    pub(in crate::load) drafts: Option<Drafts>,
    /// The answer ends here, whether or not `[DONE]` follows.
    pub(in crate::load) ends: bool,
    /// Results that are no text: vectors, scores, JSON of a shape that nobody knows.
    pub(in crate::load) items: usize,
}

impl Reply {
    /// Text of the kind that users see.
    pub(super) fn text(bytes: usize) -> Self {
        Self {
            text_bytes: bytes,
            ..Self::default()
        }
    }

    /// Text of a model that thinks.
    pub(super) fn reasoning(bytes: usize) -> Self {
        Self {
            text_bytes: bytes,
            reasoning_bytes: bytes,
            ..Self::default()
        }
    }
}

/// Texts of an answer as raw JSON; what is not there says nothing.
#[derive(Clone, Copy, Default)]
pub(super) struct Words<'a> {
    /// What users see: the answer, a refusal, calls of tools.
    pub(super) shown: [Option<&'a RawValue>; 4],
    pub(super) reasoning: Option<&'a RawValue>,
}

impl Words<'_> {
    /// Says them; the reply has their lengths.
    pub(super) fn said(&self, said: &mut Said) -> Reply {
        let reasoning_bytes = said.reasoning(self.reasoning);
        let shown: usize = self.shown.iter().map(|raw| said.text(*raw)).sum();
        Reply {
            text_bytes: shown + reasoning_bytes,
            reasoning_bytes,
            ..Reply::default()
        }
    }
}

/// What an answer says, kept if it is wanted.
#[derive(Debug, Default)]
pub(in crate::load) struct Said {
    keep: bool,
    pub(in crate::load) text: String,
    pub(in crate::load) reasoning: String,
    /// Texts of the event so far, but for reasoning; where the last one is in memory, and its length.
    texts: u32,
    place: (usize, usize),
    frame: Frame,
}

impl Said {
    /// Prepares for the next answer.
    pub(in crate::load) fn begin(&mut self, keep: bool) {
        self.keep = keep;
        self.text.clear();
        self.reasoning.clear();
    }

    /// Reads an event that differs from the last one in its text only.
    #[inline]
    pub(super) fn again(&mut self, json: &[u8]) -> Option<Reply> {
        let (reply, text) = self.frame.read(json)?;
        if self.keep {
            self.text.push_str(text);
        }
        Some(reply)
    }

    /// An event is going to be parsed.
    pub(super) fn starts(&mut self) {
        self.texts = 0;
    }

    /// The event has been parsed.
    pub(super) fn learn(&mut self, json: &[u8], reply: &Reply) {
        if self.texts != 1 {
            return;
        }
        let (place, len) = self.place;
        let start = place.checked_sub(json.as_ptr().addr());
        let ends = start.and_then(|start| Some(start..start.checked_add(len)?));
        if let Some(text) = ends.filter(|text| text.end <= json.len() && len >= 2) {
            self.frame.learn(json, text.start + 1..text.end - 1, reply);
        }
    }

    /// Takes text; returns its length as JSON without what encloses it.
    pub(super) fn text(&mut self, raw: Option<&RawValue>) -> usize {
        if let Some(raw) = raw {
            self.texts += 1;
            self.place = (raw.get().as_ptr().addr(), raw.get().len());
        }
        say(raw, self.keep, &mut self.text)
    }

    /// Takes reasoning; returns its length as JSON without what encloses it.
    pub(super) fn reasoning(&mut self, raw: Option<&RawValue>) -> usize {
        say(raw, self.keep, &mut self.reasoning)
    }
}

/// A text, a list of parts, or a list of tool calls. For each token this is asked of many things that
/// are not there.
#[inline]
fn say(raw: Option<&RawValue>, keep: bool, into: &mut String) -> usize {
    let Some(raw) = raw else { return 0 };
    if keep {
        write(raw, into);
    }
    raw.get().len().saturating_sub(2)
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
}

fn write(raw: &RawValue, into: &mut String) {
    if let Ok(text) = serde_json::from_str::<Cow<'_, str>>(raw.get()) {
        into.push_str(&text);
    } else if let Ok(parts) = serde_json::from_str::<Vec<Part<'_>>>(raw.get()) {
        parts
            .iter()
            .filter_map(|part| part.text.as_deref())
            .for_each(|text| into.push_str(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(keep: bool, json: &str) -> (usize, String) {
        let mut said = Said::default();
        said.begin(keep);
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        (said.text(Some(raw)), said.text)
    }

    #[test]
    fn text_is_decoded_only_where_it_is_wanted() {
        let text = r#""a\"b""#;
        assert_eq!(said(false, text), (4, String::new()));
        assert_eq!(said(true, text), (4, "a\"b".to_owned()));
    }

    #[test]
    fn parts_are_joined_and_what_is_no_text_counts_by_its_length() {
        let parts = r#"[{"type":"text","text":"a"},{"type":"text","text":"b"},{"type":"x"}]"#;
        assert_eq!(said(true, parts).1, "ab");
        assert_eq!(said(true, r#"[{"function":{"name":"f"}}]"#).1, "");
        assert_eq!(said(true, "null"), (2, String::new()));
    }

    #[test]
    fn reasons_have_one_name_whatever_the_api_calls_them() {
        let reason = |json: &str| FinishReason::from_raw(serde_json::from_str(json).unwrap());
        for name in ["stop", "length", "tool_calls", "content_filter", "other"] {
            assert_eq!(FinishReason::from_name(name).unwrap().as_str(), name);
        }
        assert_eq!(reason("\"max_output_tokens\""), FinishReason::Length);
        assert_eq!(reason("\"tool_use\""), FinishReason::ToolCalls);
        assert_eq!(reason("\"abort\""), FinishReason::Other);
    }
}
