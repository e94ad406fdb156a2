//! What is asked, in no API's form yet: prompts, and conversations made of them.

use std::sync::Arc;
use std::time::Duration;

/// A conversation: turns that follow one another, each sent when the one before is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// Its name in the data set, if it has one.
    pub id: Option<Arc<str>>,
    /// What is asked, in order; at least one.
    pub turns: Vec<Turn>,
}

/// One question of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// What is asked, without the turns before it.
    pub prompt: Prompt,
    /// Pause before it is sent, from the end of the answer before it. Of a first turn: 0.
    pub delay: Duration,
    /// When it is to be sent, from the start of the recording; `None` without a schedule.
    pub at: Option<Duration>,
    /// Tokens to ask for; `None` leaves them to the plan.
    pub output_tokens: Option<u32>,
    /// What the prompt's text is made of, if it is not written out.
    pub blocks: Option<Blocks>,
}

/// A text made of blocks that other prompts share, as traces of prefix caches have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Names of the blocks. Prompts have the same text where they have the same name.
    pub ids: Box<[u64]>,
    /// Length of the text, in tokens; the last block is as long as is left.
    pub tokens: u32,
}

/// What one request asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// What the model is told before everything else; empty for nothing.
    pub system: String,
    /// What was said before, oldest first.
    pub history: Vec<Message>,
    /// What is asked now. Of a ranking: the query.
    pub text: String,
    /// Further texts of a batch. Of a ranking: the passages.
    pub more: Vec<String>,
    /// Images beside the text, as `http`, `https` or `data` URLs.
    pub images: Vec<Arc<str>>,
    /// The whole body of the request, which is then sent as it is.
    pub body: Option<Arc<str>>,
}

/// Something said earlier in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// What.
    pub text: String,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The name that APIs have for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

impl Prompt {
    /// Forgets everything, and keeps the room for the next text.
    pub fn clear(&mut self) {
        self.system.clear();
        self.history.clear();
        self.text.clear();
        self.more.clear();
        self.images.clear();
        self.body = None;
    }

    /// Length of all texts together, in bytes.
    pub(super) fn size(&self) -> usize {
        let images: usize = self.images.iter().map(|url| url.len()).sum();
        let texts = [&self.system, &self.text].into_iter().chain(&self.more);
        let earlier = self.history.iter().map(|said| &said.text);
        images + texts.chain(earlier).map(String::len).sum::<usize>()
    }

    /// The next turn of a conversation: `answer` is what the model said to this one.
    pub fn proceed(&mut self, answer: &str, next: &Prompt) {
        let asked = std::mem::take(&mut self.text);
        let said = [(Role::User, asked), (Role::Assistant, answer.to_owned())];
        let said = said.map(|(role, text)| Message { role, text });
        self.history.extend(said);
        self.text.push_str(&next.text);
        self.more.clone_from(&next.more);
        self.images.clone_from(&next.images);
        self.body.clone_from(&next.body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_turn_follows_question_and_answer() {
        let mut prompt = Prompt {
            system: "be brief".to_owned(),
            text: "one?".to_owned(),
            ..Prompt::default()
        };
        let next = Prompt {
            text: "two?".to_owned(),
            ..Prompt::default()
        };
        prompt.proceed("1", &next);
        let said: Vec<_> = prompt
            .history
            .iter()
            .map(|said| said.text.as_str())
            .collect();
        assert_eq!((said, prompt.text.as_str()), (vec!["one?", "1"], "two?"));
        assert_eq!(prompt.system, "be brief");
    }
}
