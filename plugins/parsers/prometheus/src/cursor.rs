//! Reads one line from left to right.

use std::ops::Range;

use crate::fault::Fault;
use crate::format::Format;

/// Bits of [`CLASS`].
const NAME_START: u8 = 1;
const NAME: u8 = 2;
const LABEL_START: u8 = 4;
const LABEL: u8 = 8;

/// What each byte may be part of, without quotes.
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let at = byte as usize;
        if byte.is_ascii_alphabetic() || byte == b'_' {
            table[at] = NAME_START | NAME | LABEL_START | LABEL;
        } else if byte.is_ascii_digit() {
            table[at] = NAME | LABEL;
        } else if byte == b':' {
            table[at] = NAME_START | NAME;
        }
        byte += 1;
    }
    table
}

/// True if `byte` can stand inside an unquoted metric name.
#[inline]
pub(crate) fn is_name_byte(byte: u8) -> bool {
    CLASS[byte as usize] & NAME != 0
}

/// A position in a line. Positions are offsets into the page, so that they are spans as well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    /// The page up to the end of the line.
    pub(crate) line: &'a [u8],
    /// Offset of the next byte.
    pub(crate) at: usize,
    /// Decides what a blank is.
    pub(crate) format: Format,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(line: &'a [u8], at: usize, format: Format) -> Self {
        Self { line, at, format }
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    pub(crate) fn is_end(&self) -> bool {
        self.at >= self.line.len()
    }

    /// What is left of the line.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.line.get(self.at..).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.fault(what))
        }
    }

    pub(crate) fn fault(&self, what: &'static str) -> Fault {
        Fault::new(what, self.at)
    }

    /// Skips spaces and tabs, in either format.
    #[inline]
    pub(crate) fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Skips what separates two tokens: exactly one space in OpenMetrics, any blanks (also none)
    /// in Prometheus text.
    #[inline]
    pub(crate) fn skip_separator(&mut self, what: &'static str) -> Result<(), Fault> {
        match self.format {
            Format::PrometheusText => self.skip_blanks(),
            Format::OpenMetrics => self.expect(b' ', what)?,
        }
        Ok(())
    }

    /// Reads an unquoted metric name; `None` if there is none.
    #[inline]
    pub(crate) fn metric_name(&mut self) -> Option<Range<usize>> {
        self.word(NAME_START, NAME)
    }

    /// Reads an unquoted label name; `None` if there is none.
    #[inline]
    pub(crate) fn label_name(&mut self) -> Option<Range<usize>> {
        self.word(LABEL_START, LABEL)
    }

    #[inline]
    fn word(&mut self, first: u8, other: u8) -> Option<Range<usize>> {
        let start = self.at;
        let rest = self.rest();
        if CLASS[*rest.first()? as usize] & first == 0 {
            return None;
        }
        let len = rest
            .iter()
            .position(|byte| CLASS[*byte as usize] & other == 0);
        self.at = start + len.unwrap_or(rest.len());
        Some(start..self.at)
    }
}
