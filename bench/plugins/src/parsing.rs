//! The same parser three times: built in, as a library, and as one with a process of its own.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use aiperf_core::plugins::isolation::isolated;
use aiperf_core::plugins::loader::{HostCommand, LoadOptions, inspect};
use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::hosting::{
    Factory, ParserHandle, SinkServices, builtin_factories, open_library,
};
use aiperf_plugin_sdk::testing::FakeHost;
use aiperf_plugin_sdk::time::PayloadClock;
use aiperf_plugin_sdk::{Context, Payload, PluginError, Result as PluginResult};

use crate::loading::probe;

const ROUNDS: usize = 300;

/// Counts samples: what the host does with them is the same for both.
#[derive(Default)]
struct Count(usize);

impl SinkServices for Count {
    fn payload(&mut self, _: &Payload<'_>) -> PluginResult<()> {
        Ok(())
    }
    fn batch(&mut self, _: &str, batch: &BatchView<'_>) -> PluginResult<()> {
        self.0 = batch.len();
        Ok(())
    }
    fn error(&mut self, _: PluginError) {}
}

/// Argument that makes this program a plugin's process.
pub(crate) const HOST: &str = "host";

/// Prints ns per sample of all three, measured in turns.
pub(crate) fn compare(library: &Path, body: &[u8]) -> Result<(), Box<dyn Error>> {
    let loaded = open_library(library)?.factories;
    let mut parsers = [
        ("built in", opened(&builtin_factories())?),
        ("library", opened(&loaded)?),
        ("process", opened(&[own_process(library)?])?),
    ];
    let mut times = [const { Vec::new() }; 3];
    let mut samples = 0;
    for _ in 0..ROUNDS {
        for ((_, parser), times) in parsers.iter_mut().zip(&mut times) {
            let (count, time) = round(parser, body)?;
            samples = count;
            times.push(time);
        }
    }
    println!(
        "parse {samples} samples, {} bytes, {ROUNDS} rounds in turns",
        body.len()
    );
    let ns = |time: Duration| time.as_nanos() as f64;
    let mut built_in = [0.0; 2];
    for ((name, _), mut times) in parsers.iter().zip(times) {
        times.sort_unstable();
        let found = [ns(times[0]), ns(times[ROUNDS / 2])];
        if *name == "built in" {
            built_in = found;
        }
        let [best, median] = found.map(|time| time / samples as f64);
        let [more, more_median] = [0, 1].map(|at| (found[at] - built_in[at]) / samples as f64);
        println!(
            "  {name:<9} best {best:.1} ns/sample ({more:+.1}), median {median:.1} ({more_median:+.1})"
        );
    }
    Ok(())
}

/// The library's plugin, in a process that is this program again.
fn own_process(library: &Path) -> Result<Factory, Box<dyn Error>> {
    let inspection = inspect(library, &LoadOptions::default(), &probe()?)?;
    let host = HostCommand {
        program: std::env::current_exe()?,
        arguments: vec![HOST.into()],
        environment: Vec::new(),
    };
    let mut plugins = isolated(inspection, host).plugins;
    Ok(plugins.pop().ok_or("no plugin")?.1)
}

fn opened(factories: &[Factory]) -> Result<ParserHandle, Box<dyn Error>> {
    let [factory] = factories else {
        return Err("more than one plugin".into());
    };
    let options = serde_json::json!({});
    let context = Context::new("bench");
    Ok(factory.open_parser(&options, &context, FakeHost::new().services())?)
}

fn round(parser: &mut ParserHandle, body: &[u8]) -> PluginResult<(usize, Duration)> {
    let payload = Payload::new("text/plain", body, PayloadClock::default());
    let mut count = Count::default();
    let started = Instant::now();
    parser.parse(&payload, &mut count)?;
    Ok((count.0, started.elapsed()))
}
