//! A fixed schedule: the times of a file of prompts become those of the requests.

use std::sync::Arc;
use std::time::Duration;

use super::Resolver;
use crate::config::schema::ArrivalPattern;
use crate::load::{Dataset, PromptPlan, Replay, Sampling};

impl Resolver<'_> {
    /// When the requests of a fixed schedule are due, after the start of the phase. Prompts are put in
    /// that order. `None` without a schedule, and if it is none, which is recorded.
    pub(super) fn schedule(&mut self, prompts: &mut PromptPlan) -> Option<Arc<[Duration]>> {
        let file = prompts.file.as_ref();
        let is_scheduled = match file {
            Some((dataset, sampling)) => self.is_scheduled(dataset, *sampling),
            None => self.config.load.fixed_schedule == Some(true),
        };
        self.check_schedule(is_scheduled);
        let load = &self.config.load;
        if !is_scheduled {
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
        let scheduled = if load.open_loop_strict {
            dataset.apart().scheduled(replay)
        } else {
            dataset.scheduled(replay)
        };
        match scheduled {
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

    /// Whether requests are sent at the times of the file: as told, else if all have one and no other pace
    /// is given.
    pub(super) fn is_scheduled(&self, dataset: &Dataset, sampling: Sampling) -> bool {
        let load = &self.config.load;
        let has_pace = load.concurrency.is_some()
            || load.request_rate.is_some()
            || load.request_rate_series.is_some()
            || load.user_centric_rate.is_some()
            || load.num_users.is_some()
            || load.arrival_pattern == ArrivalPattern::ConcurrencyBurst;
        let is_possible = sampling == Sampling::Sequential && dataset.has_times();
        load.fixed_schedule.unwrap_or(is_possible && !has_pace)
    }

    fn check_schedule(&mut self, is_scheduled: bool) {
        let load = &self.config.load;
        let needs = ("needs a fixed schedule", "give `fixed_schedule` too");
        let is_off = !is_scheduled;
        let has_rate = load.request_rate.is_some() || load.request_rate_series.is_some();
        self.refuse([
            (
                is_scheduled && self.config.prompts.input_file.is_none(),
                ("fixed_schedule", "needs the times of a file"),
                "give `--input-file`, with a `timestamp` in each record",
            ),
            (
                is_scheduled && has_rate,
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
                is_off && load.open_loop_strict,
                ("open_loop_strict", needs.0),
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
