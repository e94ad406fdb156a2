//! What a host implements.

use std::sync::Arc;
use std::time::Duration;

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RResult, RSlice, RStr};

use crate::abi::{
    ARTIFACT_ATOMIC, AbiBatch, AbiError, AbiHost, AbiHost_TO, AbiHttpRequest, AbiHttpResponse,
    AbiInstant, AbiPayload, AbiSink, AbiWriter, AbiWriter_TO, HostBox, WriterBox, one_line,
};
use crate::adapters::guard;
use crate::batch::BatchView;
use crate::time::Instant2;
use crate::{ErrorKind, HttpResponse, LogLevel, Payload, PluginError, Result, Wake};

/// A request for the host's HTTP client.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// Such as `GET`.
    pub method: &'a str,
    /// `http://` or `https://`.
    pub url: &'a str,
    /// `name: value` lines.
    pub headers: &'a str,
    /// Body, usually empty.
    pub body: &'a [u8],
    /// Deadline for the whole exchange.
    pub timeout: Duration,
}

/// What the host lends to one plugin instance.
pub trait HostServices: Send + Sync + 'static {
    /// A log line of the instance.
    fn log(&self, level: LogLevel, message: &str);
    /// Both clocks.
    fn now(&self) -> Instant2;
    /// Opens a file of the run.
    ///
    /// # Errors
    /// If it cannot be created.
    fn artifact(&self, name: &str, atomic: bool) -> Result<Box<dyn FileServices>>;
    /// Performs a request.
    ///
    /// # Errors
    /// If there is no answer.
    fn http(&self, request: &HttpRequest<'_>) -> Result<HttpResponse> {
        let _ = request;
        Err(PluginError::new(
            ErrorKind::Unsupported,
            "this host lends no HTTP client",
        ))
    }
    /// Blocks for at most `timeout`.
    fn wait(&self, timeout: Duration) -> Wake;
    /// The instance has pushed everything it knew at the last sync.
    fn synced(&self) {}
    /// Time until the deadline of the call that the instance is in, if it has one.
    fn time_left(&self) -> Option<Duration> {
        None
    }
    /// True once the instance has been told to stop. For what stands between host and plugin;
    /// plugins learn it from [`HostServices::wait`].
    fn is_stopping(&self) -> bool {
        false
    }
}

/// A file of the run.
pub trait FileServices: Send {
    /// Appends.
    ///
    /// # Errors
    /// As the file system says.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
    /// Hands everything to the operating system.
    ///
    /// # Errors
    /// As the file system says.
    fn flush(&mut self) -> Result<()>;
    /// Makes it final.
    ///
    /// # Errors
    /// As the file system says.
    fn commit(&mut self) -> Result<()>;
    /// Removes it.
    ///
    /// # Errors
    /// As the file system says.
    fn discard(&mut self) -> Result<()>;
}

