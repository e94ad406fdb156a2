//! Embeddings and rankings: a vector or a score an item.

use serde_json::{Value, json};

use super::{Api, Event, nothing};
use crate::plan::Plan;

/// Never streamed.
const SILENT: Api = Api {
    open: nothing,
    turn: nothing,
    tokens: |_, _, _| String::new(),
    close: nothing,
    done: "",
    whole: |_, _, _, _| Value::Null,
};

pub(super) static EMBEDDINGS: Api = Api {
    whole: |event, plan, _, _| {
        let vector =
            |index| json!({"object": "embedding", "index": index, "embedding": [0.25, -0.5]});
        let data: Vec<Value> = (0..plan.items).map(vector).collect();
        answer(event, plan, "data", &json!(data))
    },
    ..SILENT
};

pub(super) static RERANK: Api = Api {
    whole: |event, plan, _, _| {
        let score = |index| json!({"index": index, "relevance_score": 0.5});
        let results: Vec<Value> = (0..plan.items).map(score).collect();
        answer(event, plan, "results", &json!(results))
    },
    ..SILENT
};

pub(super) static TEI: Api = Api {
    whole: |_, plan, _, _| {
        let score = |index| json!({"index": index, "score": 0.5});
        (0..plan.items).map(score).collect()
    },
    ..SILENT
};

pub(super) static NIM: Api = Api {
    whole: |event, plan, _, _| {
        let score = |index| json!({"index": index, "logit": 0.5});
        let rankings: Vec<Value> = (0..plan.items).map(score).collect();
        answer(event, plan, "rankings", &json!(rankings))
    },
    ..SILENT
};

fn answer(event: Event<'_>, plan: &Plan, name: &str, items: &Value) -> Value {
    let tokens = plan.prompt_tokens;
    json!({
        "object": "list",
        "model": event.head.model,
        name: items,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    })
}
