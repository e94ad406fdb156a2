//! Options.

use aiperf_plugin_sdk::prelude::*;

/// Options of the `pressure` collector.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What to read.
    pub resources: Vec<Resource>,
    /// Folder with one file per resource; that of a cgroup has another one.
    pub path: String,
}

/// What programs can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A processor.
    Cpu,
    /// Memory that has to be freed or read back first.
    Memory,
    /// Disks.
    Io,
}

impl Resource {
    /// Name of its file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Io => "io",
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            resources: vec![Resource::Cpu, Resource::Memory, Resource::Io],
            path: "/proc/pressure".to_owned(),
        }
    }
}

impl Config {
    /// Values that cannot work. The path of each lets aiperf draw a caret under it.
    pub(crate) fn problems(&self) -> Vec<PluginError> {
        let mut problems = Vec::new();
        if self.resources.is_empty() {
            let message = "is empty; to read nothing, set `enabled = false`";
            problems.push(PluginError::config("resources", message));
        }
        for (number, resource) in self.resources.iter().enumerate() {
            if self
                .resources
                .iter()
                .take(number)
                .any(|earlier| earlier == resource)
            {
                let message = format!("names `{}` again", resource.name());
                problems.push(PluginError::config(format!("resources[{number}]"), message));
            }
        }
        problems
    }
}
