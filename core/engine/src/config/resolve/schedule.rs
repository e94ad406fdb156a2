//! A fixed schedule: the times of a file of prompts become those of the requests.

use std::sync::Arc;
use std::time::Duration;

use super::Resolver;
use crate::load::{PromptPlan, Replay, Sampling};

impl Resolver<'_> {
    /// When the requests of a fixed schedule are due, after the start of the phase. Prompts are put in
    /// that order. `None` without a schedule, and if it is none, which is recorded.
    pub(super) fn schedule(&mut self, prompts: &mut PromptPlan) -> Option<Arc<[Duration]>> {
        self.check_schedule();
        let load = &self.config.load;
        if !load.fixed_schedule {
            return None;
        }
        let replay = Replay {
            from: load.fixed_schedule_start_offset.map(|offset| offset.0),
            until: load.fixed_schedule_end_offset.map(|offset| offset.0),
            auto_offset: load.fixed_schedule_auto_offset,
            speedup: load.replay_speedup,
        };
        let (dataset, sampling) = prompts.file.as_mut()?;
        if *sampling != Sampling::Sequential {
            let path = ["prompts", "dataset_sampling_strategy"];
            let help = "leave it out: the times of the file are the order".to_owned();
            self.wrong(&path, "is not for a fixed schedule", Some(help));
            return None;
        }
        match dataset.scheduled(replay) {
            Ok((ordered, moments)) => {
                *dataset = Arc::new(ordered);
                Some(moments)
            }
            Err(what) => {
                self.wrong(&["prompts", "input_file"], what, None);
                None
            }
        }
    }

    fn check_schedule(&mut self) {
        let load = &self.config.load;
        let needs = ("needs a fixed schedule", "give `fixed_schedule` too");
        let is_off = !load.fixed_schedule;
        let has_rate = load.request_rate.is_some() || load.request_rate_series.is_some();
        self.refuse([
            (
                load.fixed_schedule && self.config.prompts.input_file.is_none(),
                ("fixed_schedule", "needs the times of a file"),
                "give `--input-file`, with a `timestamp` in each record",
            ),
            (
                load.fixed_schedule && has_rate,
                ("fixed_schedule", "is no rate"),
                "leave out the request rate",
            ),
            (
                is_off && load.fixed_schedule_auto_offset,
                ("fixed_schedule_auto_offset", needs.0),
                needs.1,
            ),
            (
                is_off && load.fixed_schedule_start_offset.is_some(),
                ("fixed_schedule_start_offset", needs.0),
                needs.1,
            ),
            (
                is_off && load.fixed_schedule_end_offset.is_some(),
                ("fixed_schedule_end_offset", needs.0),
                needs.1,
            ),
            (
                is_off && load.replay_speedup.to_bits() != 1.0_f64.to_bits(),
                ("replay_speedup", needs.0),
                needs.1,
            ),
        ]);
    }
}
