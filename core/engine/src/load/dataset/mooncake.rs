//! Traces in the form of Mooncake's: what was asked when, and which blocks of the prompt were known.

use std::path::Path;

use serde::Deserialize;

use super::error::DatasetError;
use super::prompt::millis;
use super::records::Record;
use super::sessions::Sessions;
use crate::load::conversation::{Blocks, Conversation, Prompt, Turn};

/// Tokens in a block.
pub(in crate::load) const BLOCK_TOKENS: u32 = 512;

#[derive(Debug, Deserialize)]
struct WireRequest {
    /// Milliseconds.
    #[serde(default)]
    timestamp: Option<f64>,
    /// Milliseconds.
    #[serde(default)]
    delay: Option<f64>,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    input_length: Option<u32>,
    #[serde(default)]
    output_length: Option<u32>,
    #[serde(default)]
    hash_ids: Option<Box<[u64]>>,
    #[serde(default, alias = "text")]
    text_input: Option<String>,
}

/// Requests of one session are one conversation, in the order of the file.
pub(super) fn read(path: &Path, records: &[Record<'_>]) -> Result<Vec<Conversation>, DatasetError> {
    let mut conversations = Sessions::default();
    for record in records {
        let mut request: WireRequest = record.read(path)?;
        let session = request.session_id.take();
        let turn = turn(request);
        let turn = turn.map_err(|what| DatasetError::of_line(path, record.line, what))?;
        conversations.add(session, turn);
    }
    Ok(conversations.all)
}

fn turn(request: WireRequest) -> Result<Turn, String> {
    let (prompt, blocks) = match (request.text_input, request.input_length) {
        (Some(text), _) => (
            Prompt {
                text,
                ..Prompt::default()
            },
            None,
        ),
        (None, Some(tokens)) if tokens > 0 => {
            let ids = request.hash_ids.unwrap_or_default();
            let most = u64::from(BLOCK_TOKENS) * ids.len() as u64;
            if !ids.is_empty() && most < u64::from(tokens) {
                return Err(format!(
                    "{} `hash_ids` of {BLOCK_TOKENS} tokens are too few for an `input_length` of {tokens}",
                    ids.len()
                ));
            }
            (Prompt::default(), Some(Blocks { ids, tokens }))
        }
        _ => return Err("there is no `input_length` of at least 1 and no `text_input`".to_owned()),
    };
    Ok(Turn {
        prompt,
        blocks,
        at: request
            .timestamp
            .map(|at| millis("timestamp", at))
            .transpose()?,
        delay: millis("delay", request.delay.unwrap_or_default())?,
        output_tokens: request.output_length.map(|tokens| tokens.max(1)),
    })
}
