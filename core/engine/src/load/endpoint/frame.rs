//! Events of a stream that differ in one text only, which nearly all do: they are read without parsing.
//!
//! An event that has been parsed is remembered with the place of its text. One that has the same bytes
//! before and behind, and between them a text that needs no unescaping, is the same JSON with another
//! string in that place: up to the text the parser would be in the same state, the text leaves it there,
//! and so it would be for the rest. What it contributes is the same but for the text's length.

use std::ops::Range;

use super::reply::Reply;

/// Longer events are not remembered.
const LONGEST: usize = 4096;

/// The last event that was parsed.
#[derive(Debug, Default)]
pub(super) struct Frame {
    json: Vec<u8>,
    /// Where its text is; empty if there is no event to compare with.
    text: Range<usize>,
    reply: Reply,
}

impl Frame {
    /// Remembers an event with the place of the one text that it says.
    pub(super) fn learn(&mut self, json: &[u8], text: Range<usize>, reply: &Reply) {
        let quoted = |at: usize| json.get(at) == Some(&b'"');
        let is_string = text.start > 0 && quoted(text.start - 1) && quoted(text.end);
        // A text without a length may mean something else than one with a length.
        if is_string && !text.is_empty() && json.len() <= LONGEST {
            self.json.clear();
            self.json.extend_from_slice(json);
            self.text = text;
            self.reply = *reply;
        }
    }

    /// Reads an event: what it contributes, and its text. `None` if it has to be parsed.
    pub(super) fn read<'a>(&self, json: &'a [u8]) -> Option<(Reply, &'a str)> {
        if self.text.is_empty() {
            return None;
        }
        let (before, behind) = (&self.json[..self.text.start], &self.json[self.text.end..]);
        let text = json.strip_prefix(before)?.strip_suffix(behind)?;
        let is_plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
        if text.is_empty() || !text.iter().all(is_plain) {
            return None;
        }
        let text = str::from_utf8(text).ok()?;
        let reply = Reply {
            text_bytes: self.reply.text_bytes - self.text.len() + text.len(),
            ..self.reply
        };
        Some((reply, text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reply::Said;
    use crate::load::EndpointKind;

    const KINDS: [EndpointKind; 4] = [
        EndpointKind::Chat,
        EndpointKind::Completions,
        EndpointKind::Messages,
        EndpointKind::Generate,
    ];

    /// Events as servers send them, and some that they should not send.
    fn event() -> impl Strategy<Value = Vec<u8>> {
        let text = prop_oneof![
            4 => "[a-z ]{0,4}",
            1 => r#"(\\n|\\"|\\u00e9|é|"|\\|\n|,"x":){0,3}"#,
        ];
        let shape = prop::sample::select(vec![
            r#"{"id":"1","choices":[{"index":0,"delta":{"content":"@"},"finish_reason":null}]}"#,
            r#"{"id":"1","choices":[{"delta":{"content":"@"},"finish_reason":"stop"}],"usage":{"completion_tokens":3}}"#,
            r#"{"choices":[{"delta":{"reasoning_content":"@","reasoning":"ab"}}]}"#,
            r#"{"choices":[{"delta":{"content":"@"}},{"delta":{"content":"second"}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"@"}}]}}]}"#,
            r#"{"choices":[{"delta":{"content":"a","refusal":"@"}}]}"#,
            r#"{"choices":[{"text":"@","index":0}],"created":@}"#,
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"@"}}"#,
            r#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"@"}}"#,
            r#"{"token":{"text":"@","special":false},"generated_text":null}"#,
            r#"{"error":{"message":"@"}}"#,
            r#"{"object":"error","message":"@"}"#,
        ]);
        let broken = prop::option::weighted(0.1, any::<prop::sample::Index>());
        (shape, text, broken).prop_map(|(shape, text, broken)| {
            let mut event = shape.replace('@', &text).into_bytes();
            if let Some(at) = broken {
                let at = at.index(event.len());
                event[at] = 0xff;
            }
            event
        })
    }

    proptest! {
        #[test]
        fn what_is_recognised_is_what_is_parsed(
            events in prop::collection::vec(event(), 1..30),
            kind in prop::sample::select(KINDS.to_vec()),
            keep: bool,
        ) {
            let endpoint = super::super::tests::endpoint(kind);
            let mut known = Said::default();
            known.begin(keep);
            for event in &events {
                let mut fresh = Said::default();
                fresh.begin(keep);
                fresh.text.clone_from(&known.text);
                fresh.reasoning.clone_from(&known.reasoning);
                let expected = endpoint.read(event, &mut fresh);
                let found = endpoint.read(event, &mut known);
                prop_assert_eq!(found.ok(), expected.ok());
                prop_assert_eq!(&known.text, &fresh.text);
                prop_assert_eq!(&known.reasoning, &fresh.reasoning);
            }
        }
    }
}
