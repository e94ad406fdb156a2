//! `[sweep]` becomes the plan of several runs.

use serde_json::Value as Json;

use super::Resolver;
use crate::config::check::is_secret_path;
use crate::config::schema::{SearchConfig, SweepConfig, SweepMode};
use crate::secrets::secret_parts;
use crate::sweep::{Axis, FAILED_FRACTION, GOOD_FRACTION, Objective, SearchPlan, SweepPlan};

/// Setting whose values need not be whole.
const REQUEST_RATE: &str = "load.request_rate";

/// Settings that each run has of its own.
const OWN: [&str; 2] = ["run.artifact_dir", "load.random_seed"];

/// What a search wants of `[goodput]` unless told otherwise.
const DEFAULT_GOOD_FRACTION: f64 = 0.9;

/// More combinations than this are a slip.
const MOST_CELLS: usize = 10_000;

impl Resolver<'_> {
    /// `None` for a single run, and if an error stands in the way; it is recorded.
    pub(super) fn sweep(&mut self) -> Option<SweepPlan> {
        let sweep = &self.config.sweep;
        let search = sweep.search.as_ref().map(|search| self.search(search));
        let objectives = self.objectives(sweep);
        if sweep.vary.is_empty()
            && search.is_none()
            && sweep.num_profile_runs == 1
            && objectives.is_empty()
        {
            return None;
        }
        self.check_axes(sweep);
        let axis = |(setting, values): (&String, &Vec<_>)| Axis {
            setting: setting.clone(),
            values: values.clone(),
        };
        let plan = SweepPlan {
            axes: sweep.vary.iter().map(axis).collect(),
            mode: sweep.mode,
            num_profile_runs: sweep.num_profile_runs,
            cooldown: sweep.cooldown.0,
            confidence_level: sweep.confidence_level,
            objectives,
            search,
        };
        let combinations = sweep.vary.values().map(Vec::len);
        let combinations = combinations.fold(1_usize, usize::saturating_mul);
        if sweep.mode == SweepMode::Grid && combinations > MOST_CELLS {
            let what = format!("makes {combinations} combinations, {MOST_CELLS} at most");
            self.wrong(&["sweep", "vary"], &what, None);
            return None;
        }
        Some(plan)
    }

    fn check_axes(&mut self, sweep: &SweepConfig) {
        let mut lengths = sweep.vary.values().map(Vec::len);
        let first = lengths.next().unwrap_or(0);
        let differ = lengths.any(|length| length != first);
        for (setting, values) in &sweep.vary {
            let path = ["sweep", "vary", setting.as_str()];
            if values.is_empty() {
                let help = "list its values, as in [1, 8, 64]".to_owned();
                self.wrong(&path, "has no values", Some(help));
            }
            if setting.starts_with("sweep") || setting.starts_with("plugins") {
                self.wrong(&path, "cannot vary", None);
            }
            // They would be in names of folders, and in the summary.
            let has_login =
                |value: &Json| value.as_str().is_some_and(|v| !secret_parts(v).is_empty());
            if is_secret_path(setting) || values.iter().any(has_login) {
                self.wrong(&path, "is a secret and cannot vary", None);
            }
            if values
                .iter()
                .any(|value| value.is_object() || value.is_array())
            {
                let help = "let single settings vary".to_owned();
                self.wrong(&path, "takes no tables or lists", Some(help));
            }
            if OWN.contains(&setting.as_str()) {
                self.wrong(&path, "is chosen for each run and cannot vary", None);
            }
        }
        if sweep.mode == SweepMode::Zip && differ {
            let help = "give all settings as many values, or take mode = \"grid\"".to_owned();
            let what = "lists of different lengths cannot be combined by `zip`";
            self.wrong(&["sweep", "vary"], what, Some(help));
        }
    }

    fn search(&mut self, search: &SearchConfig) -> SearchPlan {
        let sweep = &self.config.sweep;
        let path = ["sweep", "search"];
        if !sweep.vary.is_empty() {
            let help = "take out one of the two".to_owned();
            let what = "cannot be combined with settings that vary";
            self.wrong(&path, what, Some(help));
        }
        if sweep.slo.is_empty() && self.config.goodput.goodput().is_empty() {
            let help = "say what is to be kept: slo = [\"time_to_first_token:p99 <= 200\"], or `--slo`; or \
                        limits for single requests, `[goodput]` or `--goodput`";
            self.wrong(&path, "has no limits", Some(help.to_owned()));
        }
        if !search.setting.starts_with("load.") {
            let help = "search `load.concurrency` or `load.request_rate`".to_owned();
            let path = ["sweep", "search", "setting"];
            self.wrong(&path, "is no setting of the load", Some(help));
        }
        let whole = search.setting != REQUEST_RATE;
        let (low, high) = if whole {
            (search.min.ceil(), search.max.floor())
        } else {
            (search.min, search.max)
        };
        if low > high {
            let what = "leaves no value between `min` and `max`";
            self.wrong(&path, what, None);
        }
        SearchPlan {
            setting: search.setting.clone(),
            min: search.min,
            max: search.max,
            precision: search.precision,
            whole,
        }
    }

    /// With any limit in `slo` no request may fail, unless it says how many may. A failed request is no
    /// good one, and so the share of good requests says how many may on its own.
    fn objectives(&mut self, sweep: &SweepConfig) -> Vec<Objective> {
        let mut objectives = Vec::new();
        for text in &sweep.slo {
            match text.parse::<Objective>() {
                Ok(objective) => objectives.push(objective),
                Err(error) => {
                    let what = format!("has `{text}`, which {error}");
                    let help = "write it as in \"time_to_first_token:p99 <= 200\"".to_owned();
                    self.wrong(&["sweep", "slo"], &what, Some(help));
                }
            }
        }
        let says = |objective: &Objective| objective.metric == FAILED_FRACTION;
        if !objectives.is_empty() && !objectives.iter().any(says) {
            objectives.push(Objective::no_failures());
        }
        objectives.extend(self.good_fraction(sweep, &objectives));
        objectives
    }

    /// The share of good requests, where there is one to keep.
    fn good_fraction(&mut self, sweep: &SweepConfig, said: &[Objective]) -> Option<Objective> {
        let is_judged = !self.config.goodput.goodput().is_empty();
        if sweep.good_fraction.is_some() && !is_judged {
            let help = "say what a good request is in `[goodput]`, or by `--goodput`".to_owned();
            let path = ["sweep", "good_fraction"];
            self.wrong(&path, "needs limits for single requests", Some(help));
        }
        let says = |objective: &&Objective| objective.metric == GOOD_FRACTION;
        let is_said = said.iter().any(|objective| says(&objective));
        let default = Some(DEFAULT_GOOD_FRACTION).filter(|_| sweep.search.is_some() && !is_said);
        let limit = sweep.good_fraction.or(default).filter(|_| is_judged)?;
        Some(Objective::good_fraction(limit))
    }
}
