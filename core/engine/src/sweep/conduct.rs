//! One run after the other.

use aiperf_plugin_sdk::report::{Report, RunStatus};

use super::cells::Cell;
use super::files::SweepFiles;
use super::summary::{CellSummary, RunSummary, SearchSummary, Summary};
use super::{SearchPlan, SweepPlan};

/// A run that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct Place<'a> {
    /// Its combination of values.
    pub cell: &'a Cell,
    /// Its number among all runs, from 0. It makes the run's seed: no two runs send the same prompts, which
    /// the server would have in its cache.
    pub number: u64,
    /// Its number among those of the cell, from 1.
    pub run: u32,
    /// Its folder, seen from that of the sweep.
    pub folder: String,
}

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    /// Its report; `Err` says why there is none. Numbers of a run that was not completed are left out.
    pub report: Result<Report, String>,
    /// Its folder, if it is not the one that it should have had.
    pub folder: Option<String>,
    /// Whether others may follow.
    pub go_on: bool,
}

/// Carries out all runs, each by `run`, which returns `None` if the run was not begun and all is to end. Files are written after each one; `ended` is told of each, with what
/// is known so far and the cell that it was of.
///
/// Several runs of a cell are not made one after the other: each round takes all cells, so that what drifts
/// meanwhile touches all alike. A search tries a value as often as it shall before it goes on.
pub fn conduct(
    plan: &SweepPlan,
    version: &str,
    files: &mut SweepFiles,
    run: &mut dyn FnMut(&Place<'_>) -> Option<Ran>,
    ended: &mut dyn FnMut(&Summary, usize),
) -> Summary {
    let mut conductor = Conductor {
        plan,
        summary: Summary {
            schema_version: super::summary::SWEEP_SCHEMA_VERSION.to_owned(),
            aiperf_version: version.to_owned(),
            confidence_level: plan.confidence_level,
            num_profile_runs: plan.num_profile_runs,
            ..Summary::default()
        },
        reports: Vec::new(),
        folders: Vec::new(),
        files,
        run,
        ended,
        number: 0,
    };
    let completed = match &plan.search {
        Some(search) => conductor.search(search),
        None => conductor.sweep(),
    };
    let Conductor {
        mut summary, files, ..
    } = conductor;
    summary.complete = completed.is_some();
    files.write(&summary);
    summary
}

/// `None`: somebody wants it to end.
type GoOn = Option<()>;

struct Conductor<'a> {
    plan: &'a SweepPlan,
    summary: Summary,
    /// Of each cell, of each of its runs.
    reports: Vec<Vec<Option<Report>>>,
    /// Names of the cells' folders: values may differ in nothing that a name can show.
    folders: Vec<String>,
    files: &'a mut SweepFiles,
    run: &'a mut dyn FnMut(&Place<'_>) -> Option<Ran>,
    ended: &'a mut dyn FnMut(&Summary, usize),
    number: u64,
}

impl Conductor<'_> {
    fn sweep(&mut self) -> GoOn {
        for cell in self.plan.cells() {
            self.add(&cell);
        }
        for run in 1..=self.plan.num_profile_runs {
            for at in 0..self.reports.len() {
                self.run(at, run)?;
            }
        }
        Some(())
    }

    fn search(&mut self, plan: &SearchPlan) -> GoOn {
        let mut search = plan.begin();
        while let Some(value) = search.next() {
            let at = self.add(&plan.cell(value));
            for run in 1..=self.plan.num_profile_runs {
                self.run(at, run)?;
            }
            // Without the numbers there is no telling which way to go.
            if self.summary.cells[at]
                .slo
                .iter()
                .any(|slo| slo.value.is_none())
            {
                return None;
            }
            search.tell(self.summary.cells[at].keeps_slo());
            self.summary.search = Some(SearchSummary {
                setting: plan.setting.clone(),
                largest_kept: search.kept(),
                smallest_broken: search.broken(),
            });
        }
        Some(())
    }

    fn add(&mut self, cell: &Cell) -> usize {
        self.summary.cells.push(CellSummary::of(cell));
        self.reports.push(Vec::new());
        let name = cell.folder();
        let names = (1..).map(|number| match number {
            1 => name.clone(),
            number => format!("{name}-{number}"),
        });
        let is_free = |name: &String| {
            let taken = |other: &String| other.eq_ignore_ascii_case(name);
            !self.folders.iter().any(taken)
        };
        let free = names.into_iter().find(is_free);
        self.folders.extend(free);
        self.reports.len() - 1
    }

    fn run(&mut self, at: usize, run: u32) -> GoOn {
        let cell = self.summary.cells[at].cell().clone();
        let place = Place {
            folder: folder(&self.folders[at], run, self.plan.num_profile_runs),
            cell: &cell,
            number: self.number,
            run,
        };
        self.number += 1;
        let ran = (self.run)(&place)?;
        let (report, error) = match ran.report {
            Ok(report) => (Some(report), None),
            Err(error) => (None, Some(error)),
        };
        let summary = &mut self.summary.cells[at];
        let place = ran.folder.unwrap_or(place.folder);
        summary
            .runs
            .push(RunSummary::of(place, report.as_ref(), error));
        // Half a run is no run; and of a report only this is needed, which may be small beside the rest.
        let whole = report.filter(|report| report.metadata.status == RunStatus::Completed);
        self.reports[at].push(whole.map(|report| Report {
            llm_metrics: report.llm_metrics,
            requests: report.requests,
            ..Report::default()
        }));
        summary.summarize(&self.reports[at], self.plan);
        self.summary.find_fronts();
        self.files.write(&self.summary);
        (self.ended)(&self.summary, at);
        ran.go_on.then_some(())
    }
}

fn folder(cell: &str, run: u32, runs: u32) -> String {
    let digits = runs.to_string().len();
    match runs {
        1 if !cell.is_empty() => cell.to_owned(),
        _ if cell.is_empty() => format!("run_{run:0digits$}"),
        _ => format!("{cell}/run_{run:0digits$}"),
    }
}
