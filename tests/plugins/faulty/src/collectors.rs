//! Collectors of each mode that do not behave.

use aiperf_plugin_sdk::prelude::*;

use crate::fault::{Bomb, Fault, Options};
use crate::garbage;

/// More errors than anybody reads, and more sources than anybody has.
const STORM: u32 = 20_000;

macro_rules! plugin {
    ($name:ident, $id:literal, $summary:literal) => {
        #[doc = $summary]
        #[derive(Debug)]
        pub struct $name(Bomb, Batch);

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
                Ok(Self(
                    Bomb(Fault::open(&options)),
                    garbage::prepared(options.fault),
                ))
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

impl PollCollector for Polled {
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        self.0.0.strike()?;
        std::mem::swap(out.batch(), &mut self.1);
        deliver(self.0.0, out)
    }
}
export_plugin!(poll_collector Polled);

impl StreamCollector for Pushed {
    fn run(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        self.0.0.strike()?;
        std::mem::swap(out.batch(), &mut self.1);
        deliver(self.0.0, out)?;
        out.push("")?;
        Err(PluginError::new(ErrorKind::Network, "the line went dead").retriable())
    }
}
export_plugin!(stream_collector Pushed);

/// Gives what no plugin should.
fn deliver(fault: Fault, out: &mut CollectorSink<'_>) -> Result<()> {
    match fault {
        Fault::Storm => (0..STORM).for_each(|number| {
            let message = format!("source {number} is not well");
            out.error(PluginError::new(ErrorKind::Io, message));
        }),
        Fault::Sources => {
            (0..STORM).for_each(|number| {
                let error = PluginError::new(ErrorKind::Io, "it is not well");
                out.error(error.source(format!("source {number}")));
            });
            garbage::fill(Fault::None, out.batch());
            out.push("one more")?;
        }
        Fault::Bytes => {
            let page = vec![b'x'; 65 << 20];
            out.payload(&Payload::new(
                "text/x-nobody",
                &page,
                PayloadClock::default(),
            ))?;
        }
        Fault::Environment => std::env::vars().for_each(|(name, _)| {
            out.batch().gauge("seen", &[("name", &name)], 1.0);
        }),
        fault => garbage::fill(fault, out.batch()),
    }
    Ok(())
}
