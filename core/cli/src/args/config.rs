//! `aiperf config`.

use std::path::PathBuf;

use aiperf_core::config::Command;
use clap::{ArgAction, Args, Subcommand};

use super::collect::CollectArgs;
use super::flags::{Flags, RunArgs};
use super::profile::ProfileArgs;

/// Flags of `aiperf config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: ConfigAction,
}

/// What `aiperf config` does.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Check settings, and tell everything that is wrong with them
    Check(ConfigCheckArgs),
    /// Show the settings that a run would have, as TOML
    Show(Box<ConfigShowArgs>),
    /// Print a JSON schema of settings, for editors
    Schema(ConfigSchemaArgs),
    /// Write a commented file of settings to begin with
    Init(ConfigInitArgs),
}

const CHECK_HELP: &str = "\
Examples:
  aiperf config check
      What a run in this folder would read: ./aiperf.toml, AIPERF_CONFIG, AIPERF_* variables.
  aiperf config check teams/*.toml
      Each file as a run with `-f FILE` would read it.
  aiperf config check -f base.toml -f team.toml
      Two files over each other.
  aiperf config check --no-environment --no-plugins teams/*.toml
      Where neither secrets nor plugin libraries are, such as in CI.

Nothing is connected to, and no file is read but those of settings and the libraries in `[plugins]`,
which know what their options may be. Exit code 7: there are errors.";

/// Flags of `aiperf config check`.
#[derive(Debug, Args)]
#[command(after_help = CHECK_HELP)]
pub(crate) struct ConfigCheckArgs {
    /// Files to check, each by itself.
    #[arg(value_name = "FILES")]
    pub(crate) files: Vec<PathBuf>,
    /// Lay this file under each of FILES; without FILES, check what is laid over each other
    /// (repeatable).
    #[arg(long, short = 'f', value_name = "FILE", action = ArgAction::Append)]
    pub(crate) config: Vec<PathBuf>,
    /// Read no environment: variables in `${NAME}` may be set or not.
    #[arg(long)]
    pub(crate) no_environment: bool,
    /// Load no plugin libraries: options of their plugins are not checked.
    #[arg(long)]
    pub(crate) no_plugins: bool,
}

const SHOW_HELP: &str = "\
Examples:
  aiperf config show --origin
      All settings of `aiperf profile` in this folder, each with where it comes from.
  aiperf config show --origin profile --concurrency 8 -f team.toml
      The same with these flags.

Secrets are shown as the `${NAME}` that they came from, or as `***`.";

/// Flags of `aiperf config show`.
#[derive(Debug, Args)]
#[command(after_help = SHOW_HELP, disable_help_subcommand = true)]
pub(crate) struct ConfigShowArgs {
    /// Show where each value comes from: default, file and line, variable or flag.
    #[arg(long, global = true)]
    pub(crate) origin: bool,
    /// Read settings from this TOML file; later files win (repeatable).
    #[arg(long, short = 'f', value_name = "FILE", action = ArgAction::Append)]
    pub(crate) config: Vec<PathBuf>,
    /// Command whose settings to show, with its flags [default: profile]
    #[command(subcommand)]
    pub(crate) run: Option<ShownRun>,
}

/// A run whose settings are shown.
#[derive(Debug, Subcommand)]
pub(crate) enum ShownRun {
    /// Settings of `aiperf profile`
    Profile(Box<ProfileArgs>),
    /// Settings of `aiperf collect`
    Collect(Box<CollectArgs>),
}

/// A run with further files of settings under its own.
#[derive(Debug)]
pub(crate) struct WithFiles<'a, A> {
    /// `None`: the command without flags.
    run: Option<&'a A>,
    files: Vec<PathBuf>,
}

impl<'a, A: RunArgs> WithFiles<'a, A> {
    pub(crate) fn new(files: &[PathBuf], run: Option<&'a A>) -> Self {
        let own = run.map(RunArgs::config_files).unwrap_or_default();
        Self {
            run,
            files: files.iter().chain(own).cloned().collect(),
        }
    }
}

impl<A: RunArgs> RunArgs for WithFiles<'_, A> {
    const COMMAND: Command = A::COMMAND;

    fn config_files(&self) -> &[PathBuf] {
        &self.files
    }

    fn flags(&self) -> Flags {
        self.run.map(RunArgs::flags).unwrap_or_default()
    }
}

const SCHEMA_HELP: &str = "\
Examples:
  aiperf config schema > aiperf.schema.json
      Editors that know TOML take it from a first line `#:schema ./aiperf.schema.json`.
  aiperf config schema -f acme.toml > aiperf.schema.json
      With the options of the plugins that the libraries in acme.toml hold.";

/// Flags of `aiperf config schema`.
#[derive(Debug, Args)]
#[command(after_help = SCHEMA_HELP)]
pub(crate) struct ConfigSchemaArgs {
    /// Also for plugins of the libraries, and for the tables, of this TOML file (repeatable).
    #[arg(long, short = 'f', value_name = "FILE", action = ArgAction::Append)]
    pub(crate) config: Vec<PathBuf>,
}

const INIT_HELP: &str = "\
Examples:
  aiperf config init
      ./aiperf.toml with every option at its default, commented out.
  aiperf config init dcgm csv --output team.toml
      The same, and the tables of two plugins with their options.";

/// Flags of `aiperf config init`.
#[derive(Debug, Args)]
#[command(after_help = INIT_HELP)]
pub(crate) struct ConfigInitArgs {
    /// Ids of plugins whose tables to write, as `aiperf plugins list` shows them.
    #[arg(value_name = "PLUGIN")]
    pub(crate) plugins: Vec<String>,
    /// The file, which must not exist yet; `-` is standard output.
    #[arg(long, short, value_name = "FILE", default_value = "aiperf.toml")]
    pub(crate) output: PathBuf,
    /// Also know plugins of the libraries that this TOML file names (repeatable).
    #[arg(long, short = 'f', value_name = "FILE", action = ArgAction::Append)]
    pub(crate) config: Vec<PathBuf>,
}
