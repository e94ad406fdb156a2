//! The plugin's process: loads one library, opens one instance of one plugin, does what it is told.

use std::io;
use std::path::Path;
use std::process;
use std::sync::{Arc, PoisonError};

use aiperf_plugin_sdk::hosting::{CollectorHandle, Factory, ParserHandle};
use aiperf_plugin_sdk::{
    Context, ErrorKind, Payload, PluginError, PluginKind, Response, Result as PluginResult,
};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::getppid;
use serde_json::Value as Json;

use super::channel::{Channel, LONG};
use super::handover::{receive_memory, take_sockets};
use super::memory::Memory;
use super::message::{Call, Outcome, PageHead, Said};
use super::remote_host::{RemoteHost, RemoteSink};
use crate::plugins::loader::{LoadOptions, LoadedLibrary, load};

/// Serves the run that has started this process, until that ends. `sha256` is that of the file that the
/// run has looked at, `run` the run's process.
///
/// # Errors
/// If this process was not started by a run.
pub fn serve_plugin_host(library: &Path, sha256: &str, run: u32) -> io::Result<()> {
    // Nobody else would end a plugin that hangs.
    set_pdeathsig(Signal::SIGKILL)?;
    if u32::try_from(getppid().as_raw()) != Ok(run) {
        return Ok(());
    }
    // A crash is expected here. If its core dump cannot be turned off, it is one.
    setrlimit(Resource::RLIMIT_CORE, 0, 0).ok();
    let [calls, services] = take_sockets()?;
    let [pages, readings] = receive_memory(&calls)?;
    let (calls, services) = (Channel::new(calls)?, Channel::new(services)?);
    let mut served = Served {
        path: library,
        sha256,
        library: None,
        host: Arc::new(RemoteHost::new(calls, services, readings)),
        open: Open::Nothing,
    };
    while served.call(&pages)? {}
    Ok(())
}

struct Served<'a> {
    path: &'a Path,
    sha256: &'a str,
    library: Option<LoadedLibrary>,
    host: Arc<RemoteHost>,
    open: Open,
}

enum Open {
    Nothing,
    Collector(CollectorHandle),
    Parser(ParserHandle),
}

impl Served<'_> {
    /// Waits for the next call and does it; false if there are no more.
    fn call(&mut self, pages: &Memory) -> io::Result<bool> {
        let host = Arc::clone(&self.host);
        let channel = || host.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let (call, beside) = {
            let mut channel = channel();
            while !channel.wait(LONG)? {}
            match channel.receive()? {
                Some(call) => (call, channel.beside().to_vec()),
                None => return Ok(false),
            }
        };
        let page = match &call {
            Call::Parse(head) => pages.written_by_the_run(head.length),
            _ => None,
        };
        let mut sink = RemoteSink::new(&host, page);
        let result = self.perform(call, page.unwrap_or(&beside), &mut sink);
        let batch = sink.into_kept();
        channel().send(&Said::Done { result, batch }, &[])?;
        Ok(true)
    }

    fn perform(
        &mut self,
        call: Call,
        bytes: &[u8],
        sink: &mut RemoteSink<'_>,
    ) -> PluginResult<Outcome> {
        match call {
            Call::Validate { kind, id, options } => {
                let factory = self.factory(kind, &id)?;
                Ok(Outcome::Problems(factory.validate(&options)))
            }
            Call::Open {
                kind,
                id,
                options,
                context,
                wall_minus_mono,
            } => {
                self.host.set_clock(wall_minus_mono);
                self.open(kind, &id, &options, &context)?;
                Ok(Outcome::Nothing)
            }
            Call::Targets => self.collector()?.targets().map(Outcome::Targets),
            Call::OnResponse {
                target_id,
                status,
                content_type,
                error,
                headers,
            } => {
                let response = Response {
                    target_id: &target_id,
                    status,
                    content_type: &content_type,
                    head: bytes,
                    error: &error,
                    headers: &headers,
                };
                let verdict = self.collector()?.on_response(&response);
                verdict.map(Outcome::Verdict)
            }
            Call::Collect => nothing(self.collector()?.collect(sink)),
            Call::Run => nothing(self.collector()?.run(sink)),
            Call::Sniff => Ok(Outcome::Yes(self.parser()?.sniff(bytes))),
            Call::Parse(head) => {
                let payload = payload(&head, bytes);
                nothing(self.parser()?.parse(&payload, sink))
            }
            Call::Close => nothing(match &mut self.open {
                Open::Collector(collector) => collector.close(),
                Open::Parser(parser) => parser.close(),
                Open::Nothing => Ok(()),
            }),
        }
    }

    fn open(
        &mut self,
        kind: PluginKind,
        id: &str,
        options: &Json,
        context: &Context,
    ) -> PluginResult<()> {
        let host = Arc::<RemoteHost>::clone(&self.host);
        let factory = self.factory(kind, id)?;
        self.open = match kind {
            PluginKind::Collector => {
                Open::Collector(factory.open_collector(options, context, host)?)
            }
            PluginKind::Parser => Open::Parser(factory.open_parser(options, context, host)?),
            PluginKind::Exporter => return Err(not_open()),
        };
        Ok(())
    }

    /// The plugin; loads the library when it is first asked for.
    fn factory(&mut self, kind: PluginKind, id: &str) -> PluginResult<&Factory> {
        let failed = |text: String| PluginError::new(ErrorKind::Unsupported, text);
        let library = match &mut self.library {
            Some(library) => library,
            none => {
                let options = LoadOptions {
                    sha256: Some(self.sha256.to_owned()),
                    ..LoadOptions::default()
                };
                let library = load(self.path, &options).map_err(|e| failed(e.to_string()))?;
                none.insert(library)
            }
        };
        let mut plugins = library.plugins.iter();
        let found = plugins.find(|(known, _)| known.kind == kind && known.id == id);
        let missing = || failed(format!("its library has no {} `{id}`", kind.as_str()));
        Ok(&found.ok_or_else(missing)?.1)
    }

    fn collector(&mut self) -> PluginResult<&mut CollectorHandle> {
        match &mut self.open {
            Open::Collector(collector) => Ok(collector),
            _ => Err(not_open()),
        }
    }

    fn parser(&mut self) -> PluginResult<&mut ParserHandle> {
        match &mut self.open {
            Open::Parser(parser) => Ok(parser),
            _ => Err(not_open()),
        }
    }
}

fn nothing(result: PluginResult<()>) -> PluginResult<Outcome> {
    result.map(|()| Outcome::Nothing)
}

fn not_open() -> PluginError {
    PluginError::new(ErrorKind::Unsupported, "it is not open in this process")
}

/// A page as plugins and sinks get it.
pub(super) fn payload<'a>(head: &'a PageHead, body: &'a [u8]) -> Payload<'a> {
    Payload::new(&head.content_type, body, head.clock).source(&head.source_id)
}

/// This process, for the one that it starts.
pub(super) fn this_process() -> u32 {
    process::id()
}
