//! What is wrong with a library that can be loaded, and what to do about it.

use aiperf_core::plugins::Registry;
use aiperf_core::plugins::loader::Inspection;
use aiperf_plugin_sdk::abi::ABI_REVISION;
use aiperf_plugin_sdk::hosting::{C_REVISION, C_SDK, LayoutFit};
use serde::Serialize;

use super::elf::Needs;
use crate::output;

/// One finding, with what to do.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// An error keeps users with default settings from loading it.
    error: bool,
    message: String,
    remedy: &'static str,
}

impl Finding {
    pub(super) fn is_error(&self) -> bool {
        self.error
    }

    pub(super) fn say(&self) {
        let text = format!("{}; {}", self.message, self.remedy);
        if self.error {
            output::error(&text);
        } else {
            output::warning(&text);
        }
    }
}

/// All that is to be said of a library that loads.
pub(super) fn findings(inspection: &Inspection, needs: &Needs) -> Vec<Finding> {
    let mut found = Vec::new();
    if inspection.facts.panic_abort {
        found.push(Finding {
            error: true,
            message: "a panic in it ends the run, so that aiperf refuses it".to_owned(),
            remedy: "remove `panic = \"abort\"` from its profile in Cargo.toml",
        });
    }
    found.extend(shadowed(inspection));
    found.extend(inspection.left_out.iter().map(|plugin| Finding {
        error: false,
        message: format!("{plugin}, so that it is left out"),
        remedy: "tell users which version of aiperf it needs",
    }));
    if needs.debug_info {
        found.push(Finding {
            error: false,
            message: "it carries debug information".to_owned(),
            remedy: "ship a build with `cargo build --release` and `strip = \"debuginfo\"`",
        });
    }
    if !needs.unversioned.is_empty() {
        found.push(Finding {
            error: false,
            message: format!(
                "it needs {} from a library that does not say its version",
                needs.unversioned.join(", ")
            ),
            remedy: "make sure that every user has the same library",
        });
    }
    found
}

/// Plugins that only load with `override = true`.
fn shadowed(inspection: &Inspection) -> Vec<Finding> {
    let Ok(registry) = Registry::with_builtins() else {
        // Said by every other command.
        return Vec::new();
    };
    let plugins = inspection.plugins.iter();
    let built_in = plugins.filter(|plugin| registry.get(plugin.kind, &plugin.id).is_ok());
    built_in
        .map(|plugin| Finding {
            error: true,
            message: format!("{} `{}` is built in", plugin.kind.as_str(), plugin.id),
            remedy: "give it another id, or have users write `override = true`",
        })
        .collect()
}

/// How its boundary and ours fit.
pub(super) fn fit(inspection: &Inspection) -> String {
    let theirs = inspection.facts.abi_revision;
    let types = match inspection.facts.layout {
        LayoutFit::Same => "the same types",
        LayoutFit::Newer => "its types are newer, and fit",
        LayoutFit::Older => "its types are older, and fit",
        LayoutFit::Unchecked => {
            return format!("aiperf_plugin.h, revision {theirs}, here {C_REVISION}");
        }
    };
    format!("revision {theirs}, here {ABI_REVISION}; {types}")
}

/// What a panic in a library costs that was built with `sdk`.
pub(in super::super) fn panics(sdk: &str, abort: bool) -> &'static str {
    match (sdk, abort) {
        (C_SDK, _) => "none in C; a crash ends the run, or its own process",
        (_, true) => "end the run (it was built with panic = \"abort\")",
        (_, false) => "cost the plugin only",
    }
}
