//! `plugins check`: what a release engineer wants to know of a library before others load it.

mod elf;
mod verdict;

use std::path::Path;

use aiperf_core::plugins::loader::{Inspection, LoadError, LoadOptions, ProbeCommand, inspect};
use aiperf_plugin_sdk::SDK_VERSION;
use aiperf_plugin_sdk::abi::ABI_REVISION;
use aiperf_plugin_sdk::hosting::{C_REVISION, LayoutFit};
use serde_json::{Value, json};

use self::elf::Needs;
pub(super) use self::verdict::panics;
use self::verdict::{Finding, findings, fit};
use super::installed::{print_json, width};
use super::show::word;
use crate::args::CheckArgs;
use crate::commands::World;
use crate::exit_code::ExitCode;
use crate::output;

/// Checks a library. Succeeds if an aiperf with default settings loads it.
pub(crate) fn check_plugin(args: &CheckArgs, world: &World) -> ExitCode {
    let Some(probe) = &world.loader.probe else {
        output::error(&"this program cannot be found again to try the library in; start it anew");
        return ExitCode::Failure;
    };
    let checked = match examine(&args.library, probe) {
        Ok(checked) => checked,
        Err(error) => {
            report_failure(args, &error);
            return ExitCode::Usage;
        }
    };
    if args.json {
        print_json(&checked.to_json());
    } else {
        output::stdout_line(&output::lines(&checked.page(width(world))));
    }
    for finding in &checked.findings {
        finding.say();
    }
    if checked.is_fit() {
        ExitCode::Success
    } else {
        ExitCode::Usage
    }
}

struct Checked {
    inspection: Inspection,
    needs: Needs,
    findings: Vec<Finding>,
}

fn examine(library: &Path, probe: &ProbeCommand) -> Result<Checked, LoadError> {
    // Whether its panics end the process is a finding here, beside what else there is to say.
    let inspection = inspect(library, &LoadOptions::default(), probe)?;
    let bytes = std::fs::read(&inspection.facts.path).unwrap_or_default();
    let needs = Needs::read(&bytes).unwrap_or_default();
    let findings = findings(&inspection, &needs);
    Ok(Checked {
        inspection,
        needs,
        findings,
    })
}

fn report_failure(args: &CheckArgs, error: &LoadError) {
    if args.json {
        print_json(&json!({ "loads": false, "error": error.to_string(), "detail": error.detail }));
    }
    output::error(error);
    if let Some(detail) = &error.detail {
        output::say(&output::lines(detail));
    }
}

impl Checked {
    fn is_fit(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }

    fn is_c(&self) -> bool {
        self.inspection.facts.layout == LayoutFit::Unchecked
    }

    fn to_json(&self) -> Value {
        json!({
            "loads": self.is_fit(),
            "library": self.inspection.facts,
            "needs": self.needs,
            "host": { "sdk": SDK_VERSION, "abi_revision": ABI_REVISION, "c_revision": C_REVISION },
            "plugins": self.inspection.plugins,
            "findings": self.findings,
        })
    }

    fn page(&self, width: Option<usize>) -> String {
        let mut lines = vec![
            output::lines(&self.inspection.facts.path.display().to_string()),
            String::new(),
        ];
        let facts = self.facts().map(|(name, value)| [name.to_owned(), value]);
        lines.extend(output::table(&facts, width));
        lines.push(String::new());
        lines.extend(output::table(&self.plugins(), width));
        lines.push(String::new());
        lines.push(self.settings());
        lines.join("\n")
    }

    fn facts(&self) -> [(&'static str, String); 8] {
        let facts = &self.inspection.facts;
        let debug = if self.needs.debug_info {
            ", with debug information"
        } else {
            ""
        };
        let sdk = if self.is_c() {
            "none".to_owned()
        } else {
            format!("{}, here {SDK_VERSION}", facts.sdk)
        };
        let glibc = self.needs.glibc.as_deref();
        let glibc = glibc.map_or_else(|| "none".to_owned(), |oldest| format!("{oldest} or newer"));
        [
            ("size", format!("{} kB{debug}", facts.size.div_ceil(1000))),
            ("glibc", glibc),
            ("libraries", self.needs.libraries.join(", ")),
            ("SDK", sdk),
            ("boundary", fit(&self.inspection)),
            ("compiler", facts.rustc.clone()),
            ("panics", panics(&facts.sdk, facts.panic_abort).to_owned()),
            ("SHA-256", facts.sha256.clone()),
        ]
    }

    fn plugins(&self) -> Vec<[String; 5]> {
        let mut rows = vec![["KIND", "ID", "MODE", "VERSION", "SUMMARY"].map(str::to_owned)];
        rows.extend(self.inspection.plugins.iter().map(|plugin| {
            [
                plugin.kind.as_str().to_owned(),
                plugin.id.clone(),
                plugin.mode.as_ref().map(word).unwrap_or_default(),
                plugin.version.clone(),
                plugin.summary.clone(),
            ]
        }));
        rows
    }

    /// What users write to load it, to paste.
    fn settings(&self) -> String {
        let facts = &self.inspection.facts;
        let file = facts.path.file_name().unwrap_or_default().to_string_lossy();
        let stem = file.trim_start_matches("lib");
        let name = stem.split('.').next().unwrap_or_default();
        // Nothing else contains a crash, and what is written in C may have some.
        let isolation = if self.is_c() {
            "\nisolation = \"process\""
        } else {
            ""
        };
        format!(
            "For users:\n\n[plugins.{name}]\npath = {}\nsha256 = \"{}\"{isolation}",
            toml::Value::from(file.as_ref()),
            facts.sha256
        )
    }
}
