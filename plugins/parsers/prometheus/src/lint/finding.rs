//! What was found, and how it is put together.

use std::collections::HashMap;
use std::ops::Range;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The page breaks its format: some readers refuse it or read something else.
    Error,
    /// It can be read, and is not as it is usually done.
    Warning,
}

/// Something that is wrong with a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How grave it is.
    pub severity: Severity,
    /// Short name of what it breaks.
    pub rule: &'static str,
    /// A lower-case fragment. It may hold text of the page.
    pub message: String,
    /// Number of the first line that it is about, from 1.
    pub line: u32,
    /// Range in bytes of the first place that it is about, within the page.
    pub span: Range<usize>,
    /// Further places where the same is wrong.
    pub others: usize,
}

/// Findings while they are collected.
#[derive(Debug, Default)]
pub(super) struct Findings {
    all: Vec<Finding>,
    /// Rule and subject of those that may come again, with their index.
    groups: HashMap<(&'static str, Vec<u8>), usize>,
}

impl Findings {
    pub(super) fn error(&mut self, rule: &'static str, span: Range<usize>, message: String) {
        self.push(Severity::Error, rule, span, message);
    }

    /// What is told once for each `subject`.
    pub(super) fn grouped(
        &mut self,
        severity: Severity,
        rule: &'static str,
        subject: impl AsRef<[u8]>,
        span: Range<usize>,
        message: String,
    ) {
        let key = (rule, subject.as_ref().to_vec());
        if let Some(&index) = self.groups.get(&key) {
            self.all[index].others += 1;
            return;
        }
        self.groups.insert(key, self.all.len());
        self.push(severity, rule, span, message);
    }

    fn push(
        &mut self,
        severity: Severity,
        rule: &'static str,
        span: Range<usize>,
        message: String,
    ) {
        self.all.push(Finding {
            severity,
            rule,
            message,
            line: 0,
            span,
            others: 0,
        });
    }

    /// The findings in the order of the page, with the numbers of their lines.
    pub(super) fn finish(mut self, page: &[u8]) -> Vec<Finding> {
        self.all.sort_by_key(|finding| finding.span.start);
        let (mut at, mut line) = (0, 1);
        for finding in &mut self.all {
            let start = finding.span.start.min(page.len());
            line += memchr::memchr_iter(b'\n', &page[at..start]).count();
            at = start;
            let is_behind_the_end = at == page.len() && at > 0 && page[at - 1] == b'\n';
            let number = line - usize::from(is_behind_the_end);
            finding.line = u32::try_from(number).unwrap_or(u32::MAX);
        }
        self.all
    }
}
