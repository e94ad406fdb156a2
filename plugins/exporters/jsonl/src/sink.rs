//! A file of lines that disappears if it has nothing to say.

use std::io::Write;

use aiperf_plugin_sdk::display::json_line;
use aiperf_plugin_sdk::{Artifact, Host, Result};
use serde::Serialize;

/// A streamed file of JSON lines.
#[derive(Debug)]
pub(crate) struct Sink {
    file: Artifact,
    line: Vec<u8>,
    worth_keeping: bool,
}

impl Sink {
    /// Opens `path`; `None` if it is empty.
    pub(crate) fn open(host: &Host, path: &str) -> Result<Option<Self>> {
        if path.is_empty() {
            return Ok(None);
        }
        let file = host.artifact(path)?;
        Ok(Some(Self {
            file,
            line: Vec::new(),
            worth_keeping: false,
        }))
    }

    /// Appends `record` as one line.
    pub(crate) fn line(&mut self, record: &impl Serialize) -> Result<()> {
        self.line.clear();
        json_line(&mut self.line, record)?;
        self.line.push(b'\n');
        Ok(self.file.write_all(&self.line)?)
    }

    /// Hands all lines to the operating system: a crash of this process cannot lose them any more.
    pub(crate) fn flush(&mut self) -> Result<()> {
        Ok(self.file.flush()?)
    }

    /// Says that the file has a line that somebody will want.
    pub(crate) fn keep(&mut self) {
        self.worth_keeping = true;
    }

    /// Ends the file, or removes it if it is not worth keeping.
    pub(crate) fn close(self) -> Result<()> {
        if self.worth_keeping {
            self.file.commit()
        } else {
            self.file.discard()
        }
    }
}
