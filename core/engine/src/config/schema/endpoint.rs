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
    /// Ask for a stream of tokens. Without it there is no time to first token.
    pub streaming: bool,
    /// Further headers of each request, such as `X-Tenant = "a"`.
    pub headers: IndexMap<String, String>,
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
    /// Merged into the body of each request, over what would be sent, such as `temperature = 0`.
    pub extra_inputs: serde_json::Map<String, serde_json::Value>,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        Self {
            url: "http://localhost:8000".to_owned(),
            model: None,
            kind: EndpointKind::Chat,
            path: None,
            streaming: true,
            headers: IndexMap::new(),
            api_key: None,
            api_key_env: None,
            request_timeout: UnitDuration(Duration::from_hours(6)),
            connect_timeout: UnitDuration(Duration::from_secs(30)),
            extra_inputs: serde_json::Map::new(),
        }
    }
}

/// The written form of [`EndpointKind`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum EndpointType {
    /// `POST /v1/chat/completions`.
    Chat,
    /// `POST /v1/completions`.
    Completions,
}

/// The engine's type stays free of serde: what files say may change apart from it.
mod kind {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{EndpointKind, EndpointType};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(
        kind: &EndpointKind,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let written = match kind {
            EndpointKind::Chat => EndpointType::Chat,
            EndpointKind::Completions => EndpointType::Completions,
        };
        written.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<EndpointKind, D::Error> {
        Ok(match EndpointType::deserialize(deserializer)? {
            EndpointType::Chat => EndpointKind::Chat,
            EndpointType::Completions => EndpointKind::Completions,
        })
    }
}
