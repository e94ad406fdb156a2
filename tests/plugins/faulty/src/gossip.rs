//! Plugins that tell everybody what they were told in confidence.

use std::io::Write as _;

use aiperf_plugin_sdk::prelude::*;

/// Options of both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confidence {
    /// What nobody else should know.
    #[schemars(extend("x-secret" = true))]
    pub confidence: String,
    /// Panics with it when it is called.
    #[serde(default)]
    pub panic: bool,
    /// Prints it, as libraries do that think they have a terminal.
    #[serde(default)]
    pub print: bool,
}

/// Says what it knows as a log line, an error, a source, a label and a value that is refused.
#[derive(Debug)]
pub struct Gossip {
    said: String,
    panic: bool,
    host: Host,
}

impl Plugin for Gossip {
    const ID: &'static str = "faulty_gossip";
    const SUMMARY: &'static str = "Says in its metrics what it was told in confidence.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Confidence;

    fn validate(options: &Confidence) -> Vec<PluginError> {
        let refused = options.confidence.contains("refuse");
        let message = format!("`{}` is no good", options.confidence);
        let error = refused.then(|| PluginError::config("confidence", message));
        error.into_iter().collect()
    }

    fn open(options: Confidence, host: &Host) -> Result<Self> {
        host.log(
            LogLevel::Warn,
            &format!("opening with {}", options.confidence),
        );
        if options.print {
            let said = format!("between you and me: {}\n", options.confidence);
            std::io::stderr().write_all(said.as_bytes())?;
        }
        if options.confidence.contains("closed") {
            let message = format!("nobody opens for {}", options.confidence);
            return Err(PluginError::new(ErrorKind::Other, message));
        }
        Ok(Self {
            said: options.confidence,
            panic: options.panic,
            host: host.clone(),
        })
    }
}

impl PollCollector for Gossip {
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        assert!(!self.panic, "it is {}", self.said);
        self.host
            .log(LogLevel::Warn, &format!("I know {}", self.said));
        let error = PluginError::new(ErrorKind::Io, format!("no news of {}", self.said));
        out.error(error.source(format!("source of {}", self.said)));
        out.batch().gauge("gossip", &[("said", &self.said)], 1.0);
        Ok(())
    }
}
export_plugin!(poll_collector Gossip);

/// Writes what it knows to a file, piece by piece, and fails with it.
#[derive(Debug)]
pub struct Diary(Gossip);

impl Plugin for Diary {
    const ID: &'static str = "faulty_gossip";
    const SUMMARY: &'static str = "Writes to a file what it was told in confidence.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Confidence;

    fn open(options: Confidence, host: &Host) -> Result<Self> {
        Ok(Self(Gossip::open(options, host)?))
    }
}

impl Exporter for Diary {
    fn begin(&mut self, _: &RunInfo) -> Result<()> {
        Ok(())
    }

    fn finish(&mut self, _: &Report) -> Result<()> {
        let said = &self.0.said;
        let mut file = self.0.host.artifact("diary.txt")?;
        let (first, second) = said.split_at(said.len() / 2);
        for piece in [&*format!("dear diary, {said}, "), first, second, "\n"] {
            file.write_all(piece.as_bytes())?;
        }
        file.commit()?;
        Err(PluginError::new(
            ErrorKind::Other,
            format!("enough of {said}"),
        ))
    }
}
export_plugin!(exporter Diary);
