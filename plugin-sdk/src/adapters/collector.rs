//! The three collector modes behind one boundary object.

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RErr, ROk, RResult, RString};

use super::{Guarded, Role};
use crate::abi::{
    AbiCollector, AbiCollector_TO, AbiError, AbiResponse, AbiVerdict, CollectorBox, SinkMut,
};
use crate::{
    Batch, CollectorMode, CollectorSink, ErrorKind, Plugin, PluginError, PluginKind, PollCollector,
    Response, Result, StreamCollector, TargetsCollector, Verdict,
};

/// Role of a [`TargetsCollector`].
#[derive(Debug)]
pub struct Targets;
/// Role of a [`PollCollector`].
#[derive(Debug)]
pub struct Poll;
/// Role of a [`StreamCollector`].
#[derive(Debug)]
pub struct Stream;

impl<P: TargetsCollector> Role<P> for Targets {
    const KIND: PluginKind = PluginKind::Collector;
    const MODE: Option<CollectorMode> = Some(CollectorMode::Targets);
    fn collector(plugin: P) -> Option<CollectorBox> {
        Some(AbiCollector_TO::from_value(
            TargetsAdapter(Guarded::new(plugin)),
            TD_Opaque,
        ))
    }
}

impl<P: PollCollector> Role<P> for Poll {
    const KIND: PluginKind = PluginKind::Collector;
    const MODE: Option<CollectorMode> = Some(CollectorMode::Poll);
    fn collector(plugin: P) -> Option<CollectorBox> {
        let adapter = PollAdapter {
            plugin: Guarded::new(plugin),
            batch: Batch::new(),
        };
        Some(AbiCollector_TO::from_value(adapter, TD_Opaque))
    }
}

impl<P: StreamCollector> Role<P> for Stream {
    const KIND: PluginKind = PluginKind::Collector;
    const MODE: Option<CollectorMode> = Some(CollectorMode::Stream);
    fn collector(plugin: P) -> Option<CollectorBox> {
        Some(AbiCollector_TO::from_value(
            StreamAdapter(Guarded::new(plugin)),
            TD_Opaque,
        ))
    }
}

fn wrong_mode<P: Plugin, T>() -> RResult<T, AbiError> {
    let message = format!("collector `{}` does not work in this mode", P::ID);
    RErr(PluginError::new(ErrorKind::Unsupported, message).into())
}

fn keep() -> RResult<AbiVerdict, AbiError> {
    ROk(AbiVerdict {
        action: 0,
        text: RString::new(),
        pause_ns: 0,
        more: RString::new(),
    })
}

struct TargetsAdapter<P: TargetsCollector>(Guarded<P>);

impl<P: TargetsCollector> AbiCollector for TargetsAdapter<P> {
    fn targets(&mut self) -> RResult<RString, AbiError> {
        self.0
            .run(|plugin| Ok(serde_json::to_string(&plugin.targets()?)?.into()))
    }

    fn on_response(&mut self, response: AbiResponse<'_>) -> RResult<AbiVerdict, AbiError> {
        self.0
            .run(|plugin| Ok(plugin.on_response(&Response::from(response)).into()))
    }

    fn collect(&mut self, _: &mut SinkMut<'_>) -> RResult<(), AbiError> {
        wrong_mode::<P, _>()
    }

    fn run(&mut self, _: &mut SinkMut<'_>) -> RResult<(), AbiError> {
        wrong_mode::<P, _>()
    }

    fn close(&mut self) -> RResult<(), AbiError> {
        self.0.close()
    }
}

struct PollAdapter<P: PollCollector> {
    plugin: Guarded<P>,
    /// Kept between calls, so that a steady state allocates nothing.
    batch: Batch,
}

impl<P: PollCollector> AbiCollector for PollAdapter<P> {
    fn targets(&mut self) -> RResult<RString, AbiError> {
        wrong_mode::<P, _>()
    }

    fn on_response(&mut self, _: AbiResponse<'_>) -> RResult<AbiVerdict, AbiError> {
        keep()
    }

    fn collect(&mut self, sink: &mut SinkMut<'_>) -> RResult<(), AbiError> {
        let batch = &mut self.batch;
        self.plugin.run(|plugin| {
            with_sink(sink, batch, |out| {
                plugin.collect(out)?;
                if out.batch().is_empty() {
                    Ok(())
                } else {
                    out.push("")
                }
            })
        })
    }

    fn run(&mut self, _: &mut SinkMut<'_>) -> RResult<(), AbiError> {
        wrong_mode::<P, _>()
    }

    fn close(&mut self) -> RResult<(), AbiError> {
        self.plugin.close()
    }
}

struct StreamAdapter<P: StreamCollector>(Guarded<P>);

impl<P: StreamCollector> AbiCollector for StreamAdapter<P> {
    fn targets(&mut self) -> RResult<RString, AbiError> {
        wrong_mode::<P, _>()
    }

    fn on_response(&mut self, _: AbiResponse<'_>) -> RResult<AbiVerdict, AbiError> {
        keep()
    }

    fn collect(&mut self, _: &mut SinkMut<'_>) -> RResult<(), AbiError> {
        wrong_mode::<P, _>()
    }

    fn run(&mut self, sink: &mut SinkMut<'_>) -> RResult<(), AbiError> {
        self.0
            .run(|plugin| with_sink(sink, &mut Batch::new(), |out| plugin.run(out)))
    }

    fn close(&mut self) -> RResult<(), AbiError> {
        self.0.close()
    }
}

/// Lends `batch` to a sink for the time of `work`.
fn with_sink(
    sink: &mut SinkMut<'_>,
    batch: &mut Batch,
    work: impl FnOnce(&mut CollectorSink<'_>) -> Result<()>,
) -> Result<()> {
    batch.clear();
    let mut out = CollectorSink::new(sink.sabi_reborrow_mut(), std::mem::take(batch));
    let result = work(&mut out);
    *batch = out.into_batch();
    result
}

impl<'a> From<AbiResponse<'a>> for Response<'a> {
    fn from(response: AbiResponse<'a>) -> Self {
        Self {
            target_id: response.target_id.as_str(),
            status: Some(response.status).filter(|status| *status != 0),
            content_type: response.content_type.as_str(),
            head: response.head.as_slice(),
            error: response.error.as_str(),
            headers: response.headers.as_str(),
        }
    }
}

impl From<Verdict> for AbiVerdict {
    fn from(verdict: Verdict) -> Self {
        let (action, text, pause_ns) = match verdict {
            Verdict::Keep => (0, String::new(), 0),
            Verdict::Replace(url) => (1, url, 0),
            Verdict::Pause(delay) => (
                2,
                String::new(),
                u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX),
            ),
            Verdict::Disable(reason) => (3, reason, 0),
        };
        Self {
            action,
            text: text.into(),
            pause_ns,
            more: RString::new(),
        }
    }
}
