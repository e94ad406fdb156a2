//! A collector of targets that does not behave when it names them, or looks at their answers.

use aiperf_plugin_sdk::prelude::*;

use crate::fault::{Bomb, Fault, Options};

/// Does not behave, first of all in the pages that it names.
#[derive(Debug)]
pub struct Scraped {
    bomb: Bomb,
    url: Option<String>,
    /// How often it was asked for its targets.
    asked: u64,
}

impl Plugin for Scraped {
    const ID: &'static str = "faulty_targets";
    const SUMMARY: &'static str = "Names targets that nobody can scrape, unless it is given one.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Options;

    fn validate(options: &Options) -> Vec<PluginError> {
        Fault::check(options)
    }

    fn open(options: Options, _: &Host) -> Result<Self> {
        Ok(Self {
            bomb: Bomb(Fault::open(&options)),
            url: options.url,
            asked: 0,
        })
    }

    fn close(&mut self) -> Result<()> {
        self.bomb.0.panic_if(Fault::PanicClose);
        self.bomb.0.hang_if(Fault::HangAtEnd);
        Ok(())
    }
}

impl TargetsCollector for Scraped {
    fn targets(&mut self) -> Result<Targets> {
        let fault = self.bomb.0;
        self.asked += 1;
        if self.asked > 1 {
            fault.panic_if(Fault::PanicLater);
            fault.hang_if(Fault::HangLater);
            fault.abort_if(Fault::AbortLater);
        }
        fault.strike()?;
        let Some(url) = &self.url else {
            return Ok(Targets::new(
                1,
                [Target::new("nowhere", "gopher://no host")],
            ));
        };
        let target = |name: &str| Target::new(name, format!("{url}?{name}"));
        Ok(match (fault, self.asked) {
            (Fault::Moves, 2..) => Targets::new(2, [target("second"), target("third")]),
            (Fault::Moves, _) => Targets::new(1, [target("first"), target("second")]),
            _ => Targets::new(1, [target("first")]),
        })
    }

    fn on_response(&mut self, response: &Response<'_>) -> Verdict {
        let fault = self.bomb.0;
        fault.panic_if(Fault::PanicAnswer);
        fault.hang_if(Fault::HangAnswer);
        fault.abort_if(Fault::AbortAnswer);
        match fault {
            // In circles.
            Fault::Replace => Verdict::Replace(format!("{}x", self.url.as_deref().unwrap_or(""))),
            Fault::Pause => Verdict::Pause(std::time::Duration::MAX),
            Fault::Disable if response.status.is_some() => {
                Verdict::Disable("\u{1b}[2J\r\nerror: forged".to_owned())
            }
            _ => Verdict::Keep,
        }
    }
}
export_plugin!(targets_collector Scraped);
