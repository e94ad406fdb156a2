//! `aiperf completions` and `aiperf man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

const COMPLETIONS_HELP: &str = "\
Examples:
  aiperf completions bash > ~/.local/share/bash-completion/completions/aiperf
  aiperf completions zsh > ~/.zfunc/_aiperf
  aiperf completions fish > ~/.config/fish/completions/aiperf.fish";

/// Flags of `aiperf completions`.
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

const MAN_HELP: &str = "\
Examples:
  aiperf man | man -l -
      Read it.
  aiperf man --dir ~/.local/share/man/man1
      A page for each command, for `man aiperf-profile`.";

/// Flags of `aiperf man`.
#[derive(Debug, Args)]
#[command(after_help = MAN_HELP)]
pub(crate) struct ManArgs {
    /// Write a page for each command into this folder, which is made if it is not there; without it,
    /// that of `aiperf` to standard output.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
