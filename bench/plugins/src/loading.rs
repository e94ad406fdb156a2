//! Time to load a library, with the child process and without.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use aiperf_core::plugins::loader::{LoadOptions, ProbeCommand, load};

/// Argument that makes this program the child process.
pub(crate) const PROBE: &str = "probe";

const ROUNDS: usize = 40;

/// This program as the child process.
pub(crate) fn probe() -> std::io::Result<ProbeCommand> {
    Ok(ProbeCommand {
        program: std::env::current_exe()?,
        arguments: vec![PROBE.into()],
        limit: Duration::from_secs(10),
    })
}

/// Prints times for fresh copies: one that is loaded already would cost nothing.
pub(crate) fn measure(library: &Path) -> Result<(), Box<dyn Error>> {
    let probe = probe()?;
    let size = std::fs::metadata(library)?.len();
    println!("load {size} bytes, {ROUNDS} fresh copies in turns");
    let folder = tempfile::tempdir()?;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for (tried, probe) in [None, Some(probe.clone())].into_iter().enumerate() {
            let copy = folder.path().join(format!("lib{round}-{tried}.so"));
            std::fs::copy(library, &copy)?;
            let options = LoadOptions {
                probe,
                ..LoadOptions::default()
            };
            let started = Instant::now();
            load(&copy, &options)?;
            times[tried].push(started.elapsed());
        }
    }
    for (what, mut times) in ["without a probe", "with a probe"].into_iter().zip(times) {
        times.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let (best, median) = (ms(times[0]), ms(times[ROUNDS / 2]));
        println!("  {what:<15} best {best:.2} ms, median {median:.2} ms");
    }
    Ok(())
}
