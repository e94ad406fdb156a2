//! Columns of text that fit the terminal.

use aiperf_plugin_sdk::display::printable;
use console::measure_text_width;

/// Between columns.
const GAP: usize = 2;
/// A last column narrower than this is not wrapped: lines of few letters help nobody.
const MIN_LAST: usize = 20;

/// Lays `rows` out in columns. The last column takes what is left of `width` and is broken between
/// words; without a width it is as long as it is.
pub(crate) fn table<const N: usize>(rows: &[[String; N]], width: Option<usize>) -> Vec<String> {
    // Plugins describe themselves.
    let rows: Vec<[String; N]> = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| printable(cell).into_owned()))
        .collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = measure_text_width(cell).max(*width);
        }
    }
    let before: usize = widths.iter().take(N - 1).map(|width| width + GAP).sum();
    let room = width.map_or(usize::MAX, |width| {
        width.saturating_sub(before).max(MIN_LAST)
    });
    rows.iter()
        .flat_map(|row| lines(row, &widths, before, room))
        .collect()
}

fn lines<const N: usize>(
    row: &[String; N],
    widths: &[usize; N],
    before: usize,
    room: usize,
) -> Vec<String> {
    let mut first = String::new();
    for (cell, width) in row.iter().zip(widths).take(N - 1) {
        first += cell;
        first += &" ".repeat(width + GAP - measure_text_width(cell));
    }
    let mut last = wrap(&row[N - 1], room).into_iter();
    first += &last.next().unwrap_or_default();
    let indent = " ".repeat(before);
    let rest = last.map(|line| format!("{indent}{line}"));
    std::iter::once(first)
        .chain(rest)
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// Breaks `text` between words.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = printable(word);
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(&word);
        } else if measure_text_width(line) + 1 + measure_text_width(&word) <= width {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word.into_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<[String; 3]> {
        let row = |cells: [&str; 3]| cells.map(str::to_owned);
        vec![
            row(["KIND", "ID", "SUMMARY"]),
            row([
                "parser",
                "acme",
                "Reads what acme says, and what it does not say.",
            ]),
        ]
    }

    #[test]
    fn the_last_column_is_wrapped_below_itself() {
        assert_eq!(
            table(&rows(), Some(40)),
            [
                "KIND    ID    SUMMARY",
                "parser  acme  Reads what acme says, and",
                "              what it does not say.",
            ]
        );
    }

    #[test]
    fn what_plugins_say_of_themselves_is_not_obeyed() {
        let evil = "\u{1b}[2J\u{202e}x\ny".to_owned();
        let rows = [[evil.clone(), evil.clone()]];
        for width in [None, Some(30)] {
            let lines = table(&rows, width).join("");
            assert!(!lines.contains(|c: char| c.is_control() || c == '\u{202e}'));
        }
        assert_eq!(wrap(&evil, 80), ["\\u{1b}[2J\\u{202e}x y"]);
    }

    #[test]
    fn without_a_width_a_row_is_a_line() {
        assert_eq!(table(&rows(), None).len(), 2);
    }
}
