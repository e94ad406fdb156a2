//! The bytes of answers, prepared so that a token costs one copy.

use crate::faults::Spoil;
use crate::http::write_chunk;
use crate::openai::{Endpoint, Finish, Plan};

/// Vocabulary of the simulated model. A leading space makes each token one word of its own.
const WORDS: [&str; 16] = [
    " all",
    " benchmarks",
    " are",
    " wrong",
    " but",
    " some",
    " of",
    " them",
    " still",
    " help",
    " you",
    " to",
    " size",
    " a",
    " real",
    " cluster",
];

/// Placeholder of the request's number in a prepared chunk.
const ID: &[u8; 16] = b"0123456789abcdef";

/// One server-sent event as one HTTP chunk, with a hole for the answer's id.
#[derive(Debug)]
struct Chunk {
    bytes: Vec<u8>,
    id_at: usize,
}

impl Chunk {
    fn new(event: &str) -> Self {
        let mut bytes = Vec::new();
        write_chunk(&mut bytes, event.as_bytes());
        let id_at = memchr::memmem::find(&bytes, ID).unwrap_or_default();
        Self { bytes, id_at }
    }

    fn append(&self, out: &mut Vec<u8>, id: &[u8; 16]) {
        let start = out.len() + self.id_at;
        out.extend_from_slice(&self.bytes);
        if let Some(hole) = out.get_mut(start..start + ID.len()) {
            hole.copy_from_slice(id);
        }
    }
}

/// Prepared answers of one route.
#[derive(Debug)]
struct Route {
    role: Option<Chunk>,
    tokens: Vec<Chunk>,
    length: Chunk,
    stop: Chunk,
    usage_head: String,
}

/// Prepared answers of both routes.
#[derive(Debug)]
pub(crate) struct Chunks {
    model: String,
    created: u64,
    chat: Route,
    completions: Route,
}

/// Identity of one answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnswerId {
    seq: u64,
    hex: [u8; 16],
}

impl AnswerId {
    pub(crate) fn new(seq: u64) -> Self {
        let mut hex = [0_u8; 16];
        for (digit, shift) in hex.iter_mut().zip((0..16).rev()) {
            let value = (seq >> (4 * shift)) & 0xf;
            *digit = b"0123456789abcdef"
                .get(usize::try_from(value).unwrap_or(0))
                .copied()
                .unwrap_or(b'0');
        }
        Self { seq, hex }
    }

    /// Index of the word that stands for this answer's token number `index`.
    fn word(self, index: u32) -> usize {
        let mixed = self.seq.wrapping_add(u64::from(index)) % WORDS.len() as u64;
        usize::try_from(mixed).unwrap_or_default()
    }
}

impl Chunks {
    pub(crate) fn new(model: &str, created: u64) -> Self {
        Self {
            model: serde_json::Value::from(model).to_string(),
            created,
            chat: Route::new(Endpoint::Chat, model, created),
            completions: Route::new(Endpoint::Completions, model, created),
        }
    }

    fn route(&self, endpoint: Endpoint) -> &Route {
        match endpoint {
            Endpoint::Chat => &self.chat,
            Endpoint::Completions => &self.completions,
        }
    }

    /// Appends the chunk that opens a chat answer and carries no text.
    pub(crate) fn role(&self, out: &mut Vec<u8>, endpoint: Endpoint, id: AnswerId) {
        if let Some(role) = &self.route(endpoint).role {
            role.append(out, &id.hex);
        }
    }

    /// Appends token number `index`.
    pub(crate) fn token(&self, out: &mut Vec<u8>, endpoint: Endpoint, id: AnswerId, index: u32) {
        if let Some(chunk) = self.route(endpoint).tokens.get(id.word(index)) {
            chunk.append(out, &id.hex);
        }
    }

