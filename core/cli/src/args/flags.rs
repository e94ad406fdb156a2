//! From parsed flags to settings.

use std::io;
use std::path::{Path, PathBuf};

use aiperf_core::config::{Command, Layers, Setting, SettingValue};
use serde_json::Value;

use super::resolve::remedy;

/// Reads a file; relative paths are relative to the current folder.
pub(crate) type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// A subcommand that runs something.
pub(crate) trait RunArgs {
    /// Which one it is.
    const COMMAND: Command;

    /// Files named by `--config`, in order.
    fn config_files(&self) -> &[PathBuf];

    /// The flags that were written.
    fn flags(&self) -> Flags;
}

/// Flags that were written.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    settings: Vec<Setting>,
    files: Vec<FromFile>,
    rejected: Vec<Rejected>,
}

/// A flag that names the file which holds its value.
#[derive(Debug)]
struct FromFile {
    /// With the name of the file.
    setting: Setting,
    file: PathBuf,
    read: fn(&str) -> Result<Value, String>,
}

/// A flag whose value has the wrong form.
#[derive(Debug)]
struct Rejected {
    setting: Setting,
    message: String,
    help: &'static str,
}

impl FromFile {
    fn add_to(&self, layers: &mut Layers, read_file: ReadFile<'_>) {
        let written = self.file.display().to_string();
        let text = match read_file(&self.file) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("`{written}` cannot be read: {error}");
                return layers.reject_file(&self.setting, &message, remedy(&error));
            }
        };
        match (self.read)(&text) {
            Ok(value) => layers.add(&Setting {
                value: SettingValue::Part { value, written },
                ..self.setting.clone()
            }),
            Err(what) => {
                let message = format!("`{written}` {what}");
                layers.reject(&self.setting, &message, "see `aiperf profile --help`");
            }
        }
    }
}

impl Flags {
    /// A flag with one value; durations may be bare seconds.
    pub(crate) fn text(&mut self, name: &str, path: &str, value: Option<&impl ToString>) {
        if let Some(value) = value {
            self.push(name, path, SettingValue::Text(value.to_string()));
        }
    }

    /// A flag with a path, which must be text: settings are.
    pub(crate) fn path(&mut self, name: &str, path: &str, value: Option<&PathBuf>) {
        match value.map(|value| value.to_str()) {
            None => {}
            Some(Some(text)) => self.push(name, path, SettingValue::Text(text.to_owned())),
            Some(None) => {
                let message = format!("the path of `{name}` is no UTF-8 text");
                self.reject(name, message, "give it a name that is UTF-8");
            }
        }
    }

    /// A flag that names the file which holds its value. `read` makes the value of the text, or says
    /// what the file is or lacks.
    pub(crate) fn file(
        &mut self,
        name: &str,
        path: &str,
        file: Option<&PathBuf>,
        read: fn(&str) -> Result<Value, String>,
    ) {
        self.files.extend(file.map(|file| FromFile {
            setting: Setting::flag(name, path, SettingValue::Text(file.display().to_string())),
            file: file.clone(),
            read,
        }));
    }

    /// A flag without a value: sets `on` if it was written.
    pub(crate) fn switch(&mut self, name: &str, path: &str, is_written: bool, on: bool) {
        if is_written {
            self.push(name, path, SettingValue::Switch(on));
        }
    }

    /// A flag with several values.
    pub(crate) fn list(&mut self, name: &str, path: &str, values: &[impl ToString]) {
        if !values.is_empty() {
            self.push(
                name,
                path,
                SettingValue::List(values.iter().map(ToString::to_string).collect()),
            );
        }
    }

    /// A flag with all values of a list, also if there are none.
    pub(crate) fn whole_list(&mut self, name: &str, path: &str, values: &[impl ToString]) {
        let values = values.iter().map(ToString::to_string).collect();
        self.push(name, path, SettingValue::List(values));
    }

    /// One entry of a table, taken out of what was written.
    pub(crate) fn entry(&mut self, name: &str, path: &str, key: &str, value: Value, written: &str) {
        let value = SettingValue::Part {
            value,
            written: written.to_owned(),
        };
        self.settings
            .push(Setting::flag(name, path, value).key(key));
    }

    /// A setting of an instance, taken out of what was written; `keys` stand below the instance's name.
    pub(crate) fn instance(
        &mut self,
        name: &str,
        (table, instance): (&str, &str),
        keys: &[&str],
        value: Value,
        written: &str,
    ) {
        let value = SettingValue::Part {
            value,
            written: written.to_owned(),
        };
        let mut setting = Setting::flag(name, table, value).key(instance);
        for key in keys {
            setting = setting.key(key);
        }
        self.settings.push(setting);
    }

    /// A flag whose value has the wrong form. The value is not shown: it may be a secret.
    pub(crate) fn reject(&mut self, name: &str, message: String, help: &'static str) {
        let setting = Setting::flag(name, "", SettingValue::Switch(true));
        self.rejected.push(Rejected {
            setting,
            message,
            help,
        });
    }

    /// Lays the flags over what is there. `read_file` reads the files that they name.
    pub(crate) fn add_to(&self, layers: &mut Layers, read_file: ReadFile<'_>) {
        for setting in &self.settings {
            layers.add(setting);
        }
        for file in &self.files {
            file.add_to(layers, read_file);
        }
        for rejected in &self.rejected {
            layers.reject(&rejected.setting, &rejected.message, rejected.help);
        }
    }

    /// The settings that the flags stand for.
    #[cfg(test)]
    pub(crate) fn settings(&self) -> impl Iterator<Item = &Setting> {
        let from_files = self.files.iter().map(|file| &file.setting);
        self.settings.iter().chain(from_files)
    }

    fn push(&mut self, name: &str, path: &str, value: SettingValue) {
        self.settings.push(Setting::flag(name, path, value));
    }
}
