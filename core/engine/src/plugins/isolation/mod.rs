//! `isolation = "process"`: collectors and parsers of a library run in processes of their own, one for
//! each instance. What would end this process ends one of those: a segmentation fault, an abort, a stack
//! overflow, `exit`, a call that never comes back.
//!
//! `proxy` has the objects that stand in the registry. They start a `process` and have it do what the
//! engine asks of them, over a `channel`; it runs `serve`, where a `remote_host` asks back for what a host
//! lends. `message` is what goes over the channel, `columns` what goes through `memory` that both see, and
//! `handover` is how the other side gets its ends of them. `docs/decisions/0013-plugins-in-their-own-processes.md` says why it is so.

mod answers;
mod channel;
mod columns;
mod handover;
mod library;
mod memory;
mod message;
mod process;
mod proxy;
mod remote_host;
mod serve;

use std::sync::Arc;

use aiperf_plugin_sdk::hosting::Factory;

pub use serve::serve_plugin_host;

use super::loader::{HostCommand, Inspection, LoadedLibrary};
use library::IsolatedLibrary;
use proxy::IsolatedPlugin;

/// The plugins that `inspection` found, none of them in this process.
pub fn isolated(inspection: Inspection, command: HostCommand) -> LoadedLibrary {
    let Inspection {
        facts,
        plugins,
        left_out,
    } = inspection;
    let library = Arc::new(IsolatedLibrary {
        path: facts.path.clone(),
        sha256: facts.sha256.clone(),
        command,
    });
    let with_factory = |descriptor| {
        let plugin = IsolatedPlugin {
            library: Arc::clone(&library),
            descriptor,
        };
        (plugin.descriptor.clone(), Factory::new(plugin))
    };
    LoadedLibrary {
        plugins: plugins.into_iter().map(with_factory).collect(),
        facts,
        left_out,
        isolated: true,
    }
}
