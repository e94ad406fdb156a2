//! One file per command: what was written in, an exit code out.

mod config;
mod libraries;
mod lint;
mod plugins;
mod recorded;
mod report;
mod run;
mod sample;
mod shell;
mod simulator;
mod sweep;

use aiperf_core::plugins::loader::Loader;
use console::Term;

pub(crate) use config::{check_config, config_schema, init_config, show_config};
pub(crate) use libraries::{host_plugin, probe_plugin};
pub(crate) use lint::lint;
pub(crate) use plugins::{check_plugin, list_plugins, new_plugin, print_header, show_plugin};
pub(crate) use report::report;
pub(crate) use run::run;
pub(crate) use shell::{completions, man};
pub(crate) use simulator::{demo, sim};

use crate::args::{ColorChoice, EnvSnapshot, Surroundings};

/// What surrounds the process.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) environment: EnvSnapshot,
    /// Loads plugin libraries.
    pub(crate) loader: Loader,
    /// Standard output shows colours.
    pub(crate) color: bool,
    /// Standard error shows colours.
    pub(crate) error_color: bool,
}

impl World {
    pub(crate) fn new(choice: ColorChoice) -> Self {
        let environment = EnvSnapshot::of_process();
        let color = choice.applies(&environment, Term::stdout().is_term());
        let error_color = choice.applies(&environment, Term::stderr().is_term());
        console::set_colors_enabled(color);
        console::set_colors_enabled_stderr(error_color);
        Self {
            loader: libraries::loader(&environment),
            environment,
            color,
            error_color,
        }
    }

    /// What settings depend on, with the files of this machine and no seed.
    fn surroundings<'a>(&'a self, environment: &'a EnvSnapshot) -> Surroundings<'a> {
        Surroundings {
            environment,
            loader: &self.loader,
            read_file: &aiperf_core::read::text,
            fresh_seed: 0,
            recorded: None,
            forced: &[],
            is_part: false,
        }
    }
}
