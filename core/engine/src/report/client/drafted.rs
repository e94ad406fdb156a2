//! Speculative decoding, of answers whose server says how it went.

use crate::load::Drafts;
use crate::report::label::{self, Metrics};
use crate::report::values::Values;

/// Values of one slice of a phase.
#[derive(Debug, Clone, Default)]
pub(super) struct Drafted {
    steps: Values,
    proposed: Values,
    accepted: Values,
    /// Tokens of each step.
    length: Values,
    /// Percent of the proposed tokens.
    rate: Values,
    /// Tokens that came out of each one that was verified.
    per_verified: Values,
    /// Steps, proposed and accepted tokens of all answers.
    all: [f64; 3],
}

impl Drafted {
    /// Makes statistics of all values up to now.
    pub(super) fn settle(&mut self) {
        self.values().into_iter().for_each(Values::settle);
    }

    /// Adds all that another one holds.
    pub(super) fn merge(&mut self, other: &mut Self) {
        for (values, more) in self.values().into_iter().zip(other.values()) {
            values.merge(more);
        }
        for (sum, more) in self.all.iter_mut().zip(other.all) {
            *sum += more;
        }
    }

    fn values(&mut self) -> [&mut Values; 6] {
        [
            &mut self.steps,
            &mut self.proposed,
            &mut self.accepted,
            &mut self.length,
            &mut self.rate,
            &mut self.per_verified,
        ]
    }

    /// Adds those of an answer.
    pub(super) fn ended(&mut self, drafts: Drafts) {
        let [steps, proposed, accepted] =
            [drafts.steps, drafts.proposed, drafts.accepted].map(f64::from);
        self.steps.push(steps);
        self.proposed.push(proposed);
        self.accepted.push(accepted);
        for (values, ratio) in [
            (&mut self.length, length(steps, accepted)),
            (&mut self.rate, rate(proposed, accepted)),
            (
                &mut self.per_verified,
                over(accepted + steps, proposed + steps),
            ),
        ] {
            if let Some(ratio) = ratio {
                values.push(ratio);
            }
        }
        for (sum, count) in self.all.iter_mut().zip([steps, proposed, accepted]) {
            *sum += count;
        }
    }

    /// All of it; nothing if no server said anything.
    pub(super) fn add(self, metrics: &mut Metrics) {
        if self.steps.len() == 0 {
            return;
        }
        let [steps, proposed, accepted] = self.all;
        metrics.spread(label::ACCEPTANCE_LENGTH, self.length);
        metrics.spread(label::ACCEPTANCE_RATE, self.rate);
        metrics.spread(label::PER_VERIFIED, self.per_verified);
        metrics.spread(label::DRAFT_STEPS, self.steps);
        metrics.spread(label::DRAFTED, self.proposed);
        metrics.spread(label::ACCEPTED, self.accepted);
        metrics.single(label::ALL_ACCEPTANCE_LENGTH, length(steps, accepted));
        metrics.single(label::ALL_ACCEPTANCE_RATE, rate(proposed, accepted));
    }
}

/// Each step has one token of the model's own beside the accepted ones.
fn length(steps: f64, accepted: f64) -> Option<f64> {
    over(accepted, steps).map(|drafts| 1.0 + drafts)
}

fn rate(proposed: f64, accepted: f64) -> Option<f64> {
    over(100.0 * accepted, proposed)
}

fn over(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
