//! Conversations of several turns: users, turns and pauses.

use super::Resolver;
use crate::load::{PromptPlan, SessionPlan, StopPlan, TokenCount};

impl Resolver<'_> {
    pub(super) fn sessions(&self) -> SessionPlan {
        let prompts = &self.config.prompts;
        SessionPlan {
            turns: TokenCount {
                mean: prompts.conversation_turn_mean,
                stddev: prompts.conversation_turn_stddev,
            },
            pause: prompts.conversation_turn_delay_mean.0,
            pause_stddev: prompts.conversation_turn_delay_stddev.0,
            pause_ratio: prompts.conversation_turn_delay_ratio,
            longest_pause: prompts.inter_turn_delay_cap.map(|most| most.0),
        }
    }

    /// Users and their rate belong together, and are a pace of their own.
    pub(super) fn check_users(&mut self) {
        let load = &self.config.load;
        let (rate, users) = (load.user_centric_rate, load.num_users);
        let another = load.concurrency.is_some()
            || load.request_rate.is_some()
            || load.request_rate_series.is_some()
            || load.concurrency_ramp_duration.is_some()
            || load.fixed_schedule == Some(true);
        self.refuse([
            (
                rate.is_some() && users.is_none(),
                ("user_centric_rate", "needs users"),
                "give `num_users` too",
            ),
            (
                users.is_some() && rate.is_none(),
                ("num_users", "needs a rate"),
                "give `user_centric_rate` too, requests per second of all users",
            ),
            (
                rate.is_some() && users.is_some() && another,
                ("user_centric_rate", "is a pace of its own"),
                "leave out concurrency, other rates and schedules",
            ),
        ]);
    }

    /// Turns need answers that can be said again, and slots that wait for them.
    pub(super) fn check_turns(&mut self, prompts: &PromptPlan) {
        if !prompts.has_turns() {
            return;
        }
        let path = match prompts.file {
            Some(_) => ["prompts", "input_file"],
            None => ["prompts", "conversation_turn_mean"],
        };
        let kind = self.config.endpoint.kind;
        if !kind.generates() {
            let what = format!("has conversations, and `{}` has no answers", kind.as_str());
            let help = "leave one turn in each conversation";
            self.wrong(&path, &what, Some(help.to_owned()));
        }
    }
}

/// As many conversations as there would be requests, but no more than a file has.
pub(super) fn of_conversations(stop: StopPlan, prompts: &PromptPlan) -> StopPlan {
    let there = prompts.file.as_ref();
    let there = there.map(|(dataset, _)| dataset.conversations.len() as u64);
    StopPlan {
        request_count: None,
        conversations: stop
            .request_count
            .map(|count| there.map_or(count, |there| count.min(there))),
        ..stop
    }
}
