//! What an inference request asks for.
//!
//! The simulated tokenizer counts whitespace-separated words: one word is one token, in prompts
//! and in answers. A prompt given as token ids counts its ids.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::config::SimConfig;

/// The two inference routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Chat,
    Completions,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The model was done.
    Stop,
    /// The request allowed no more.
    Length,
}

impl Finish {
    fn of(output_tokens: u32, max_tokens: u32) -> Self {
        if output_tokens < max_tokens {
            Self::Stop
        } else {
            Self::Length
        }
    }
}

/// A request that will be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) endpoint: Endpoint,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
    pub(crate) prompt_tokens: u32,
    pub(crate) output_tokens: u32,
    /// What the request allows, for the metrics.
    pub(crate) max_tokens: u32,
    pub(crate) min_tokens: u32,
    pub(crate) ignore_eos: bool,
    pub(crate) finish: Finish,
}

/// A request that is refused: status and message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) u16, pub(crate) String);

/// Number of tokens in a JSON value: words of its texts, whatever it nests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tokens(u32);

#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(default)]
    messages: Option<Tokens>,
    #[serde(default)]
    prompt: Option<Tokens>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    min_tokens: Option<u32>,
    #[serde(default)]
    ignore_eos: Option<bool>,
    #[serde(default)]
    n: Option<u32>,
}

impl Plan {
    /// Reads a request's JSON body.
    pub(crate) fn from_body(
        endpoint: Endpoint,
        body: &[u8],
        config: &SimConfig,
        refuse_stream_options: bool,
    ) -> Result<Self, Refusal> {
        let body: Body<'_> = serde_json::from_slice(body)
            .map_err(|error| refuse(format!("invalid JSON: {error}")))?;
        if let Some(model) = body.model.as_deref().filter(|model| *model != config.model) {
            return Err(Refusal(404, format!("The model `{model}` does not exist.")));
        }
        if refuse_stream_options && body.stream_options.is_some() {
            return Err(refuse(
                "Unrecognized request argument supplied: stream_options",
            ));
        }
        if body.n.is_some_and(|n| n != 1) {
            return Err(refuse("only `n` = 1 is supported"));
        }
        let (input, name) = match endpoint {
            Endpoint::Chat => (body.messages, "messages"),
            Endpoint::Completions => (body.prompt, "prompt"),
        };
        let Tokens(prompt_tokens) = input.ok_or_else(|| refuse(format!("`{name}` is missing")))?;
        Self::with_length(endpoint, &body, prompt_tokens, config)
    }

    fn with_length(
        endpoint: Endpoint,
        body: &Body<'_>,
        prompt_tokens: u32,
        config: &SimConfig,
    ) -> Result<Self, Refusal> {
        let asked = body.max_completion_tokens.or(body.max_tokens);
        if asked == Some(0) {
            return Err(refuse("`max_tokens` must be at least 1"));
        }
        let room = config.context_length.saturating_sub(prompt_tokens);
        if asked.unwrap_or(1) > room {
            return Err(refuse(format!(
                "This model's maximum context length is {} tokens, the request has {prompt_tokens} \
                 and asks for {} more.",
                config.context_length,
                asked.unwrap_or(1),
            )));
        }
        let max_tokens = asked.unwrap_or(room);
        let ignore_eos = body.ignore_eos.unwrap_or(false);
        let min_tokens = body.min_tokens.unwrap_or(0).min(max_tokens);
        let natural = if asked.is_some() || ignore_eos {
            max_tokens
        } else {
            config.output_tokens
        };
        let output_tokens = natural.clamp(min_tokens.max(1), max_tokens);
        Ok(Self {
            endpoint,
            stream: body.stream.unwrap_or(false),
            include_usage: body
                .stream_options
                .as_ref()
                .is_some_and(|options| options.include_usage == Some(true)),
            prompt_tokens,
            output_tokens,
            max_tokens,
            min_tokens,
            ignore_eos,
            finish: Finish::of(output_tokens, max_tokens),
        })
    }

    /// Ends the answer at half its length, if the request leaves that to the model.
    pub(crate) fn stop_early(&mut self) {
        if self.ignore_eos {
            return;
        }
        self.output_tokens = (self.output_tokens / 2).max(self.min_tokens).max(1);
        self.finish = Finish::of(self.output_tokens, self.max_tokens);
    }
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal(400, message.into())
}

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountTokens)
    }
}

