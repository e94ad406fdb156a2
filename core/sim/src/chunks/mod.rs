//! The bytes of answers, prepared so that a token costs one copy.

mod answer_id;
mod generate;
mod messages;
mod openai;
mod prepared;
mod responses;
mod vectors;

use serde_json::{Value, json};

use crate::endpoint::Endpoint;
use crate::faults::Spoil;
use crate::http::write_chunk;
use crate::plan::{Finish, Plan, UsageIn};
use prepared::{Chunk, ID};

pub(crate) use answer_id::AnswerId;

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

const ERROR: &str = "data: {\"error\":{\"message\":\"simulated error\",\"type\":\"server_error\",\"code\":500}}\n\n";
const NAMED_ERROR: &str = "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"simulated error\",\"type\":\"server_error\"}}\n\n";

/// What stands in all answers of a server.
#[derive(Debug)]
struct Head {
    model: String,
    created: u64,
}

/// What one event of an answer is made of.
#[derive(Clone, Copy, Debug)]
struct Event<'a> {
    head: &'a Head,
    /// The answer's id, without a prefix.
    id: &'a str,
    /// Kind of text.
    speech: Speech,
}

/// Kinds of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    Thinking,
    Saying,
    /// The name of a tool and the arguments of its call.
    Calling,
}

