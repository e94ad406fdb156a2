//! Trait objects that cross the boundary, in both directions. New methods go below the
//! `last_prefix_field` of their trait, with a default body.

use abi_stable::sabi_trait;
use abi_stable::std_types::{RBox, RResult, RSlice, RStr, RString, RVec};

use super::types::{
    AbiBatch, AbiError, AbiHttpRequest, AbiHttpResponse, AbiInstant, AbiPayload, AbiResponse,
    AbiVerdict,
};

/// A file of the run, owned by the host.
#[sabi_trait]
pub trait AbiWriter: Send {
    fn write(&mut self, bytes: RSlice<'_, u8>) -> RResult<(), AbiError>;
    fn flush(&mut self) -> RResult<(), AbiError>;
    /// Makes the file final: flushes, and renames it into place if it is atomic.
    fn commit(&mut self) -> RResult<(), AbiError>;
    /// Removes the file.
    #[sabi(last_prefix_field)]
    fn discard(&mut self) -> RResult<(), AbiError>;
}
pub type WriterBox = AbiWriter_TO<'static, RBox<()>>;

/// The file appears under its name only when it is committed.
pub const ARTIFACT_ATOMIC: u32 = 1;

/// What the host lends to one plugin instance.
#[sabi_trait]
pub trait AbiHost: Send + Sync {
    /// Levels: 1 error, 2 warn, 3 info, 4 debug.
    fn log(&self, level: u8, message: RStr<'_>);
    fn now(&self) -> AbiInstant;
    /// Flags: [`ARTIFACT_ATOMIC`]. A flag that the host does not know is an error.
    fn artifact(&self, name: RStr<'_>, flags: u32) -> RResult<WriterBox, AbiError>;
    fn http(&self, request: AbiHttpRequest<'_>) -> RResult<AbiHttpResponse, AbiError>;
    /// Blocks for at most `ns`. Returns 0 elapsed, 1 stop, 2 sync wanted.
    fn wait(&self, ns: u64) -> u8;
    /// Everything known at the last sync request has been pushed.
    #[sabi(last_prefix_field)]
    fn synced(&self);
    /// Nanoseconds until the deadline of the call that the instance is in; `u64::MAX` for none.
    fn time_left(&self) -> u64 {
        u64::MAX
    }
}
pub type HostBox = AbiHost_TO<'static, RBox<()>>;

/// Where a collector or parser puts what it read. A host object, called inside the plugin's call.
#[sabi_trait]
pub trait AbiSink {
    fn payload(&mut self, payload: AbiPayload<'_>) -> RResult<(), AbiError>;
    fn batch(&mut self, source_id: RStr<'_>, batch: AbiBatch<'_>) -> RResult<(), AbiError>;
    #[sabi(last_prefix_field)]
    fn error(&mut self, error: AbiError);
}
pub type SinkMut<'a> = AbiSink_TO<'a, abi_stable::RMut<'a, ()>>;

/// A collector of any mode; the descriptor says which methods it has.
#[sabi_trait]
pub trait AbiCollector: Send {
    /// JSON of [`crate::Targets`].
    fn targets(&mut self) -> RResult<RString, AbiError>;
    fn on_response(&mut self, response: AbiResponse<'_>) -> RResult<AbiVerdict, AbiError>;
    fn collect(&mut self, sink: &mut SinkMut<'_>) -> RResult<(), AbiError>;
    fn run(&mut self, sink: &mut SinkMut<'_>) -> RResult<(), AbiError>;
    #[sabi(last_prefix_field)]
    fn close(&mut self) -> RResult<(), AbiError>;
}
pub type CollectorBox = AbiCollector_TO<'static, RBox<()>>;

/// A parser.
#[sabi_trait]
pub trait AbiParser: Send {
    fn sniff(&self, head: RSlice<'_, u8>) -> bool;
    fn parse(&mut self, payload: AbiPayload<'_>, sink: &mut SinkMut<'_>) -> RResult<(), AbiError>;
    #[sabi(last_prefix_field)]
    fn close(&mut self) -> RResult<(), AbiError>;
}
pub type ParserBox = AbiParser_TO<'static, RBox<()>>;

/// An exporter.
#[sabi_trait]
pub trait AbiExporter: Send {
    /// JSON of [`crate::RunInfo`].
    fn begin(&mut self, run: RStr<'_>) -> RResult<(), AbiError>;
    fn scrape(&mut self, view: AbiBatch<'_>) -> RResult<(), AbiError>;
    fn requests(&mut self, records: AbiBatch<'_>) -> RResult<(), AbiError>;
    /// JSON of [`crate::PhaseEvent`].
    fn phase(&mut self, event: RStr<'_>) -> RResult<(), AbiError>;
    /// JSON of one part of the report; see [`crate::report::Chunk`].
    fn report(&mut self, chunk: RStr<'_>) -> RResult<(), AbiError>;
    fn finish(&mut self) -> RResult<(), AbiError>;
    fn abort(&mut self, reason: RStr<'_>) -> RResult<(), AbiError>;
    #[sabi(last_prefix_field)]
    fn close(&mut self) -> RResult<(), AbiError>;
    /// Whether `finish` needs the parts that `report` brings.
    fn wants_report(&self) -> bool {
        true
    }
}
pub type ExporterBox = AbiExporter_TO<'static, RBox<()>>;

/// Makes instances of one plugin. An object, not a function pointer, so that a host can wrap
/// plugins that come through another door.
#[sabi_trait]
pub trait AbiFactory: Send + Sync {
    /// JSON of [`crate::Descriptor`].
    fn descriptor(&self) -> RResult<RString, AbiError>;
    /// Every option that is wrong, without opening anything.
    fn validate(&self, options: RStr<'_>) -> RVec<AbiError>;
    /// `context` is JSON of [`crate::Context`].
    fn open_collector(
        &self,
        options: RStr<'_>,
        context: RStr<'_>,
        host: HostBox,
    ) -> RResult<CollectorBox, AbiError>;
    fn open_parser(
        &self,
        options: RStr<'_>,
        context: RStr<'_>,
        host: HostBox,
    ) -> RResult<ParserBox, AbiError>;
    #[sabi(last_prefix_field)]
    fn open_exporter(
        &self,
        options: RStr<'_>,
        context: RStr<'_>,
        host: HostBox,
    ) -> RResult<ExporterBox, AbiError>;
}
pub type FactoryBox = AbiFactory_TO<'static, RBox<()>>;