    /// Appends what follows the last token.
    pub(crate) fn end(&self, out: &mut Vec<u8>, plan: &Plan, id: AnswerId) {
        let route = self.route(plan.endpoint);
        let reason = match plan.finish {
            Finish::Stop => &route.stop,
            Finish::Length => &route.length,
        };
        reason.append(out, &id.hex);
        if plan.include_usage {
            let event = format!(
                "{}\"choices\":[],\"usage\":{}}}\n\n",
                route.usage_head,
                usage(plan)
            );
            Chunk::new(&event).append(out, &id.hex);
        }
        out.extend_from_slice(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
    }

    /// Appends what stands in the place of an event.
    #[expect(clippy::unused_self, reason = "it belongs with the whole events")]
    pub(crate) fn broken(&self, out: &mut Vec<u8>, spoil: Spoil) {
        let event = match spoil {
            Spoil::Cut => return,
            Spoil::Json => "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" all\n\n",
            // Two events without the blank line between them are one.
            Spoil::Event => "data: {\"choices\":[]}\ndata: {\"choices\":[]}\n\n",
        };
        write_chunk(out, event.as_bytes());
    }

    /// The body of an answer that is not streamed.
    pub(crate) fn whole(&self, plan: &Plan, id: AnswerId) -> Vec<u8> {
        let text: String = (0..plan.output_tokens)
            .filter_map(|index| WORDS.get(id.word(index)).copied())
            .collect();
        let text = serde_json::Value::from(text).to_string();
        let finish = match plan.finish {
            Finish::Stop => "stop",
            Finish::Length => "length",
        };
        let (object, prefix, choice) = match plan.endpoint {
            Endpoint::Chat => (
                "chat.completion",
                "chatcmpl",
                format!("\"message\":{{\"role\":\"assistant\",\"content\":{text}}}"),
            ),
            Endpoint::Completions => ("text_completion", "cmpl", format!("\"text\":{text}")),
        };
        format!(
            "{{\"id\":\"{prefix}-{:016x}\",\"object\":\"{object}\",\"created\":{},\"model\":{},\
             \"choices\":[{{\"index\":0,{choice},\"logprobs\":null,\"finish_reason\":\"{finish}\"}}],\
             \"usage\":{}}}",
            id.seq, self.created, self.model, usage(plan),
        )
        .into_bytes()
    }
}

impl Route {
    fn new(endpoint: Endpoint, model: &str, created: u64) -> Self {
        let (object, prefix) = match endpoint {
            Endpoint::Chat => ("chat.completion.chunk", "chatcmpl"),
            Endpoint::Completions => ("text_completion", "cmpl"),
        };
        let model = serde_json::Value::from(model);
        let id = String::from_utf8_lossy(ID);
        let head = format!(
            "data: {{\"id\":\"{prefix}-{id}\",\"object\":\"{object}\",\"created\":{created},\"model\":{model},"
        );
        let event = |choice: &str, finish: &str| {
            Chunk::new(&format!(
                "{head}\"choices\":[{{\"index\":0,{choice},\"logprobs\":null,\"finish_reason\":{finish}}}]}}\n\n"
            ))
        };
        let (open, close) = match endpoint {
            Endpoint::Chat => ("\"delta\":{\"content\":\"", "\"}"),
            Endpoint::Completions => ("\"text\":\"", "\""),
        };
        let nothing = match endpoint {
            Endpoint::Chat => "\"delta\":{}",
            Endpoint::Completions => "\"text\":\"\"",
        };
        Self {
            role: (endpoint == Endpoint::Chat).then(|| {
                event(
                    "\"delta\":{\"role\":\"assistant\",\"content\":\"\"}",
                    "null",
                )
            }),
            tokens: WORDS
                .iter()
                .map(|word| event(&format!("{open}{word}{close}"), "null"))
                .collect(),
            length: event(nothing, "\"length\""),
            stop: event(nothing, "\"stop\""),
            usage_head: head,
        }
    }
}

fn usage(plan: &Plan) -> String {
    format!(
        "{{\"prompt_tokens\":{},\"completion_tokens\":{},\"total_tokens\":{}}}",
        plan.prompt_tokens,
        plan.output_tokens,
        plan.prompt_tokens.saturating_add(plan.output_tokens),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_spells_the_number_of_its_request() {
        assert_eq!(&AnswerId::new(0xfeed).hex, b"000000000000feed");
    }

    #[test]
    fn every_token_is_one_word() {
        for word in WORDS {
            assert_eq!(word.split_whitespace().count(), 1);
            assert!(word.starts_with(' '));
        }
    }

    #[test]
    fn a_chunk_carries_the_id_of_its_answer() {
        let chunks = Chunks::new("m", 7);
        let mut out = Vec::new();
        chunks.token(&mut out, Endpoint::Chat, AnswerId::new(0xabc), 0);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\"chatcmpl-0000000000000abc\""), "{text}");
        let (size, rest) = text.split_once("\r\n").unwrap();
        assert_eq!(usize::from_str_radix(size, 16).unwrap(), rest.len() - 2);
    }
}
