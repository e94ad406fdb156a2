//! The same parser twice: built in, and as a library.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use aiperf_plugin_sdk::batch::BatchView;
use aiperf_plugin_sdk::hosting::{
    Factory, ParserHandle, SinkServices, builtin_factories, open_library,
};
use aiperf_plugin_sdk::testing::FakeHost;
use aiperf_plugin_sdk::time::PayloadClock;
use aiperf_plugin_sdk::{Context, Payload, PluginError, Result as PluginResult};

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

/// Prints ns per sample of both, measured in turns.
pub(crate) fn compare(library: &Path, body: &[u8]) -> Result<(), Box<dyn Error>> {
    let library = open_library(library)?.factories;
    let mut parsers = [opened(&builtin_factories())?, opened(&library)?];
    let mut times = [Vec::new(), Vec::new()];
    let mut samples = 0;
    for _ in 0..ROUNDS {
        for (parser, times) in parsers.iter_mut().zip(&mut times) {
            let (count, time) = round(parser, body)?;
            samples = count;
            times.push(time);
        }
    }
    let per_sample = |time: Duration| time.as_nanos() as f64 / samples as f64;
    let [built_in, loaded] = times.map(|mut times| {
        times.sort_unstable();
        (per_sample(times[0]), per_sample(times[ROUNDS / 2]))
    });
    println!(
        "parse {samples} samples, {} bytes, {ROUNDS} rounds in turns",
        body.len()
    );
    println!(
        "  built in   best {:.1} ns/sample, median {:.1}",
        built_in.0, built_in.1
    );
    println!(
        "  library    best {:.1} ns/sample, median {:.1}",
        loaded.0, loaded.1
    );
    let more = |a: f64, b: f64| 100.0 * (b / a - 1.0);
    let (best, median) = (more(built_in.0, loaded.0), more(built_in.1, loaded.1));
    println!("  difference best {best:+.1} %, median {median:+.1} %");
    Ok(())
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
    let payload = Payload {
        source_id: "bench",
        content_type: "text/plain",
        body,
        clock: PayloadClock::default(),
    };
    let mut count = Count::default();
    let started = Instant::now();
    parser.parse(&payload, &mut count)?;
    Ok((count.0, started.elapsed()))
}
