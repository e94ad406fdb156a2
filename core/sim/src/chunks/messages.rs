//! `messages`, Anthropic's API.

use serde_json::{Value, json};

use super::{Api, Event, Speech, named};
use crate::plan::{Finish, Plan};

pub(super) static API: Api = Api {
    open: |event, plan| {
        let usage = json!({"input_tokens": plan.prompt_tokens, "output_tokens": 0});
        let message = json!({"id": format!("msg_{}", event.id), "type": "message",
            "role": "assistant", "model": event.head.model, "content": [], "usage": usage});
        named(&json!({"type": "message_start", "message": message}))
            + &named(&json!({"type": "ping"}))
    },
    turn: |event, plan| {
        let (index, block) = match event.speech {
            Speech::Thinking => (0, json!({"type": "thinking", "thinking": ""})),
            _ => (
                u32::from(plan.reasoning_tokens > 0),
                json!({"type": "text", "text": ""}),
            ),
        };
        let mut events = String::new();
        if index > 0 {
            events += &named(&json!({"type": "content_block_stop", "index": 0}));
        }
        events
            + &named(
                &json!({"type": "content_block_start", "index": index, "content_block": block}),
            )
    },
    tokens: |event, text, _| {
        let delta = match event.speech {
            Speech::Thinking => json!({"type": "thinking_delta", "thinking": text}),
            _ => json!({"type": "text_delta", "text": text}),
        };
        named(&json!({"type": "content_block_delta", "index": 0, "delta": delta}))
    },
    close: |_, plan| {
        let delta = json!({"stop_reason": stop_reason(plan), "stop_sequence": null});
        let usage = json!({"output_tokens": plan.output_tokens});
        named(&json!({"type": "content_block_stop", "index": 0}))
            + &named(&json!({"type": "message_delta", "delta": delta, "usage": usage}))
            + &named(&json!({"type": "message_stop"}))
    },
    done: "",
    whole,
};

fn stop_reason(plan: &Plan) -> &'static str {
    match plan.finish {
        Finish::Stop => "end_turn",
        Finish::Length => "max_tokens",
    }
}

fn whole(event: Event<'_>, plan: &Plan, thought: &str, text: &str) -> Value {
    let mut content = Vec::new();
    if !thought.is_empty() {
        content.push(json!({"type": "thinking", "thinking": thought}));
    }
    content.push(json!({"type": "text", "text": text}));
    json!({
        "id": format!("msg_{}", event.id),
        "type": "message",
        "role": "assistant",
        "model": event.head.model,
        "content": content,
        "stop_reason": stop_reason(plan),
        "usage": {"input_tokens": plan.prompt_tokens, "output_tokens": plan.output_tokens},
    })
}
