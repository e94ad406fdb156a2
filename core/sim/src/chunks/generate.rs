//! `generate` and `generate_stream` of Hugging Face TGI.

use serde_json::{Value, json};

use super::{Api, data, nothing};
use crate::plan::{Finish, Plan};

pub(super) static API: Api = Api {
    open: nothing,
    turn: nothing,
    tokens: |_, text, _| {
        let token = json!({"id": 1, "text": text, "logprob": -0.1, "special": false});
        data(&json!({"index": 1, "token": token, "generated_text": null, "details": null}))
    },
    close: |_, plan| {
        let token = json!({"id": 2, "text": "</s>", "logprob": -0.1, "special": true});
        data(&json!({"index": 1, "token": token, "generated_text": "", "details": details(plan)}))
    },
    done: "",
    whole: |_, plan, thought, text| json!({"generated_text": format!("{thought}{text}"), "details": details(plan)}),
};

fn details(plan: &Plan) -> Value {
    let reason = match plan.finish {
        Finish::Stop => "eos_token",
        Finish::Length => "length",
    };
    json!({
        "finish_reason": reason,
        "generated_tokens": plan.output_tokens,
        "input_length": plan.prompt_tokens,
        "seed": null,
    })
}
