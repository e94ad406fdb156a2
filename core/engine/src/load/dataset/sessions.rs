//! Turns that stand apart in a file and belong together.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::load::conversation::{Conversation, Turn};

/// Conversations in the order in which they begin.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    pub(super) all: Vec<Conversation>,
    by_name: FxHashMap<String, usize>,
}

impl Sessions {
    /// Adds a turn to its session; one without a session is alone.
    pub(super) fn add(&mut self, session: Option<String>, mut turn: Turn) {
        let known = session.as_ref().and_then(|name| self.by_name.get(name));
        if let Some(known) = known.and_then(|&at| self.all.get_mut(at)) {
            known.turns.push(turn);
            return;
        }
        turn.delay = std::time::Duration::ZERO;
        let id = session.as_deref().map(Arc::from);
        self.by_name
            .extend(session.map(|name| (name, self.all.len())));
        self.all.push(Conversation {
            id,
            turns: vec![turn],
        });
    }
}
