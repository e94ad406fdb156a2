//! Text from outside, made fit for a terminal.

use aiperf_plugin_sdk::display::excerpt;
use console::measure_text_width;

/// Longer texts of others are cut: what they have to say is said by then, and the files have it all.
const LONGEST: usize = 1000;

/// Text of others that no terminal obeys, and that fills no screen.
pub(crate) fn neutral(text: &str) -> String {
    excerpt(text, LONGEST).into_owned()
}

/// Where a word that is too long may be broken.
const JOINTS: [char; 6] = ['_', '=', '/', ':', '.', '-'];

/// Breaks `text` into lines of at most `width` columns: between words, else at joints of a word,
/// else anywhere. Lines after the first are indented by `hang`.
pub(crate) fn wrap(text: &str, width: usize, hang: usize) -> Vec<String> {
    let mut lines = Lines {
        done: Vec::new(),
        line: String::new(),
        used: 0,
        width,
        hang,
    };
    lines.hang = hang.min(width / 2);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        lines.word(word);
    }
    lines.done.push(lines.line);
    lines.done
}

struct Lines {
    done: Vec<String>,
    line: String,
    used: usize,
    width: usize,
    hang: usize,
}

impl Lines {
    fn is_fresh(&self) -> bool {
        self.used == if self.done.is_empty() { 0 } else { self.hang }
    }

    fn fits(&self, columns: usize) -> bool {
        self.used + columns <= self.width
    }

    fn push(&mut self, text: &str) {
        self.line.push_str(text);
        self.used += measure_text_width(text);
    }

    fn break_line(&mut self) {
        let next = " ".repeat(self.hang);
        self.done.push(std::mem::replace(&mut self.line, next));
        self.used = self.hang;
    }

    fn word(&mut self, word: &str) {
        let gap = usize::from(!self.is_fresh());
        if self.fits(gap + measure_text_width(word)) {
            self.push(if gap > 0 { " " } else { "" });
            self.push(word);
            return;
        }
        if gap > 0 {
            self.break_line();
        }
        if self.fits(measure_text_width(word)) {
            return self.push(word);
        }
        for piece in word.split_inclusive(JOINTS) {
            self.piece(piece);
        }
    }

    fn piece(&mut self, piece: &str) {
        if !self.fits(measure_text_width(piece)) && !self.is_fresh() {
            self.break_line();
        }
        for c in piece.chars() {
            let mut buffer = [0; 4];
            let c = c.encode_utf8(&mut buffer);
            if !self.fits(measure_text_width(c)) && !self.is_fresh() {
                self.break_line();
            }
            self.push(c);
        }
    }
}

/// Columns that `text` takes on the screen; styling takes none.
pub(crate) fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// Puts `text` in the middle of `columns`, in several lines if it must be.
pub(crate) fn centered(text: &str, columns: usize) -> Vec<String> {
    let mut lines = wrap(text, columns, 0);
    for line in &mut lines {
        let left = columns.saturating_sub(width(line)) / 2;
        line.insert_str(0, &" ".repeat(left));
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{width, wrap};

    #[test]
    fn lines_break_between_words_and_hang() {
        let check = |text, width, lines: &[&str]| assert_eq!(wrap(text, width, 2), lines);
        check(
            "Time To First Token (ms)",
            40,
            &["Time To First Token (ms)"],
        );
        check(
            "Time To First Token (ms)",
            14,
            &["Time To First", "  Token (ms)"],
        );
        check("abcdefghij", 4, &["abcd", "  ef", "  gh", "  ij"]);
        check("a abcdefgh", 6, &["a", "  abcd", "  efgh"]);
        check(
            "finished_reason=abort",
            20,
            &["finished_reason=", "  abort"],
        );
        check("", 4, &[""]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_nothing_is_lost(text in "[a-z ]{0,60}", columns in 2_usize..40) {
            let lines = wrap(&text, columns, 2);
            prop_assert!(lines.iter().all(|line| width(line) <= columns), "{:?}", lines);
            let squeeze = |text: &str| text.replace(' ', "");
            prop_assert_eq!(squeeze(&lines.concat()), squeeze(&text));
        }
    }
}
