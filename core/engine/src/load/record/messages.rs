//! Error messages, each kept once.

/// All messages of a table together.
const MAX_BYTES: usize = 64 * 1024;
const DROPPED: &str = "(further messages were dropped)";

/// Distinct messages, in the order in which they came up. Thousands of failures share a few texts,
/// so that a linear search is quick.
#[derive(Clone, Debug, Default)]
pub(super) struct Messages {
    texts: Vec<String>,
    bytes: usize,
}

impl Messages {
    /// The index of a message; what no longer fits is replaced by a note.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        let text = if self.known(text).is_none() && self.bytes + text.len() > MAX_BYTES {
            DROPPED
        } else {
            text
        };
        let index = self.known(text).unwrap_or_else(|| {
            self.bytes += text.len();
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    pub(super) fn text(&self, index: u32) -> Option<&str> {
        self.texts
            .get(usize::try_from(index).ok()?)
            .map(String::as_str)
    }

    fn known(&self, text: &str) -> Option<usize> {
        self.texts.iter().position(|known| known == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_kept_once() {
        let mut messages = Messages::default();
        let indices = ["a", "b", "a"].map(|text| messages.intern(text));
        assert_eq!(indices, [0, 1, 0]);
        assert_eq!(messages.text(1), Some("b"));
        assert_eq!(messages.text(2), None);
    }

    #[test]
    fn what_does_not_fit_is_replaced_by_a_note() {
        let mut messages = Messages::default();
        let first = messages.intern(&"x".repeat(MAX_BYTES));
        let dropped = messages.intern("y");
        assert_eq!(messages.text(dropped), Some(DROPPED));
        assert_eq!(messages.intern("z"), dropped);
        assert_eq!(messages.intern(&"x".repeat(MAX_BYTES)), first);
    }
}
