//! Reads a page, line by line.

use std::ops::Range;

use aiperf_plugin_sdk::Batch;
use aiperf_plugin_sdk::batch::ValueGrammar;

use crate::cursor::Cursor;
use crate::families::Families;
use crate::fault::Fault;
use crate::format::{BYTE_ORDER_MARK, Format};
use crate::line::{self, LastName};
use crate::metadata::{self, Keyword};
use crate::sink::{Buffers, Sink};

/// Larger pages are not read: spans have 31 bits for the page and 31 for what is unescaped from it.
pub const MAX_PAGE_BYTES: usize = 1 << 30;

/// Memory that is kept between pages.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    families: Families,
    buffers: Buffers,
}

/// Reads `page` into `batch`, which is empty.
///
/// Families and samples stand in the order of the page. Every line that could not be read is
/// reported as a diagnostic; diagnostics of line 0 are about the page as a whole (a missing
/// `# EOF`, line ends of CR LF in OpenMetrics). Never panics; a page of more than
/// [`MAX_PAGE_BYTES`] is one diagnostic. Values follow the batch's value grammar: decimal floats as
/// Rust's `f64::from_str` reads them, and `NaN` or `Inf` with or without sign in any case.
pub fn parse_page(page: &[u8], format: Format, batch: &mut Batch) {
    parse_with(&mut Scratch::default(), page, format, batch);
}

/// [`parse_page`] with memory that is used again.
pub(crate) fn parse_with(scratch: &mut Scratch, page: &[u8], format: Format, batch: &mut Batch) {
    if page.len() > MAX_PAGE_BYTES {
        batch.diagnostic(0, "the page is larger than 1 GiB");
        return;
    }
    scratch.families.clear();
    let utf8 = std::str::from_utf8(page).is_ok();
    let mut reader = Reader::new(scratch, page, format, utf8, batch);
    reader.read(&mut ());
    if !reader.families.is_late() {
        return;
    }
    // Types that come behind their samples (Caddy's page) are rare: read again, types first.
    batch.clear();
    scratch.families.clear();
    let mut reader = Reader::new(scratch, page, format, utf8, batch);
    reader.declare_all();
    reader.read(&mut ());
}

/// Reads `page`, types first, and tells `watch` of each line.
pub(crate) fn watch_page(page: &[u8], format: Format, batch: &mut Batch, watch: &mut impl Watch) {
    let mut scratch = Scratch::default();
    let utf8 = std::str::from_utf8(page).is_ok();
    let mut reader = Reader::new(&mut scratch, page, format, utf8, batch);
    reader.declare_all();
    reader.read(watch);
}

/// A line of a page.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) number: u32,
    /// Without its end.
    pub(crate) range: Range<usize>,
}

/// Is told of each line while a page is read.
pub(crate) trait Watch {
    /// A line has been read; what it added stands at the end of `batch`.
    #[inline]
    fn line(&mut self, _line: Place, _batch: &Batch) {}
    /// A line could not be read.
    fn fault(&mut self, _line: Place, _fault: Fault) {}
    /// What is wrong with the page as a whole.
    fn page(&mut self, _what: &'static str) {}
}

/// Nobody watches.
impl Watch for () {}

const BEHIND_EOF: &str = "expected nothing after `# EOF`";
const NO_EOF: &str = "`# EOF` is missing at the end: the page may be cut off";

/// What has been seen of the end of an OpenMetrics page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    NotSeen,
    /// `# EOF`.
    Seen,
    /// A line behind it, which has been reported.
    Passed,
}

struct Reader<'a> {
    page: &'a [u8],
    format: Format,
    /// True if the whole page is UTF-8, so that no line has to be checked.
    utf8: bool,
    families: &'a mut Families,
    sink: Sink<'a>,
    last: LastName,
    end: End,
    /// Reported line ends of CR LF.
    crlf: bool,
}

impl<'a> Reader<'a> {
    fn new(
        scratch: &'a mut Scratch,
        page: &'a [u8],
        format: Format,
        utf8: bool,
        batch: &'a mut Batch,
    ) -> Self {
        batch.set_value_grammar(match format {
            Format::PrometheusText => ValueGrammar::PrometheusText,
            Format::OpenMetrics => ValueGrammar::OpenMetrics,
        });
        Self {
            page,
            format,
            utf8,
            families: &mut scratch.families,
            sink: Sink {
                page,
                batch,
                buffers: &mut scratch.buffers,
            },
            last: LastName::default(),
            end: End::NotSeen,
            crlf: false,
        }
    }

