//! A CSV file in blocks that blank lines set apart.

use std::borrow::Cow;

use aiperf_plugin_sdk::{ErrorKind, PluginError, Result};
use csv::{Writer, WriterBuilder};

/// One line, cell by cell.
pub(crate) type Row<'a> = Vec<Cow<'a, str>>;

/// The file so far. Rows have as many cells as they need.
#[derive(Debug, Default)]
pub(crate) struct Sheet(Vec<u8>);

fn failed(error: impl std::fmt::Display) -> PluginError {
    PluginError::new(ErrorKind::Format, error.to_string())
}

impl Sheet {
    /// Appends rows, set apart from those before by a blank line.
    pub(crate) fn block<'a>(&mut self, rows: impl IntoIterator<Item = Row<'a>>) -> Result<()> {
        if !self.0.is_empty() {
            self.0.push(b'\n');
        }
        let mut writer: Writer<_> = WriterBuilder::new().flexible(true).from_writer(&mut self.0);
        for row in rows {
            writer
                .write_record(row.iter().map(|cell| cell.as_bytes()))
                .map_err(failed)?;
        }
        writer.flush().map_err(failed)
    }

    /// Appends a heading, names of columns and rows; nothing at all without rows.
    pub(crate) fn section<'a>(
        &mut self,
        title: &'static str,
        columns: impl IntoIterator<Item = &'static str>,
        rows: Vec<Row<'a>>,
    ) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let head: [Row<'a>; 2] = [heading(title), header(columns)];
        self.block(head.into_iter().chain(rows))
    }

    /// The file's bytes.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A row of one cell that is ours, such as a heading.
pub(crate) fn heading<'a>(text: impl Into<Cow<'a, str>>) -> Row<'a> {
    vec![text.into()]
}

/// Names of columns.
pub(crate) fn header(names: impl IntoIterator<Item = &'static str>) -> Row<'static> {
    names.into_iter().map(Cow::Borrowed).collect()
}