/// Receives what a collector or parser reads.
pub trait SinkServices {
    /// Bytes to be parsed.
    ///
    /// # Errors
    /// Told to the plugin.
    fn payload(&mut self, payload: &Payload<'_>) -> Result<()>;
    /// A reading of a source; its shape has been checked.
    ///
    /// # Errors
    /// Told to the plugin.
    fn batch(&mut self, source_id: &str, batch: &BatchView<'_>) -> Result<()>;
    /// A source could not be read.
    fn error(&mut self, error: PluginError);
}

pub(super) struct HostAdapter(Arc<dyn HostServices>);

impl HostAdapter {
    pub(super) fn boxed(services: Arc<dyn HostServices>) -> HostBox {
        AbiHost_TO::from_value(Self(services), TD_Opaque)
    }
}

impl AbiHost for HostAdapter {
    fn log(&self, level: u8, message: RStr<'_>) {
        let level = match level {
            1 => LogLevel::Error,
            2 => LogLevel::Warn,
            3 => LogLevel::Info,
            _ => LogLevel::Debug,
        };
        drop(guard(|| {
            self.0.log(level, &one_line(message.as_str()));
            Ok(())
        }));
    }

    fn now(&self) -> AbiInstant {
        guard(|| Ok(self.0.now())).unwrap_or_default().into()
    }

    fn artifact(&self, name: RStr<'_>, flags: u32) -> RResult<WriterBox, AbiError> {
        guard(|| {
            if flags & !ARTIFACT_ATOMIC != 0 {
                let message = format!("this host does not know the file flags {flags:#x}");
                return Err(PluginError::new(ErrorKind::Unsupported, message));
            }
            let atomic = flags & ARTIFACT_ATOMIC != 0;
            let file = self.0.artifact(name.as_str(), atomic)?;
            Ok(AbiWriter_TO::from_value(FileAdapter(file), TD_Opaque))
        })
    }

    fn http(&self, request: AbiHttpRequest<'_>) -> RResult<AbiHttpResponse, AbiError> {
        guard(|| {
            let response = self.0.http(&HttpRequest {
                method: request.method.as_str(),
                url: request.url.as_str(),
                headers: request.headers.as_str(),
                body: request.body.as_slice(),
                timeout: Duration::from_nanos(request.timeout_ns),
            })?;
            Ok(AbiHttpResponse {
                status: response.status,
                content_type: response.content_type.into(),
                body: response.body.into(),
                headers: response.headers.into(),
            })
        })
    }

    fn wait(&self, ns: u64) -> u8 {
        match guard(|| Ok(self.0.wait(Duration::from_nanos(ns)))).unwrap_or(Wake::Stop) {
            Wake::Elapsed => 0,
            Wake::Stop => 1,
            Wake::Sync => 2,
        }
    }

    fn synced(&self) {
        drop(guard(|| {
            self.0.synced();
            Ok(())
        }));
    }

    fn time_left(&self) -> u64 {
        let left = guard(|| Ok(self.0.time_left())).unwrap_or(None);
        left.map_or(u64::MAX, |left| {
            u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)
        })
    }
}

struct FileAdapter(Box<dyn FileServices>);

impl AbiWriter for FileAdapter {
    fn write(&mut self, bytes: RSlice<'_, u8>) -> RResult<(), AbiError> {
        guard(|| self.0.write(bytes.as_slice()))
    }
    fn flush(&mut self) -> RResult<(), AbiError> {
        guard(|| self.0.flush())
    }
    fn commit(&mut self) -> RResult<(), AbiError> {
        guard(|| self.0.commit())
    }
    fn discard(&mut self) -> RResult<(), AbiError> {
        guard(|| self.0.discard())
    }
}

/// Runs inside the plugin's call, hence the guards.
pub(super) struct SinkAdapter<'a>(pub(super) &'a mut dyn SinkServices);

impl AbiSink for SinkAdapter<'_> {
    fn payload(&mut self, payload: AbiPayload<'_>) -> RResult<(), AbiError> {
        guard(|| self.0.payload(&Payload::from(payload)))
    }

    fn batch(&mut self, source_id: RStr<'_>, batch: AbiBatch<'_>) -> RResult<(), AbiError> {
        guard(|| {
            let view = BatchView::new(batch)
                .map_err(|error| PluginError::new(ErrorKind::Format, error.to_string()))?;
            self.0.batch(source_id.as_str(), &view)
        })
    }

    fn error(&mut self, error: AbiError) {
        drop(guard(|| {
            self.0.error(error.into());
            Ok(())
        }));
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::FakeHost;

    #[test]
    fn a_file_flag_that_is_not_known_is_an_error() {
        let host = HostAdapter::boxed(FakeHost::new().services());
        let open = |flags| match host.artifact("a".into(), flags) {
            RResult::ROk(_) => String::new(),
            RResult::RErr(error) => error.message.into(),
        };
        assert_eq!(open(0), "");
        assert_eq!(open(ARTIFACT_ATOMIC), "");
        let unknown = open(ARTIFACT_ATOMIC | 2);
        assert_eq!(unknown, "this host does not know the file flags 0x3");
    }
}
