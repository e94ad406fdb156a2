//! What it costs that a plugin is a library: to load it, and each call.
//!
//! `aiperf-bench-plugins [PAGE]`: parses the page (without one, made-up pages of 20 000 and 300 samples)
//! with the built-in Prometheus parser, with the same source as a library, and with that in a process
//! of its own, in turns; then loads fresh
//! copies of that library, with and without the child process that tries it first. Prints the best
//! of many rounds, which is what the code costs on an otherwise busy machine, and the median.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

mod loading;
mod parsing;

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aiperf_core::plugins::isolation::serve_plugin_host;
use aiperf_parser_prometheus as _;

/// The library, built beside this program.
fn library() -> Result<PathBuf, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let folder = program.parent().ok_or("no folder")?;
    let folders = [folder.to_owned(), folder.join("deps")];
    let files = folders.map(|folder| folder.join("libtest_prometheus.so"));
    let found = files.into_iter().find(|file| file.is_file());
    Ok(found.ok_or("libtest_prometheus.so is not beside this program")?)
}

/// Samples with three labels each, about 70 bytes a sample.
fn page(samples: u32) -> String {
    let mut page = String::from("# TYPE bench_seconds gauge\n");
    for row in 0..samples {
        let (pod, value) = (row % 40, f64::from(row) * 1.25);
        // Writing to a text cannot fail.
        let line = format_args!(
            "bench_seconds{{pod=\"pod-{pod}\",model=\"llama-3.1-8b\",row=\"{row}\"}} {value}\n"
        );
        page.write_fmt(line).ok();
    }
    page
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next();
    if first.as_deref() == Some(loading::PROBE.as_ref()) {
        let path = arguments.next().ok_or("no library")?;
        print!(
            "{}",
            aiperf_core::plugins::loader::serve_probe(Path::new(&path))
        );
        return Ok(());
    }
    if first.as_deref() == Some(parsing::HOST.as_ref()) {
        let rest: Vec<_> = arguments
            .filter_map(|text| text.into_string().ok())
            .collect();
        let [library, sha256, run] = &rest[..] else {
            return Err("not for people".into());
        };
        return Ok(serve_plugin_host(Path::new(library), sha256, run.parse()?)?);
    }
    let bodies = match first {
        Some(file) => vec![std::fs::read(file)?],
        None => vec![page(20_000).into_bytes(), page(300).into_bytes()],
    };
    let library = library()?;
    for body in bodies {
        parsing::compare(&library, &body)?;
    }
    loading::measure(&library)
}
