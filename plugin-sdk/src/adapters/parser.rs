//! A parser behind its boundary object.

use std::cell::Cell;

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RResult, RSlice, RStr};

use super::{Guarded, Role};
use crate::abi::{AbiError, AbiParser, AbiParser_TO, AbiPayload, ParserBox, SinkMut};
use crate::{Batch, Parser, Payload, PluginError, PluginKind};

/// Role of a [`Parser`].
#[derive(Debug)]
pub struct Parse;

impl<P: Parser> Role<P> for Parse {
    const KIND: PluginKind = PluginKind::Parser;
    const CONTENT_TYPES: &'static [&'static str] = P::CONTENT_TYPES;
    fn parser(plugin: P) -> Option<ParserBox> {
        let adapter = Adapter {
            plugin: Guarded::new(plugin),
            batch: Cell::default(),
        };
        Some(AbiParser_TO::from_value(adapter, TD_Opaque))
    }
}

struct Adapter<P: Parser> {
    plugin: Guarded<P>,
    /// Kept between calls, so that a steady state allocates nothing.
    batch: Cell<Batch>,
}

impl<P: Parser> AbiParser for Adapter<P> {
    fn sniff(&self, head: RSlice<'_, u8>) -> bool {
        let sniffed = self.plugin.ask(|plugin| Ok(plugin.sniff(head.as_slice())));
        sniffed.unwrap_or(false)
    }

    fn parse(&mut self, payload: AbiPayload<'_>, sink: &mut SinkMut<'_>) -> RResult<(), AbiError> {
        let mut batch = self.batch.take();
        batch.clear();
        let payload = Payload::from(payload);
        let result = self.plugin.run(|plugin| {
            plugin.parse(&payload, &mut batch)?;
            batch.with_abi(payload.body, |columns| {
                let pushed = sink.batch(payload.source_id.into(), columns);
                pushed.into_result().map_err(PluginError::from)
            })
        });
        self.batch.set(batch);
        result
    }

    fn close(&mut self) -> RResult<(), AbiError> {
        self.plugin.close()
    }
}

impl<'a> From<AbiPayload<'a>> for Payload<'a> {
    fn from(payload: AbiPayload<'a>) -> Self {
        Self {
            source_id: payload.source_id.as_str(),
            content_type: payload.content_type.as_str(),
            body: payload.body.as_slice(),
            clock: payload.clock(),
        }
    }
}

impl<'a> From<&Payload<'a>> for AbiPayload<'a> {
    fn from(payload: &Payload<'a>) -> Self {
        Self {
            source_id: payload.source_id.into(),
            content_type: payload.content_type.into(),
            body: payload.body.into(),
            sent: payload.clock.sent.into(),
            first_byte_ns: payload.clock.first_byte_ns,
            complete_ns: payload.clock.complete_ns,
            more: RStr::empty(),
        }
    }
}
