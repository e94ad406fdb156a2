//! `responses`.

use serde_json::{Value, json};

use super::{Api, Event, Speech, named};
use crate::plan::{Finish, Plan};

pub(super) static API: Api = Api {
    open: |event, _| {
        let response = json!({"id": format!("resp_{}", event.id), "object": "response",
            "status": "in_progress", "model": event.head.model, "output": []});
        ["response.created", "response.in_progress"]
            .map(|kind| named(&json!({"type": kind, "response": response})))
            .concat()
    },
    turn: |event, _| {
        let item = match event.speech {
            Speech::Thinking => json!({"id": "rs_1", "type": "reasoning", "summary": []}),
            _ => json!({"id": "msg_1", "type": "message", "role": "assistant", "content": []}),
        };
        named(&json!({"type": "response.output_item.added", "output_index": 0, "item": item}))
    },
    tokens: |event, text, _| {
        let (kind, item) = match event.speech {
            Speech::Thinking => ("response.reasoning_text.delta", "rs_1"),
            _ => ("response.output_text.delta", "msg_1"),
        };
        named(
            &json!({"type": kind, "item_id": item, "output_index": 0, "content_index": 0, "delta": text}),
        )
    },
    close: |event, plan| {
        let kind = match plan.finish {
            Finish::Stop => "response.completed",
            Finish::Length => "response.incomplete",
        };
        let response = whole(event, plan, "", "");
        named(&json!({"type": kind, "response": response}))
    },
    done: "",
    whole,
};

fn whole(event: Event<'_>, plan: &Plan, thought: &str, text: &str) -> Value {
    let mut output = Vec::new();
    if !thought.is_empty() {
        let content = json!([{"type": "reasoning_text", "text": thought}]);
        output.push(json!({"id": "rs_1", "type": "reasoning", "summary": [], "content": content}));
    }
    let content = json!([{"type": "output_text", "annotations": [], "text": text}]);
    output.push(json!({"id": "msg_1", "type": "message", "role": "assistant", "content": content}));
    let (status, details) = match plan.finish {
        Finish::Stop => ("completed", Value::Null),
        Finish::Length => ("incomplete", json!({"reason": "max_output_tokens"})),
    };
    json!({
        "id": format!("resp_{}", event.id),
        "object": "response",
        "created_at": event.head.created,
        "model": event.head.model,
        "status": status,
        "incomplete_details": details,
        "error": null,
        "output": output,
        "usage": {
            "input_tokens": plan.prompt_tokens,
            "output_tokens": plan.output_tokens,
            "output_tokens_details": {"reasoning_tokens": plan.reasoning_tokens},
            "total_tokens": plan.prompt_tokens.saturating_add(plan.output_tokens),
        },
    })
}
