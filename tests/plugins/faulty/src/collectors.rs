//! Collectors of each mode that do not behave.

use aiperf_plugin_sdk::batch::{FamilyRow, SampleRow, Span};
use aiperf_plugin_sdk::prelude::*;

use crate::fault::{Bomb, Fault, Options};

/// More errors than anybody reads.
const STORM: u32 = 20_000;
/// More series than any source has.
const SERIES: u32 = 200_000;

macro_rules! plugin {
    ($name:ident, $id:literal, $summary:literal) => {
        #[doc = $summary]
        #[derive(Debug)]
        pub struct $name(Bomb);

        impl Plugin for $name {
            const ID: &'static str = $id;
            const SUMMARY: &'static str = $summary;
            const VERSION: &'static str = env!("CARGO_PKG_VERSION");
            type Config = Options;

            fn validate(options: &Options) -> Vec<PluginError> {
                Fault::check(options)
            }

            fn open(options: Options, host: &Host) -> Result<Self> {
                if options.fault == Fault::Thread {
                    let host = host.clone();
                    std::thread::spawn(move || {
                        host.log(LogLevel::Info, "a thread says hello");
                        host.wait(std::time::Duration::MAX);
                        host.log(LogLevel::Info, "a thread says goodbye");
                    });
                }
                Ok(Self(Bomb(Fault::open(&options))))
            }

            fn close(&mut self) -> Result<()> {
                self.0.0.panic_if(Fault::PanicClose);
                self.0.0.hang_if(Fault::HangAtEnd);
                Ok(())
            }
        }
    };
}

plugin!(Polled, "faulty", "Does not behave when it is read.");
plugin!(
    Pushed,
    "faulty_stream",
    "Does not behave on its own thread."
);
plugin!(
    Scraped,
    "faulty_targets",
    "Names targets that nobody can scrape."
);

impl PollCollector for Polled {
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        self.0.0.strike()?;
        garbage(self.0.0, out);
        Ok(())
    }
}
export_plugin!(poll_collector Polled);

impl StreamCollector for Pushed {
    fn run(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        self.0.0.strike()?;
        garbage(self.0.0, out);
        out.push("")?;
        Err(PluginError::new(ErrorKind::Network, "the line went dead").retriable())
    }
}
export_plugin!(stream_collector Pushed);

impl TargetsCollector for Scraped {
    fn targets(&mut self) -> Result<Targets> {
        self.0.0.strike()?;
        Ok(Targets::new(
            1,
            [Target::new("nowhere", "gopher://no host")],
        ))
    }
}
export_plugin!(targets_collector Scraped);

/// Fills the batch with what no plugin should give.
fn garbage(fault: Fault, out: &mut CollectorSink<'_>) {
    match fault {
        Fault::Storm => (0..STORM).for_each(|number| {
            let message = format!("source {number} is not well");
            out.error(PluginError::new(ErrorKind::Io, message));
        }),
        Fault::Nan => (0..10_000).for_each(|row| {
            let row = row.to_string();
            out.batch().gauge("nothing", &[("row", &row)], f64::NAN);
        }),
        Fault::Series => series(out.batch()),
        Fault::Spans => stray(out.batch(), 0),
        Fault::Families => stray(out.batch(), 7),
        Fault::Environment => std::env::vars().for_each(|(name, _)| {
            out.batch().gauge("seen", &[("name", &name)], 1.0);
        }),
        _ => out.batch().gauge("faulty_value", &[], 1.0),
    }
}

fn series(batch: &mut Batch) {
    let (name, label) = (batch.push_extra(b"many"), batch.push_extra(b"row"));
    let family = batch.push_family(FamilyRow::new(name, MetricKind::Gauge));
    for row in 0..SERIES {
        let value = batch.push_extra(row.to_string().as_bytes());
        batch.push_label(label, value);
        batch.push_sample(SampleRow::new(family, name, 1.0));
    }
}

/// A sample with a name and a label outside the text, after one that is good.
fn stray(batch: &mut Batch, family_row: u32) {
    let good = batch.push_extra(b"faulty_value");
    let family = batch.push_family(FamilyRow::new(good, MetricKind::Gauge));
    batch.push_sample(SampleRow::new(family, good, 1.0));
    let outside = Span::text(1_000_000_000, 17);
    batch.push_label(outside, outside);
    batch.push_sample(SampleRow::new(family_row, outside, 1.0));
}
