//! `chat/completions` and `completions`.

use serde_json::{Value, json};

use super::{Api, Event, Speech, data, every_chunk, finish_reason, last_chunk, nothing, usage};
use crate::plan::Plan;

pub(super) static CHAT: Api = Api {
    open: |event, _| {
        let delta = json!({"role": "assistant", "content": ""});
        chat_chunk(
            event,
            &json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}),
            None,
        )
    },
    turn: |event, _| match event.speech {
        Speech::Calling => {
            let call = json!({"index": 0, "id": "call_1", "type": "function",
                "function": {"name": "look_up", "arguments": ""}});
            chat_delta(event, &json!({"tool_calls": [call]}), None)
        }
        _ => String::new(),
    },
    tokens: |event, text, so_far| {
        let delta = match event.speech {
            Speech::Thinking => json!({ "reasoning_content": text }),
            Speech::Saying => json!({ "content": text }),
            Speech::Calling => {
                json!({"tool_calls": [{"index": 0, "function": {"arguments": text}}]})
            }
        };
        chat_delta(event, &delta, so_far)
    },
    close: |event, plan| {
        let reason = finish_reason(plan);
        let last = json!({"index": 0, "delta": {}, "logprobs": null, "finish_reason": reason});
        let so_far = every_chunk(plan, plan.output_tokens);
        chat_chunk(event, &last, so_far) + &chat_usage(event, plan)
    },
    done: DONE,
    whole: chat,
};

pub(super) static COMPLETIONS: Api = Api {
    open: nothing,
    turn: nothing,
    tokens: |event, text, so_far| {
        let choice = json!({"index": 0, "text": text, "logprobs": null, "finish_reason": null});
        text_chunk(event, &json!([choice]), so_far)
    },
    close: |event, plan| {
        let reason = finish_reason(plan);
        let last = json!({"index": 0, "text": "", "logprobs": null, "finish_reason": reason});
        let so_far = every_chunk(plan, plan.output_tokens);
        let mut events = text_chunk(event, &json!([last]), so_far);
        if let Some(all) = last_chunk(plan) {
            events += &text_chunk(event, &json!([]), Some(all));
        }
        events
    },
    done: DONE,
    whole: |event, plan, thought, text| {
        let choice = json!({"index": 0, "text": format!("{thought}{text}"), "logprobs": null,
            "finish_reason": finish_reason(plan)});
        json!({
            "id": format!("cmpl-{}", event.id),
            "object": "text_completion",
            "created": event.head.created,
            "model": event.head.model,
            "choices": [choice],
            "usage": usage(plan, plan.output_tokens),
        })
    },
};

const DONE: &str = "data: [DONE]\n\n";

fn chat_delta(event: Event<'_>, delta: &Value, so_far: Option<Value>) -> String {
    let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": null});
    chat_chunk(event, &choice, so_far)
}

fn chat_chunk(event: Event<'_>, choice: &Value, so_far: Option<Value>) -> String {
    chunk(
        event,
        "chatcmpl",
        "chat.completion.chunk",
        &json!([choice]),
        so_far,
    )
}

fn chat_usage(event: Event<'_>, plan: &Plan) -> String {
    let Some(all) = last_chunk(plan) else {
        return String::new();
    };
    chunk(
        event,
        "chatcmpl",
        "chat.completion.chunk",
        &json!([]),
        Some(all),
    )
}

fn text_chunk(event: Event<'_>, choices: &Value, so_far: Option<Value>) -> String {
    chunk(event, "cmpl", "text_completion", choices, so_far)
}

fn chunk(
    event: Event<'_>,
    prefix: &str,
    object: &str,
    choices: &Value,
    so_far: Option<Value>,
) -> String {
    let mut chunk = json!({
        "id": format!("{prefix}-{}", event.id),
        "object": object,
        "created": event.head.created,
        "model": event.head.model,
        "choices": choices,
    });
    if let Some(so_far) = so_far {
        chunk["usage"] = so_far;
    }
    data(&chunk)
}

fn chat(event: Event<'_>, plan: &Plan, thought: &str, text: &str) -> Value {
    let mut message = json!({"role": "assistant", "content": text});
    if !thought.is_empty() {
        message["reasoning_content"] = json!(thought);
    }
    if plan.calls_tool {
        message["content"] = Value::Null;
        message["tool_calls"] = json!([{"id": "call_1", "type": "function",
            "function": {"name": "look_up", "arguments": text}}]);
    }
    let choice = json!({"index": 0, "message": message, "logprobs": null,
        "finish_reason": finish_reason(plan)});
    json!({
        "id": format!("chatcmpl-{}", event.id),
        "object": "chat.completion",
        "created": event.head.created,
        "model": event.head.model,
        "choices": [choice],
        "usage": usage(plan, plan.output_tokens),
    })
}