struct CountTokens;

impl<'de> Visitor<'de> for CountTokens {
    type Value = Tokens;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("messages or a prompt")
    }

    fn visit_str<E>(self, text: &str) -> Result<Tokens, E> {
        let words = text.split_whitespace().count();
        Ok(Tokens(u32::try_from(words).unwrap_or(u32::MAX)))
    }

    fn visit_u64<E>(self, _token_id: u64) -> Result<Tokens, E> {
        Ok(Tokens(1))
    }

    fn visit_unit<E>(self) -> Result<Tokens, E> {
        Ok(Tokens(0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tokens, A::Error> {
        let mut sum = 0_u32;
        while let Some(Tokens(count)) = items.next_element()? {
            sum = sum.saturating_add(count);
        }
        Ok(Tokens(sum))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tokens, A::Error> {
        let mut sum = 0_u32;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "content" || key == "text" {
                let Tokens(count) = map.next_value()?;
                sum = sum.saturating_add(count);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Tokens(sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(endpoint: Endpoint, body: &str) -> Result<Plan, Refusal> {
        let config = SimConfig {
            output_tokens: 8,
            context_length: 100,
            ..SimConfig::default()
        };
        Plan::from_body(endpoint, body.as_bytes(), &config, false)
    }

    fn tokens(endpoint: Endpoint, body: &str) -> u32 {
        plan(endpoint, body).unwrap().prompt_tokens
    }

    #[test]
    fn a_word_is_a_token_wherever_it_stands() {
        let chat = r#"{"messages":[{"role":"system","content":"be  brief"},
            {"role":"user","content":[{"type":"text","text":"one\ttwo"},{"type":"image_url","image_url":{"url":"a b"}}]},
            {"role":"assistant","content":null}]}"#;
        assert_eq!(tokens(Endpoint::Chat, chat), 4);
        assert_eq!(tokens(Endpoint::Completions, r#"{"prompt":"a b c"}"#), 3);
        assert_eq!(
            tokens(Endpoint::Completions, r#"{"prompt":["a b","c"]}"#),
            3
        );
        assert_eq!(tokens(Endpoint::Completions, r#"{"prompt":[17,4,99]}"#), 3);
    }

    #[test]
    fn the_length_follows_the_request() {
        let length = |extra: &str| {
            let body = format!(r#"{{"prompt":"a"{extra}}}"#);
            let plan = plan(Endpoint::Completions, &body).unwrap();
            (plan.output_tokens, plan.finish == Finish::Stop)
        };
        assert_eq!(length(""), (8, true));
        assert_eq!(length(r#","max_tokens":3"#), (3, false));
        assert_eq!(
            length(r#","max_tokens":3,"max_completion_tokens":4"#),
            (4, false)
        );
        assert_eq!(length(r#","min_tokens":20"#), (20, true));
        assert_eq!(length(r#","ignore_eos":true"#), (99, false));
    }

    #[test]
    fn stopping_early_respects_the_request() {
        let length = |extra: &str| {
            let body = format!(r#"{{"prompt":"a","max_tokens":20{extra}}}"#);
            let mut plan = plan(Endpoint::Completions, &body).unwrap();
            plan.stop_early();
            (plan.output_tokens, plan.finish == Finish::Stop)
        };
        assert_eq!(length(""), (10, true));
        assert_eq!(length(r#","min_tokens":15"#), (15, true));
        assert_eq!(length(r#","ignore_eos":true"#), (20, false));
    }

    #[test]
    fn bad_requests_are_refused() {
        let status = |body: &str| plan(Endpoint::Chat, body).unwrap_err().0;
        assert_eq!(status("{"), 400);
        assert_eq!(status("{}"), 400);
        assert_eq!(status(r#"{"messages":[],"max_tokens":0}"#), 400);
        assert_eq!(status(r#"{"messages":[],"max_tokens":101}"#), 400);
        assert_eq!(status(r#"{"messages":[],"n":2}"#), 400);
        assert_eq!(status(r#"{"messages":[],"model":"other"}"#), 404);
    }
}
