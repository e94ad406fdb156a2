//! Reads the console's tables back, and holds each cell to the rule that `docs/metrics.md` gives.

/// A row of a table: its name on one line, and its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) indent: usize,
    pub(crate) cells: Vec<String>,
}

impl Row {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(String::is_empty)
    }

    /// True for a sentence about the row above.
    fn is_sentence(&self) -> bool {
        self.is_blank() && self.name.starts_with('↳')
    }

    /// The name without the unit in parentheses at its end, and that unit.
    pub(crate) fn title(&self) -> (&str, &str) {
        let name = self.name.trim_start_matches('~');
        match name
            .strip_suffix(')')
            .and_then(|name| name.rsplit_once(" ("))
        {
            Some((title, unit)) => (title, unit),
            None => (name, ""),
        }
    }
}

/// All tables of the seven statistics on a page, in order. Names that went on over several lines are
/// joined.
pub(crate) fn tables(page: &str) -> Vec<Vec<Row>> {
    let (mut tables, mut is_wanted) = (Vec::<Vec<Row>>::new(), false);
    for line in page.lines() {
        match line.chars().next() {
            Some('┃') => {
                is_wanted = line.contains(" std ┃");
                tables.extend(is_wanted.then(Vec::new));
            }
            Some('│') if is_wanted => add(tables.last_mut().expect("a table has begun"), line),
            _ => {}
        }
    }
    for table in &mut tables {
        table.retain(|row| !row.is_sentence());
    }
    tables
}

/// Rows of the first table below the line that has `title`, whatever its columns are.
pub(crate) fn cells_below(page: &str, title: &str) -> Vec<Row> {
    let below = page.lines().skip_while(|line| !line.contains(title));
    let table = below.skip_while(|line| !line.starts_with('┃'));
    let mut rows = Vec::new();
    for line in table.take_while(|line| !line.starts_with('└')) {
        if line.starts_with('│') {
            add(&mut rows, line);
        }
    }
    rows.retain(|row| !row.is_sentence());
    rows
}

fn add(table: &mut Vec<Row>, line: &str) {
    let mut cells = line.trim_matches('│').split('│');
    let name = cells.next().expect("a first column");
    let row = Row {
        name: name.trim().to_owned(),
        indent: name.len() - name.trim_start().len() - 1,
        cells: cells.map(|cell| cell.trim().to_owned()).collect(),
    };
    match table.last_mut() {
        // Only names of families and sentences have no cells.
        Some(above) if row.is_blank() && row.indent > 0 && !row.is_sentence() => {
            above.name = format!("{} {}", above.name, row.name);
        }
        _ => table.push(row),
    }
}

/// What a value in `unit` is divided by to be shown in `shown`.
pub(crate) fn divisor(unit: &str, shown: &str) -> Option<f64> {
    let scaled = match (unit, shown) {
        _ if unit == shown => 1.0,
        ("bytes", "TB") => 1e12,
        ("bytes", "GB") => 1e9,
        ("bytes", "MB") => 1e6,
        ("bytes", "kB") => 1e3,
        ("sec", "ms") => 1e-3,
        ("sec", "µs") => 1e-6,
        ("sec", "ns") => 1e-9,
        (_, shown) if shown.starts_with("million") => 1e6,
        (_, shown) if shown.starts_with("billion") => 1e9,
        _ => return None,
    };
    Some(scaled)
}

/// True if the cells of a row are what the rule makes of `values`: all with as many decimals as the
/// largest needs for `digits` significant digits, at most two from 1 upwards and five below, none
/// if all are whole.
pub(crate) fn shows(cells: &[String], values: &[Option<f64>], divisor: f64, digits: i32) -> bool {
    let scaled: Vec<Option<f64>> = values.iter().map(|v| v.map(|v| v / divisor)).collect();
    let decimals = decimals(&scaled, digits);
    let expected = scaled.iter().map(|value| expected(*value, decimals));
    let shown = cells
        .iter()
        .map(|cell| cell.trim_start_matches('~').replace(',', ""));
    expected.eq(shown)
}

fn decimals(values: &[Option<f64>], digits: i32) -> usize {
    let known = || values.iter().flatten().copied();
    if known().all(|value| value.fract() == 0.0) {
        return 0;
    }
    let largest = known().map(f64::abs).fold(0.0, f64::max);
    let mut before_point = 4;
    while before_point > -2 && largest < 10_f64.powi(before_point - 1) {
        before_point -= 1;
    }
    let most = if largest >= 1.0 { 2 } else { 5 };
    usize::try_from((digits - before_point).clamp(0, most)).expect("not negative")
}

fn expected(value: Option<f64>, decimals: usize) -> String {
    let Some(value) = value else {
        return "–".to_owned();
    };
    let rounded = format!("{value:.decimals$}");
    let looks_zero = rounded.parse::<f64>() == Ok(0.0);
    match value.abs() {
        size if size >= 1e15 => format!("{value:.2e}"),
        0.0 => "0".to_owned(),
        // One significant digit.
        size if looks_zero && size >= 1e-3 => {
            let decimals = if size >= 0.1 {
                1
            } else if size >= 0.01 {
                2
            } else {
                3
            };
            format!("{value:.decimals$}")
        }
        _ if looks_zero => format!("{value:.0e}"),
        _ => rounded,
    }
}

/// Numbers of a line of text, each with the word after it.
pub(crate) fn numbers(line: &str) -> Vec<(f64, String)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |at: usize| {
        let number = words[at].replace(',', "").parse().ok()?;
        let next = words.get(at + 1).copied().unwrap_or_default();
        Some((number, next.trim_end_matches(',').to_owned()))
    };
    (0..words.len()).filter_map(number).collect()
}
