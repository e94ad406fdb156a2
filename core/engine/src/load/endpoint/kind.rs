//! Which APIs there are.

use super::api::Api;
use super::{
    chat, completions, embeddings, generate, messages, rankings, raw, responses, template,
};

/// The API that requests are sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndpointKind {
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
    TeiRankings,
    /// `POST /generate` and `/generate_stream`, of Hugging Face TGI.
    Generate,
    /// Bodies from a file, sent as they are; answers of any API.
    Raw,
    /// Bodies from the user's template; answers of any API.
    Template,
}

impl EndpointKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Chat,
        Self::Completions,
        Self::Responses,
        Self::Messages,
        Self::Embeddings,
        Self::Rankings,
        Self::CohereRankings,
        Self::NimRankings,
        Self::TeiRankings,
        Self::Generate,
        Self::Raw,
        Self::Template,
    ];

    /// The stable name used in configuration and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completions => "completions",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::Embeddings => "embeddings",
            Self::Rankings => "rankings",
            Self::CohereRankings => "cohere-rankings",
            Self::NimRankings => "nim-rankings",
            Self::TeiRankings => "hf-tei-rankings",
            Self::Generate => "huggingface-generate",
            Self::Raw => "raw",
            Self::Template => "template",
        }
    }

    /// The API of this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether answers are generated token by token. Others have neither a first token nor a length.
    pub fn generates(self) -> bool {
        self.api().generates
    }

    /// Whether it ranks passages by a query.
    pub fn ranks(self) -> bool {
        matches!(
            self,
            Self::Rankings | Self::CohereRankings | Self::NimRankings | Self::TeiRankings
        )
    }

    /// Whether requests can carry images.
    pub fn takes_images(self) -> bool {
        matches!(
            self,
            Self::Chat | Self::Responses | Self::Messages | Self::Template
        )
    }

    pub(super) fn api(self) -> &'static Api {
        match self {
            Self::Chat => &chat::API,
            Self::Completions => &completions::API,
            Self::Responses => &responses::API,
            Self::Messages => &messages::API,
            Self::Embeddings => &embeddings::API,
            Self::Rankings => &rankings::RERANK,
            Self::CohereRankings => &rankings::COHERE,
            Self::NimRankings => &rankings::NIM,
            Self::TeiRankings => &rankings::TEI,
            Self::Generate => &generate::API,
            Self::Raw => &raw::API,
            Self::Template => &template::API,
        }
    }
}
