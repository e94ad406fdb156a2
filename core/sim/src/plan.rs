//! What an inference request asks for.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::config::SimConfig;
use crate::endpoint::Endpoint;
use crate::tokens::Tokens;

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

/// Which chunks of a stream say how many tokens there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UsageIn {
    None,
    Last,
    All,
}

/// A request that will be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) endpoint: Endpoint,
    pub(crate) stream: bool,
    pub(crate) usage: UsageIn,
    pub(crate) prompt_tokens: u32,
    /// Texts to embed, passages to rank.
    pub(crate) items: u32,
    pub(crate) output_tokens: u32,
    /// Of these, the first ones are reasoning.
    pub(crate) reasoning_tokens: u32,
    /// The answer is a call of the request's tool.
    pub(crate) calls_tool: bool,
    /// What the request allows, for the metrics.
    pub(crate) max_tokens: u32,
    pub(crate) min_tokens: u32,
    pub(crate) ignore_eos: bool,
    pub(crate) finish: Finish,
}

/// A request that is refused: status and message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) u16, pub(crate) String);

#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
    #[serde(default)]
    continuous_usage_stats: Option<bool>,
}

impl StreamOptions {
    fn usage(&self) -> UsageIn {
        match (self.include_usage, self.continuous_usage_stats) {
            (Some(true), Some(true)) => UsageIn::All,
            (Some(true), _) => UsageIn::Last,
            _ => UsageIn::None,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    max_new_tokens: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Body<'a> {
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(default)]
    messages: Option<Tokens>,
    #[serde(default)]
    system: Option<Tokens>,
    #[serde(default)]
    prompt: Option<Tokens>,
    #[serde(default)]
    input: Option<Tokens>,
    #[serde(default)]
    inputs: Option<Tokens>,
    #[serde(default)]
    query: Option<Tokens>,
    #[serde(default)]
    documents: Option<Tokens>,
    #[serde(default)]
    texts: Option<Tokens>,
    #[serde(default)]
    passages: Option<Tokens>,
    #[serde(default)]
    tools: Vec<IgnoredAny>,
    #[serde(default)]
    parameters: Parameters,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    max_output_tokens: Option<u32>,
    #[serde(default)]
    min_tokens: Option<u32>,
    #[serde(default)]
    ignore_eos: Option<bool>,
    #[serde(default)]
    n: Option<u32>,
}

impl Body<'_> {
    /// What the request is about; the name of what is missing if it is about nothing.
    fn input(&self, endpoint: Endpoint) -> Result<Tokens, &'static str> {
        let (input, name) = match endpoint {
            Endpoint::Chat | Endpoint::Messages => (self.messages, "messages"),
            Endpoint::Completions => (self.prompt, "prompt"),
            Endpoint::Responses | Endpoint::Embeddings => (self.input, "input"),
            Endpoint::Generate | Endpoint::GenerateStream => (self.inputs, "inputs"),
            Endpoint::Rerank => (self.documents, "documents"),
            Endpoint::TeiRerank => (self.texts, "texts"),
            Endpoint::NimRanking => (self.passages, "passages"),
        };
        let input = input.ok_or(name)?;
        Ok(input.with(self.query).with(self.system))
    }

    fn asked(&self) -> Option<u32> {
        self.max_completion_tokens
            .or(self.max_output_tokens)
            .or(self.max_tokens)
            .or(self.parameters.max_new_tokens)
    }
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
        let input = body
            .input(endpoint)
            .map_err(|name| refuse(format!("`{name}` is missing")))?;
        Self::with_length(endpoint, &body, input, config)
    }

    fn with_length(
        endpoint: Endpoint,
        body: &Body<'_>,
        input: Tokens,
        config: &SimConfig,
    ) -> Result<Self, Refusal> {
        let prompt_tokens = input.words;
        let asked = body.asked();
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
        let generated = natural.clamp(min_tokens.max(1), max_tokens);
        let output_tokens = if endpoint.generates() { generated } else { 0 };
        let usage = body
            .stream_options
            .as_ref()
            .map_or(UsageIn::None, StreamOptions::usage);
        Ok(Self {
            endpoint,
            stream: match endpoint {
                Endpoint::GenerateStream => true,
                Endpoint::Generate => false,
                other => other.generates() && body.stream.unwrap_or(false),
            },
            usage,
            prompt_tokens,
            items: input.items,
            output_tokens,
            reasoning_tokens: config.reasoning_tokens.min(output_tokens),
            calls_tool: endpoint == Endpoint::Chat && !body.tools.is_empty(),
            max_tokens,
            min_tokens,
            ignore_eos,
            finish: Finish::of(generated, max_tokens),
        })
    }

    /// Ends the answer at half its length, if the request leaves that to the model.
    pub(crate) fn stop_early(&mut self) {
        if self.ignore_eos || !self.endpoint.generates() {
            return;
        }
        self.output_tokens = (self.output_tokens / 2).max(self.min_tokens).max(1);
        self.reasoning_tokens = self.reasoning_tokens.min(self.output_tokens);
        self.finish = Finish::of(self.output_tokens, self.max_tokens);
    }
}

fn refuse(message: impl Into<String>) -> Refusal {
    Refusal(400, message.into())
}

#[cfg(test)]
mod tests;
