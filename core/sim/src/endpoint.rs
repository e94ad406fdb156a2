//! The inference routes.

/// An API that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Chat,
    Completions,
    Responses,
    Messages,
    Generate,
    GenerateStream,
    Embeddings,
    Rerank,
    /// Scores as a bare list.
    TeiRerank,
    NimRanking,
}

impl Endpoint {
    /// Those that generate text.
    pub(crate) const GENERATING: [Self; 6] = [
        Self::Chat,
        Self::Completions,
        Self::Responses,
        Self::Messages,
        Self::Generate,
        Self::GenerateStream,
    ];

    /// The API at a path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/v1/chat/completions" => Self::Chat,
            "/v1/completions" => Self::Completions,
            "/v1/responses" => Self::Responses,
            "/v1/messages" => Self::Messages,
            "/generate" => Self::Generate,
            "/generate_stream" => Self::GenerateStream,
            "/v1/embeddings" => Self::Embeddings,
            "/v1/rerank" | "/v2/rerank" => Self::Rerank,
            "/rerank" => Self::TeiRerank,
            "/v1/ranking" => Self::NimRanking,
            _ => return None,
        })
    }

    /// Whether answers are generated token by token.
    pub(crate) fn generates(self) -> bool {
        Self::GENERATING.contains(&self)
    }
}
