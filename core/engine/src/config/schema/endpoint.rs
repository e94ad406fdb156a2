//! `[endpoint]`.

use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::UrlText;
use crate::config::quantity::UnitDuration;
use crate::load::EndpointKind;

/// The inference server that is benchmarked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointConfig {
    /// Where the server is. A path such as `/v1` is kept; without a scheme `http://` is meant.
    #[schemars(with = "UrlText")]
    pub url: String,
    /// Further servers of the same kind: requests go to all of them in turn. The first one's
    /// `/v1/models` names the model.
    #[schemars(with = "Vec<UrlText>")]
    pub urls: Vec<String>,
    /// Model name sent with each request. Without it, the first one that `/v1/models` lists.
    #[schemars(length(min = 1))]
    pub model: Option<String>,
    /// API that requests are sent to.
    #[serde(rename = "type", with = "kind")]
    #[schemars(with = "EndpointType")]
    pub kind: EndpointKind,
    /// Path of the API on the server, if it is not the usual one, such as `/api/chat`.
    #[schemars(length(min = 1))]
    pub path: Option<String>,
    /// Ask for a stream of tokens. Without it there is no time to first token. Embeddings and
    /// rankings are never streamed.
    pub streaming: bool,
    /// Ask for token counts with each chunk of a stream (`continuous_usage_stats`), so that chunks of
    /// several tokens are known.
    pub per_chunk_usage: bool,
    /// Body of each request for the type `template`: JSON with gaps `{{text}}`, `{{texts}}`,
    /// `{{query}}`, `{{passages}}`, `{{images}}`, `{{messages}}`, `{{model}}`, `{{max_tokens}}` and
    /// `{{stream}}`. A text that begins with `@` names a file.
    #[schemars(length(min = 1))]
    pub payload_template: Option<String>,
    /// Where the text of an answer is, such as `outputs[0].text`, for the types `template` and `raw`.
    /// Without it, it is found by the answer's shape.
    #[schemars(length(min = 1))]
    pub response_field: Option<String>,
    /// Further headers of each request, such as `X-Tenant = "a"`.
    pub headers: IndexMap<String, String>,
    /// Name of a header that numbers the conversation of each request, for routers that keep one on its server.
    /// Default: none.
    #[schemars(length(min = 1))]
    pub session_header: Option<String>,
    /// Sent as `Authorization: Bearer ...`. Better not written here: `"${NAME}"`, `"${file:PATH}"`, or see
    /// `api_key_env`.
    #[schemars(extend("writeOnly" = true))]
    pub api_key: Option<String>,
    /// Name of the environment variable that holds the API key.
    #[schemars(length(min = 1))]
    pub api_key_env: Option<String>,
    /// Limit for one request, connecting included. A request beyond it counts as failed.
    #[schemars(extend("x-min" = "1ms"))]
    pub request_timeout: UnitDuration,
    /// Limit for opening a connection, name resolution and TLS included.
    #[schemars(extend("x-min" = "1ms"))]
    pub connect_timeout: UnitDuration,
    /// How long to wait, before a run, for a server that cannot be reached, is still loading (HTTP 5xx) or
    /// lists no model yet.
    pub wait_for_model_timeout: UnitDuration,
    /// Time between two looks at such a server.
    #[schemars(extend("x-min" = "1ms"))]
    pub wait_for_model_interval: UnitDuration,
    /// Which connections carry more than one request.
    pub connection_reuse_strategy: ConnectionReuse,
    /// What is spoken to the server. Its metrics are always read over HTTP/1.1.
    pub http_version: SpokenVersion,
    /// Requests in flight on one connection, with `http_version = "2"` and pooled connections. A connection is filled
    /// before another one is opened; servers may allow less.
    #[schemars(range(min = 1))]
    pub http2_streams: u32,
    /// Merged into the body of each request, over what would be sent, such as `temperature = 0`.
    pub extra_inputs: serde_json::Map<String, serde_json::Value>,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        Self {
            url: "http://localhost:8000".to_owned(),
            urls: Vec::new(),
            model: None,
            kind: EndpointKind::Chat,
            path: None,
            streaming: true,
            per_chunk_usage: false,
            payload_template: None,
            response_field: None,
            headers: IndexMap::new(),
            session_header: None,
            api_key: None,
            api_key_env: None,
            request_timeout: UnitDuration(Duration::from_hours(6)),
            connect_timeout: UnitDuration(Duration::from_secs(30)),
            wait_for_model_timeout: UnitDuration(Duration::ZERO),
            wait_for_model_interval: UnitDuration(Duration::from_secs(5)),
            connection_reuse_strategy: ConnectionReuse::Pooled,
            http_version: SpokenVersion::Http1,
            http2_streams: 1,
            extra_inputs: serde_json::Map::new(),
        }
    }
}

/// The written form of [`Reuse`](crate::http::Reuse).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionReuse {
    /// All that the server keeps.
    Pooled,
    /// None: each request opens one, which takes time, and one of the few thousand ports for a minute.
    Never,
    /// Each conversation has one of its own, to its last turn.
    StickyUserSessions,
}

/// The written form of [`HttpVersion`](crate::http::HttpVersion).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SpokenVersion {
    /// HTTP/1.1.
    #[serde(rename = "1.1")]
    Http1,
    /// HTTP/2: with `http://` by prior knowledge (h2c), with `https://` if the server agrees to it.
    #[serde(rename = "2")]
    Http2,
    /// With `https://` what the server chooses, HTTP/2 first; with `http://` HTTP/1.1.
    #[serde(rename = "auto")]
    Auto,
}

/// The written form of [`EndpointKind`].
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its schema is used")]
enum EndpointType {
    /// `POST /v1/chat/completions`.
    Chat,
    /// `POST /v1/completions`.
    Completions,
    /// `POST /v1/responses`.
    Responses,
    /// `POST /v1/messages`, Anthropic's.
    Messages,
    /// `POST /v1/embeddings`.
    Embeddings,
    /// `POST /v1/rerank`, as vLLM and llama.cpp have it.
    Rankings,
    /// `POST /v2/rerank`, Cohere's.
    CohereRankings,
    /// `POST /v1/ranking`, of NVIDIA NIM.
    NimRankings,
    /// `POST /rerank`, of Hugging Face TEI.
    HfTeiRankings,
    /// `POST /generate` and `/generate_stream`, of Hugging Face TGI.
    HuggingfaceGenerate,
    /// Bodies from a file, sent as they are.
    Raw,
    /// Bodies from `payload_template`.
    Template,
}

/// The engine's type stays free of serde: what files say may change apart from it.
mod kind {
    use serde::de::{Deserializer, Error, Unexpected};
    use serde::{Deserialize, Serializer};

    use super::EndpointKind;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(
        kind: &EndpointKind,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<EndpointKind, D::Error> {
        let name = String::deserialize(deserializer)?;
        EndpointKind::from_name(&name)
            .ok_or_else(|| Error::invalid_value(Unexpected::Str(&name), &"the name of an API"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_name_all_apis_as_the_engine_does() {
        let schema = schemars::schema_for!(EndpointType).to_value();
        let written: Vec<_> = schema["oneOf"].as_array().unwrap().iter().collect();
        let names: Vec<_> = written
            .iter()
            .map(|one| one["const"].as_str().unwrap())
            .collect();
        assert_eq!(names, EndpointKind::ALL.map(EndpointKind::as_str));
    }
}