/// The texts of one API's answers. Each returns whole server-sent events, or nothing.
#[derive(Clone, Copy)]
struct Api {
    /// Before the first token, as soon as the request has come.
    open: fn(Event<'_>, &Plan) -> String,
    /// Before the first token of a kind.
    turn: fn(Event<'_>, &Plan) -> String,
    /// Some tokens; `so_far` is usage up to here, where each chunk has it.
    tokens: fn(Event<'_>, text: &str, so_far: Option<Value>) -> String,
    /// After the last token.
    close: fn(Event<'_>, &Plan) -> String,
    /// The end mark of a stream.
    done: &'static str,
    /// An answer in one piece.
    whole: fn(Event<'_>, &Plan, thought: &str, text: &str) -> Value,
}

impl Endpoint {
    fn api(self) -> &'static Api {
        match self {
            Self::Chat => &openai::CHAT,
            Self::Completions => &openai::COMPLETIONS,
            Self::Responses => &responses::API,
            Self::Messages => &messages::API,
            Self::Generate | Self::GenerateStream => &generate::API,
            Self::Embeddings => &vectors::EMBEDDINGS,
            Self::Rerank => &vectors::RERANK,
            Self::TeiRerank => &vectors::TEI,
            Self::NimRanking => &vectors::NIM,
        }
    }
}

/// Prepared answers of all routes.
#[derive(Debug)]
pub(crate) struct Chunks {
    head: Head,
    /// By endpoint and kind of text: the words.
    prepared: Vec<(Endpoint, Speech, Vec<Chunk>)>,
}

impl Chunks {
    pub(crate) fn new(model: &str, created: u64) -> Self {
        let head = Head {
            model: model.to_owned(),
            created,
        };
        let mut prepared = Vec::new();
        for endpoint in Endpoint::GENERATING {
            for speech in [Speech::Thinking, Speech::Saying, Speech::Calling] {
                let event = Event {
                    head: &head,
                    id: ID,
                    speech,
                };
                let word = |word: &&str| Chunk::new(&(endpoint.api().tokens)(event, word, None));
                prepared.push((endpoint, speech, WORDS.iter().map(word).collect()));
            }
        }
        Self { head, prepared }
    }

    fn event<'a>(&'a self, id: &'a AnswerId, speech: Speech) -> Event<'a> {
        Event {
            head: &self.head,
            id: id.text(),
            speech,
        }
    }

    /// Appends what opens an answer and carries no text.
    pub(crate) fn open(&self, out: &mut Vec<u8>, plan: &Plan, id: AnswerId) {
        let event = self.event(&id, speech(plan, 0));
        append(out, &(plan.endpoint.api().open)(event, plan));
    }

    /// Appends some tokens, in one chunk.
    pub(crate) fn tokens(
        &self,
        out: &mut Vec<u8>,
        plan: &Plan,
        id: AnswerId,
        tokens: std::ops::Range<u32>,
    ) {
        let api = plan.endpoint.api();
        let kind = speech(plan, tokens.start);
        if tokens.start == 0 || kind != speech(plan, tokens.start - 1) {
            append(out, &(api.turn)(self.event(&id, kind), plan));
        }
        if tokens.len() == 1 && plan.usage != UsageIn::All {
            let mut prepared = self.prepared.iter();
            let words =
                prepared.find(|(endpoint, of, _)| (*endpoint, *of) == (plan.endpoint, kind));
            if let Some(chunk) = words.and_then(|(.., words)| words.get(id.word(tokens.start))) {
                chunk.append(out, &id.hex);
            }
            return;
        }
        let so_far = every_chunk(plan, tokens.end);
        let text = id.words(tokens);
        append(out, &(api.tokens)(self.event(&id, kind), &text, so_far));
    }

    /// Where the tokens of a chunk that begins at `index` must end: no chunk holds two kinds of text.
    pub(crate) fn limit(plan: &Plan, index: u32) -> u32 {
        if index < plan.reasoning_tokens {
            plan.reasoning_tokens
        } else {
            plan.output_tokens
        }
    }

    /// Appends what follows the last token.
    pub(crate) fn close(&self, out: &mut Vec<u8>, plan: &Plan, id: AnswerId) {
        let api = plan.endpoint.api();
        let last = plan.output_tokens.saturating_sub(1);
        let event = self.event(&id, speech(plan, last));
        append(out, &(api.close)(event, plan));
        append(out, api.done);
        out.extend_from_slice(b"0\r\n\r\n");
    }

    /// Appends what stands in the place of an event, and the end of the body where it ends with that.
    pub(crate) fn broken(out: &mut Vec<u8>, plan: &Plan, spoil: Spoil) {
        let event = match spoil {
            Spoil::Cut | Spoil::End => "",
            Spoil::Json => "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" all\n\n",
            // Two events without the blank line between them are one.
            Spoil::Event => "data: {\"choices\":[]}\ndata: {\"choices\":[]}\n\n",
            Spoil::Error => match plan.endpoint {
                Endpoint::Responses | Endpoint::Messages => NAMED_ERROR,
                _ => ERROR,
            },
        };
        append(out, event);
        if spoil.ends_the_body() {
            out.extend_from_slice(b"0\r\n\r\n");
        }
    }

    /// The body of an answer that is not streamed.
    pub(crate) fn whole(&self, plan: &Plan, id: AnswerId) -> Vec<u8> {
        let thought = id.words(0..plan.reasoning_tokens);
        let text = id.words(plan.reasoning_tokens..plan.output_tokens);
        let event = self.event(&id, speech(plan, plan.output_tokens));
        let whole = (plan.endpoint.api().whole)(event, plan, &thought, &text);
        whole.to_string().into_bytes()
    }
}

/// The kind of text that a token belongs to.
fn speech(plan: &Plan, index: u32) -> Speech {
    if index < plan.reasoning_tokens {
        Speech::Thinking
    } else if plan.calls_tool {
        Speech::Calling
    } else {
        Speech::Saying
    }
}

/// Why the answer ends, as the `OpenAI` API has it.
fn finish_reason(plan: &Plan) -> &'static str {
    match plan.finish {
        _ if plan.calls_tool => "tool_calls",
        Finish::Stop => "stop",
        Finish::Length => "length",
    }
}

/// `usage` up to a token, as the `OpenAI` API has it.
fn usage(plan: &Plan, tokens: u32) -> Value {
    let mut usage = json!({
        "prompt_tokens": plan.prompt_tokens,
        "completion_tokens": tokens,
        "total_tokens": plan.prompt_tokens.saturating_add(tokens),
    });
    if plan.reasoning_tokens > 0 {
        let reasoning = plan.reasoning_tokens.min(tokens);
        usage["completion_tokens_details"] = json!({ "reasoning_tokens": reasoning });
    }
    usage
}

/// `usage` up to a token, if every chunk is to have it.
fn every_chunk(plan: &Plan, tokens: u32) -> Option<Value> {
    (plan.usage == UsageIn::All).then(|| usage(plan, tokens))
}

/// `usage` of the whole answer, if any chunk is to have it.
fn last_chunk(plan: &Plan) -> Option<Value> {
    (plan.usage != UsageIn::None).then(|| usage(plan, plan.output_tokens))
}

/// One event without a name.
fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// One event that is named by its `type`.
fn named(value: &Value) -> String {
    let kind = value["type"].as_str().unwrap_or_default();
    format!("event: {kind}\ndata: {value}\n\n")
}

fn nothing(_: Event<'_>, _: &Plan) -> String {
    String::new()
}

/// Appends events as one HTTP chunk; none is no chunk, which would be the end of the body.
fn append(out: &mut Vec<u8>, events: &str) {
    if !events.is_empty() {
        write_chunk(out, events.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SimConfig;

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
        let body = br#"{"messages":[]}"#;
        let config = SimConfig::default();
        let plan = Plan::from_body(Endpoint::Chat, body, &config, false).unwrap();
        let mut out = Vec::new();
        chunks.tokens(&mut out, &plan, AnswerId::new(0xabc), 0..1);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\"chatcmpl-0000000000000abc\""), "{text}");
        let (size, rest) = text.split_once("\r\n").unwrap();
        assert_eq!(usize::from_str_radix(size, 16).unwrap(), rest.len() - 2);
    }
}
