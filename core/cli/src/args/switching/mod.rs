//! Flags of the Python tool of the same name: what stands here for those that there are not.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// A line each: names, and what to write instead of a flag that is not here.
const FLAGS: &str = include_str!("flags.txt");

/// A flag of the Python tool.
#[derive(Debug)]
pub(crate) struct Foreign {
    /// What it is about.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for the page that a test writes")
    )]
    pub(crate) group: &'static str,
    /// All its names, without `--`.
    pub(crate) names: Vec<&'static str>,
    /// What to do here; `None` for flags that are here too.
    pub(crate) instead: Option<&'static str>,
}

/// All of them, in the order of its help.
pub(crate) fn flags() -> impl Iterator<Item = Foreign> {
    let lines = FLAGS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut group = "";
    lines.filter_map(move |line| {
        if let Some(name) = line.strip_prefix('[') {
            group = name.trim_end_matches(']');
            return None;
        }
        let (names, instead) = match line.split_once(": ") {
            Some((names, instead)) => (names, Some(instead)),
            None => (line, None),
        };
        let names = names.split(' ').map(|name| name.trim_start_matches("--"));
        Some(Foreign {
            group,
            names: names.collect(),
            instead,
        })
    })
}

/// What to write instead of a flag that there is not, if the Python tool has it.
pub(crate) fn instead_of(error: &clap::Error) -> Option<String> {
    let (ErrorKind::UnknownArgument, Some(ContextValue::String(written))) =
        (error.kind(), error.get(ContextKind::InvalidArg))
    else {
        return None;
    };
    let name = written.strip_prefix("--")?;
    let instead = flags().find(|flag| flag.names.contains(&name))?.instead?;
    Some(format!(
        "the Python tool's `{written}` is not here: {instead}\n\ndocs/switching.md has all of its flags.\n"
    ))
}
