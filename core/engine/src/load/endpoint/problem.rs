//! Errors that servers report inside a response that began well.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::load::failure::{Failure, FailureClass};

/// The failure that a server reports as `error`: a text, or an object with a `message`.
pub(super) fn reported(error: &RawValue) -> Failure {
    let said = match serde_json::from_str(error.get()) {
        Ok(Value::String(text)) => text,
        Ok(Value::Object(fields)) => match fields.get("message") {
            Some(Value::String(text)) => text.clone(),
            _ => error.get().to_owned(),
        },
        _ => error.get().to_owned(),
    };
    let message = format!("the server reported an error: {said}");
    Failure::new(FailureClass::StreamError, message)
}
