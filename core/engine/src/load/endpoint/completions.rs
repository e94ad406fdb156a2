//! `completions`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{Alternative, length};

/// A choice, in a stream and in a whole response.
#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
}

impl<'de> Alternative<'de> for Choice<'de> {
    fn text_bytes(&self) -> usize {
        length(self.text)
    }

    fn finish_reason(&self) -> Option<&'de RawValue> {
        self.finish_reason
    }
}
