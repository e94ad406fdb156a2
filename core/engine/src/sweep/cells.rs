//! What varies, and the combinations.

use serde_json::Value as Json;

use crate::config::schema::SweepMode;
use crate::config::{Setting, SettingValue};

/// File systems take 255 bytes, and a number may follow.
const LONGEST_NAME: usize = 120;

/// A setting that varies, and its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Path of the setting, with dots between tables.
    pub setting: String,
    /// At least one.
    pub values: Vec<Json>,
}

/// One combination of values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// Path of each setting that varies, with its value.
    pub values: Vec<(String, Json)>,
}

/// All combinations, the last axis fastest; one empty cell without axes. With [`SweepMode::Zip`] as many
/// as the shortest axis has values.
pub fn cells(axes: &[Axis], mode: SweepMode) -> Vec<Cell> {
    let value = |axis: &Axis, at: usize| (axis.setting.clone(), axis.values[at].clone());
    match mode {
        SweepMode::Zip if !axes.is_empty() => {
            let length = axes.iter().map(|axis| axis.values.len()).min();
            let cell = |at| Cell {
                values: axes.iter().map(|axis| value(axis, at)).collect(),
            };
            (0..length.unwrap_or(0)).map(cell).collect()
        }
        _ => axes.iter().fold(vec![Cell::default()], |cells, axis| {
            let extended = cells.iter().flat_map(|cell| {
                (0..axis.values.len()).map(|at| {
                    let mut values = cell.values.clone();
                    values.push(value(axis, at));
                    Cell { values }
                })
            });
            extended.collect()
        }),
    }
}

impl Cell {
    /// The settings that make a run one of this cell.
    pub fn settings(&self) -> Vec<Setting> {
        let setting = |(path, value): &(String, Json)| {
            let written = format!("{path}={}", text(value));
            let value = match value {
                // As a flag would say it: it becomes what the setting is, such as a duration.
                Json::String(text) => SettingValue::Text(text.clone()),
                _ => SettingValue::Part {
                    value: value.clone(),
                    written,
                },
            };
            Setting::flag("--sweep", path, value)
        };
        self.values.iter().map(setting).collect()
    }

    /// For people: `concurrency 8, isl 1024`; empty for the only cell of repeated runs.
    pub fn title(&self) -> String {
        self.words(" ").join(", ")
    }

    /// Name of its folder: `concurrency_8-isl_1024`; empty for the only cell of repeated runs.
    pub fn folder(&self) -> String {
        let safe = |c: char| {
            if c.is_ascii_alphanumeric() || "-._".contains(c) {
                c
            } else {
                '_'
            }
        };
        let name = self.words("_").join("-");
        name.chars().map(safe).take(LONGEST_NAME).collect()
    }

    fn words(&self, between: &str) -> Vec<String> {
        let word = |(path, value): &(String, Json)| {
            let name = path.rsplit('.').next().unwrap_or(path);
            format!("{name}{between}{}", text(value))
        };
        self.values.iter().map(word).collect()
    }
}

/// A value without quotes.
pub fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn axes() -> [Axis; 2] {
        let axis = |setting: &str, values: Json| Axis {
            setting: setting.to_owned(),
            values: values.as_array().unwrap().clone(),
        };
        [
            axis("load.concurrency", json!([1, 8])),
            axis("endpoint.model", json!(["a/b", "c", "d"])),
        ]
    }

    #[test]
    fn a_grid_combines_each_with_each() {
        let titles: Vec<_> = cells(&axes(), SweepMode::Grid)
            .iter()
            .map(Cell::title)
            .collect();
        assert_eq!(titles.len(), 6);
        assert_eq!(titles[1], "concurrency 1, model c");
        assert_eq!(titles[3], "concurrency 8, model a/b");
    }

    #[test]
    fn a_zip_ends_with_the_shortest() {
        let folders: Vec<_> = cells(&axes(), SweepMode::Zip)
            .iter()
            .map(Cell::folder)
            .collect();
        assert_eq!(
            folders,
            ["concurrency_1-model_a_b", "concurrency_8-model_c"]
        );
    }

    #[test]
    fn without_axes_there_is_one_cell() {
        for mode in [SweepMode::Grid, SweepMode::Zip] {
            assert_eq!(cells(&[], mode), [Cell::default()]);
        }
    }
}
