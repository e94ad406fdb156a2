//! Slots whose turns wait for the moments of a rate.

use std::sync::Arc;

use crate::http::MonoNs;

use super::deal::{Dealer, Number};
use super::exchange::Scratch;
use super::phase::Phase;
use super::stage::Stage;
use super::stop::Stop;
use super::talk::Talk;
use super::worker::{Step, Worker};

impl Worker {
    /// Deals the moments of a stage until there are no more, or nothing more is to be sent.
    pub(super) async fn deal(self: Arc<Self>, stage: usize) {
        let Stage { phase, .. } = &self.stages[stage];
        let Some(dealer) = &phase.dealer else {
            return;
        };
        self.cancel.watch().await;
        let deal = dealer.deal(phase, &self.shared.pacer, || self.shared.clock.now());
        if self.cancel.guard(Stop::Drain, deal).await.is_err() {
            dealer.close();
        }
    }

    /// Prepares a conversation and waits for the moment at which it begins.
    pub(super) async fn begin_dealt(
        &self,
        phase: &Phase,
        dealer: &Dealer,
        free_since: MonoNs,
        scratch: &mut Scratch,
    ) -> Step {
        let prompts = &self.shared.prompts;
        let number = match dealer.number() {
            Number::Given(number) => number,
            Number::AllBegun => return Step::Stop,
            Number::Over => return Step::MoveOn,
        };
        let draw = prompts.draw(phase.index, number, &mut scratch.prompt);
        let talk = Talk::begin(prompts, phase.index, number);
        match dealer.begin(number, free_since).await {
            Some(ticket) => scratch.begin(&ticket, phase.index, draw, talk),
            None => return Step::MoveOn,
        }
        Step::Carry
    }

    /// Prepares the next turn of the conversation that the slot has, and waits for a moment of the rate
    /// from `due` on.
    pub(super) async fn go_on_dealt(
        &self,
        phase: &Phase,
        dealer: &Dealer,
        talk: Talk,
        due: MonoNs,
        scratch: &mut Scratch,
    ) -> Step {
        let draw = talk.ask(&self.shared.prompts, scratch);
        self.shared.pacer.until(due).await;
        match dealer.go_on(talk.number(), due).await {
            Some(ticket) => scratch.begin(&ticket, phase.index, draw, Some(talk)),
            None => return Step::MoveOn,
        }
        Step::Carry
    }

    /// What a slot does that got a moment, or none.
    pub(super) async fn admit(&self, step: Step, phase: &Phase, scratch: &mut Scratch) -> Step {
        match step {
            Step::Carry => self.enter_prefill(phase, scratch).await,
            other => other,
        }
    }
}
