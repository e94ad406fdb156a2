//! An open plugin in C, as the objects that a host drives.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;

use super::abi::{CError, CPage, CPlugin};
use super::host::Host;
use super::lacks;
use super::sink::{SinkState, Table};
use super::text::lent;
use crate::batch::Batch;
use crate::hosting::{CollectorObject, HostServices, ParserObject, SinkServices};
use crate::{Context, ErrorKind, Payload, PluginError, Response, Result, Targets, Verdict};

/// An open instance.
pub(super) struct Instance {
    plugin: CPlugin,
    /// What `open` made of it.
    opened: *mut c_void,
    is_open: bool,
    /// Kept for the plugin, which has its address.
    _host: Host,
    services: Arc<dyn HostServices>,
    sink: &'static Table,
    batch: Batch,
}

// SAFETY: the header says that an instance may be called from any thread, though not from two at a time,
// which `&mut self` sees to. What its host is made of may be shared between threads, and its sink looks
// which one it is used from.
unsafe impl Send for Instance {}

impl Instance {
    pub(super) fn open(
        plugin: CPlugin,
        options: &serde_json::Value,
        context: &Context,
        services: Arc<dyn HostServices>,
    ) -> Result<Self> {
        let context = serde_json::to_string(context)?;
        let host = Host::new(Arc::clone(&services), options, context);
        let mut opened = null_mut();
        let mut error = CError::empty();
        let Some(open) = plugin.open else {
            return Err(lacks("open"));
        };
        // SAFETY: all three are what the header says; the host stays for ever.
        let failed = unsafe { open(host.table(), &raw mut opened, &raw mut error) };
        if failed != 0 {
            return Err(error.read());
        }
        Ok(Self {
            plugin,
            opened,
            is_open: true,
            _host: host,
            services,
            sink: Table::new(),
            batch: Batch::new(),
        })
    }

    fn close(&mut self) {
        if let Some(close) = self.plugin.close.filter(|_| self.is_open) {
            // SAFETY: `open` made it, and this is the only call.
            unsafe { close(self.opened) };
        }
        self.is_open = false;
    }

    /// An error if it is closed.
    fn instance(&self) -> Result<*mut c_void> {
        let closed = || PluginError::new(ErrorKind::Stopped, "it is closed");
        self.is_open.then_some(self.opened).ok_or_else(closed)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // The host is closed after it: the plugin may use it up to here.
        self.close();
    }
}

fn other_mode<T>() -> Result<T> {
    let message = "collectors in C are read at intervals";
    Err(PluginError::new(ErrorKind::Unsupported, message))
}

impl CollectorObject for Instance {
    fn targets(&mut self) -> Result<Targets> {
        other_mode()
    }

    fn on_response(&mut self, _: &Response<'_>) -> Result<Verdict> {
        other_mode()
    }

    fn collect(&mut self, sink: &mut dyn SinkServices) -> Result<()> {
        let instance = self.instance()?;
        let collect = self.plugin.collect.ok_or_else(|| lacks("collect"))?;
        let mut error = CError::empty();
        let mut state = SinkState::new(sink, &mut self.batch, &[], self.services.now());
        // SAFETY: `open` made the instance, and it is not closed; the other two are what the header says.
        let call = |sink| unsafe { collect(instance, sink, &raw mut error) };
        if self.sink.lend(&mut state, call) != 0 {
            return Err(error.read());
        }
        state.finish()
    }

    fn run(&mut self, _: &mut dyn SinkServices) -> Result<()> {
        other_mode()
    }

    fn close(&mut self) -> Result<()> {
        Self::close(self);
        Ok(())
    }
}

impl ParserObject for Instance {
    fn sniff(&mut self, head: &[u8]) -> bool {
        let Some(sniff) = self.plugin.sniff else {
            return false;
        };
        // SAFETY: there are that many bytes.
        unsafe { sniff(head.as_ptr().cast(), head.len()) != 0 }
    }

    fn parse(&mut self, payload: &Payload<'_>, sink: &mut dyn SinkServices) -> Result<()> {
        let instance = self.instance()?;
        let parse = self.plugin.parse.ok_or_else(|| lacks("parse"))?;
        let page = CPage {
            size: size_of::<CPage>(),
            source_id: lent(payload.source_id),
            content_type: lent(payload.content_type),
            body: super::abi::Text {
                data: payload.body.as_ptr().cast(),
                size: payload.body.len(),
            },
            sent_ns: payload.clock.sent.mono_ns,
            complete_ns: payload.clock.complete_ns,
        };
        let mut error = CError::empty();
        let now = self.services.now();
        let mut state = SinkState::new(sink, &mut self.batch, payload.body, now).of_page();
        // SAFETY: `open` made the instance, and it is not closed; the others are what the header says.
        let call = |sink| unsafe { parse(instance, &raw const page, sink, &raw mut error) };
        if self.sink.lend(&mut state, call) != 0 {
            return Err(error.read());
        }
        state.push(payload.source_id)
    }

    fn close(&mut self) -> Result<()> {
        Self::close(self);
        Ok(())
    }
}
