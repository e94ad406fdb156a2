//! The command line: what can be written, and how it becomes a plan.
//!
//! The structs only hold what was written. [`Flags`] turns them into settings, and
//! [`resolve`](resolve::resolve) lays these over files and environment.

mod arrival;
mod collect;
mod config;
mod demo;
pub(crate) mod env;
mod flags;
mod groups;
mod lint;
mod plugins;
mod profile;
mod prompts;
mod report;
mod resolve;
mod shell;
mod sim;
mod sweep;
mod switching;
mod value;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use collect::CollectArgs;
pub(crate) use config::{
    ConfigAction, ConfigArgs, ConfigCheckArgs, ConfigInitArgs, ConfigSchemaArgs, ConfigShowArgs,
    ShownRun, WithFiles,
};
pub(crate) use demo::{DemoArgs, WeatherArgs};
pub(crate) use env::EnvSnapshot;
pub(crate) use flags::RunArgs;
pub(crate) use lint::{LintArgs, PageFormat};
pub(crate) use plugins::{
    CheckArgs, Installed, ListArgs, NewArgs, PluginsAction, PluginsArgs, ShowArgs,
};
pub(crate) use profile::ProfileArgs;
pub(crate) use report::{RECORDER, ReportArgs};
pub(crate) use resolve::{Surroundings, examine, load_libraries, resolve};
pub(crate) use shell::{CompletionsArgs, ManArgs};
pub(crate) use sim::SimArgs;
pub(crate) use switching::instead_of;

/// Every option at its default, commented out.
pub(crate) const EXAMPLE_CONFIG: &str = include_str!("../../../../aiperf.toml.example");

/// The hidden subcommand with which the program tries plugin libraries in a process of their own.
pub(crate) const PROBE: &str = "__plugin-probe";
/// The subcommand that a plugin's own process runs.
pub(crate) const PLUGIN_HOST: &str = "__plugin-host";

const AFTER_HELP: &str = "\
Examples:
  aiperf demo
      See it work: a simulated server, some load, and the tables.
  aiperf profile --url http://localhost:8000 --concurrency 16 --request-count 200
      Benchmark a server and collect its metrics.

`aiperf COMMAND --help` shows the flags of a command, docs/config.md what files can hold.";

/// Benchmark LLM inference servers and see what the servers saw.
#[derive(Debug, Parser)]
#[command(name = "aiperf", version, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: Action,
    /// When to use colors: always, never, or auto, which is on a terminal without `NO_COLOR`.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    #[arg(hide_possible_values = true, help_heading = "Display")]
    pub(crate) color: ColorChoice,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Send load to a server, and collect its metrics meanwhile
    Profile(Box<ProfileArgs>),
    /// Collect metrics only, beside any other load
    Collect(Box<CollectArgs>),
    /// Profile a simulated server, to see what a run gives
    Demo(Box<DemoArgs>),
    /// Report a recorded run again
    Report(Box<ReportArgs>),
    /// Hold metrics pages to their format and to the usual names
    Lint(LintArgs),
    /// Check, show and start files of settings
    Config(ConfigArgs),
    /// Show the installed plugins, and start new ones
    Plugins(PluginsArgs),
    /// Run the simulated server until Ctrl-C
    Sim(SimArgs),
    /// Print a script that completes the command line in a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each command
    Man(ManArgs),
    /// The child process that tries a plugin library
    #[command(name = PROBE, hide = true)]
    PluginProbe {
        /// The library.
        path: PathBuf,
    },
    /// The process of a plugin that has one of its own
    #[command(name = PLUGIN_HOST, hide = true)]
    PluginHost {
        /// The library.
        path: PathBuf,
        /// Its SHA-256.
        sha256: String,
        /// The process that it works for.
        run: u32,
    },
}

/// When to use colors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Also into files and pipes.
    Always,
    /// Nowhere.
    Never,
}

impl ColorChoice {
    /// Whether a stream gets colors.
    pub(crate) fn applies(self, environment: &EnvSnapshot, is_terminal: bool) -> bool {
        match self {
            Self::Auto => is_terminal && !environment.forbids_color(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}
