//! Tries every fault of the list against the real program and shows what came of it.
//!
//! ```text
//! cargo build -p aiperf -p aiperf-weather
//! target/debug/aiperf-weather
//! target/debug/aiperf-weather --only certificate
//! ```
//!
//! Exit code 1: a fault was not weathered.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aiperf_weather::{Case, Error, Outcome, all, run, table};
use clap::Parser;

/// Tries every fault of the list against the real program.
#[derive(Debug, Parser)]
struct Cli {
    /// The program under test [default: `aiperf` beside this one].
    #[arg(long, value_name = "FILE")]
    aiperf: Option<PathBuf>,
    /// Show the list as `docs/weather.md` has it, and try nothing.
    #[arg(long)]
    list: bool,
    /// Only faults whose name holds this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match try_all(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn try_all(cli: &Cli) -> Result<bool, Error> {
    if cli.list {
        println!("{}", table(all()));
        return Ok(true);
    }
    let aiperf = find(cli.aiperf.clone())?;
    let wanted = all().filter(|case| case.name.contains(&cli.only));
    let (mut tried, mut bad) = (0, 0);
    println!(
        "{:<38} {:>4} {:>6} {:>6}  said",
        "fault", "code", "s", "MiB"
    );
    for case in wanted {
        let Some(outcome) = run(case, &aiperf)? else {
            println!("{:<38}    - not on this machine", case.name);
            continue;
        };
        show(case, &outcome);
        tried += 1;
        bad += usize::from(!outcome.problems.is_empty());
    }
    println!("{tried} faults, {} weathered", tried - bad);
    Ok(bad == 0)
}

fn show(case: &Case, outcome: &Outcome) {
    let ended = &outcome.ended;
    let code = ended.code.map_or("-".to_owned(), |code| code.to_string());
    println!(
        "{:<38} {code:>4} {:>6.2} {:>6}  {}",
        case.name,
        ended.time.as_secs_f64(),
        ended.memory >> 20,
        case.expect.says,
    );
    for problem in &outcome.problems {
        println!("  BAD: {problem}");
    }
}

fn find(named: Option<PathBuf>) -> Result<PathBuf, Error> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Io { path, source }
    };
    let path = match named {
        Some(path) => path,
        None => std::env::current_exe()
            .map_err(io(Path::new("aiperf")))?
            .with_file_name("aiperf"),
    };
    path.canonicalize().map_err(io(&path))
}