    fn read(&mut self, watch: &mut impl Watch) {
        let mut number = 0;
        let mut start = self.beginning();
        while let Some(end) = self.line_end(start) {
            number += 1;
            let line = self.without_cr(start, end);
            if self.end == End::Seen {
                self.end = End::Passed;
                // Read all the same: it may be a page that was appended.
                self.sink.batch.diagnostic(number, BEHIND_EOF);
                watch.page(BEHIND_EOF);
            }
            let place = || Place {
                number,
                range: start..line.len(),
            };
            match self.line(line, start) {
                Ok(()) => watch.line(place(), self.sink.batch),
                Err(fault) => {
                    self.report(number, fault, line, start);
                    watch.fault(place(), fault);
                }
            }
            start = end + 1;
        }
        if self.format == Format::OpenMetrics && self.end == End::NotSeen {
            self.sink.batch.diagnostic(0, NO_EOF);
            watch.page(NO_EOF);
        }
    }

    /// Offset of the first line: a byte order mark, which some editors and proxies put before a
    /// page, is no part of it.
    fn beginning(&self) -> usize {
        if self.page.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            0
        }
    }

    /// Declares the types that the page has anywhere. What is wrong with them is reported later.
    fn declare_all(&mut self) {
        let mut start = self.beginning();
        while let Some(end) = self.line_end(start) {
            let line = self.without_cr(start, end);
            let mut cursor = Cursor::new(line, start, self.format);
            if self.format == Format::PrometheusText {
                cursor.skip_blanks();
            }
            if cursor.peek() == Some(b'#') && self.check_utf8(line, start).is_ok() {
                self.declare(&mut cursor);
            }
            start = end + 1;
        }
    }

    fn declare(&mut self, cursor: &mut Cursor<'_>) {
        if metadata::keyword(cursor) == Ok(Keyword::Type) {
            // A bad type is declared as unknown all the same.
            metadata::kind(cursor, self.families, &mut self.sink).ok();
        }
    }

    /// End of the line that begins at `start`; `None` behind the last line.
    #[inline]
    fn line_end(&self, start: usize) -> Option<usize> {
        let rest = self.page.get(start..).filter(|rest| !rest.is_empty())?;
        Some(memchr::memchr(b'\n', rest).map_or(self.page.len(), |len| start + len))
    }

    /// The page up to the end of the line, without the CR of a CR LF.
    #[inline]
    fn without_cr(&mut self, start: usize, end: usize) -> &'a [u8] {
        let line = &self.page[..end];
        if end == start || line[end - 1] != b'\r' {
            return line;
        }
        if self.format == Format::OpenMetrics && !std::mem::replace(&mut self.crlf, true) {
            self.sink
                .batch
                .diagnostic(0, "lines end in CR LF, expected LF");
        }
        &line[..end - 1]
    }

    #[inline]
    fn line(&mut self, line: &[u8], start: usize) -> Result<(), Fault> {
        let mut cursor = Cursor::new(line, start, self.format);
        if self.format == Format::PrometheusText {
            cursor.skip_blanks();
        }
        match cursor.peek() {
            Some(b'#') => self.metadata(&mut cursor, start),
            Some(_) => {
                self.check_utf8(line, start)?;
                line::sample(&mut cursor, &mut self.last, self.families, &mut self.sink)
            }
            None if self.format == Format::PrometheusText || self.end != End::NotSeen => Ok(()),
            None => Err(cursor.fault("expected a sample or `#` (OpenMetrics has no blank lines)")),
        }
    }

    fn metadata(&mut self, cursor: &mut Cursor<'_>, start: usize) -> Result<(), Fault> {
        let keyword = metadata::keyword(cursor)?;
        if keyword != Keyword::Comment {
            self.check_utf8(cursor.line, start)?;
        }
        match keyword {
            Keyword::Help => metadata::help(cursor, self.families, &mut self.sink),
            Keyword::Type => metadata::kind(cursor, self.families, &mut self.sink),
            Keyword::Unit => {
                let unit = metadata::unit(cursor, self.families, &mut self.sink);
                if self.format == Format::OpenMetrics {
                    unit
                } else {
                    Ok(())
                }
            }
            Keyword::Eof => {
                self.end = End::Seen;
                Ok(())
            }
            Keyword::Comment => Ok(()),
        }
    }

    #[inline]
    fn check_utf8(&self, line: &[u8], start: usize) -> Result<(), Fault> {
        if self.utf8 {
            return Ok(());
        }
        std::str::from_utf8(&line[start..])
            .map(drop)
            .map_err(|error| Fault::new("not UTF-8", start + error.valid_up_to()))
    }

    #[cold]
    fn report(&mut self, number: u32, fault: Fault, line: &[u8], start: usize) {
        self.sink.batch.discard_labels();
        self.sink
            .batch
            .diagnostic(number, &fault.reason(line, start));
    }
}
