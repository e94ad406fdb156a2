//! What all load threads of a run share.

use std::sync::Arc;
use std::time::Duration;

use crate::http::{Client, Clock, ConnectOptions, Connector, HttpError, Origin, Reuse, Scheme};
use crate::secrets::Secrets;

use super::endpoint::Endpoint;
use super::error::LoadError;
use super::pacer::Pacer;
use super::plan::LoadPlan;
use super::prompt::PromptSource;
use super::record::RecordSink;
use super::warning::{LoadWarning, Warnings};

pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) pacer: Pacer,
    pub(super) endpoint: Endpoint,
    pub(super) prompts: PromptSource,
    pub(super) sink: Arc<dyn RecordSink>,
    pub(super) warnings: Warnings,
    pub(super) streaming: bool,
    pub(super) request_timeout: Duration,
    pub(super) reuse: Reuse,
    http2_streams: usize,
    pub(super) secrets: Arc<Secrets>,
    /// One entry a server.
    servers: Vec<(Origin, ConnectOptions)>,
}

impl Shared {
    pub(super) fn new(
        plan: &LoadPlan,
        clock: Clock,
        sink: Arc<dyn RecordSink>,
    ) -> Result<Self, LoadError> {
        let mut prompts = PromptSource::new(plan);
        prompts.prepare();
        Ok(Self {
            pacer: Pacer::start(clock.clone()).map_err(LoadError::Thread)?,
            clock,
            endpoint: Endpoint::new(plan)?,
            prompts,
            sink,
            warnings: Warnings::default(),
            streaming: plan.streaming,
            request_timeout: plan.request_timeout,
            reuse: plan.reuse,
            http2_streams: plan.http2_streams,
            secrets: Arc::clone(&plan.secrets),
            servers: plan
                .origins()
                .map(|origin| Ok((origin.clone(), connect_options(plan, origin)?)))
                .collect::<Result<_, HttpError>>()?,
        })
    }

    /// A client without connections for each server.
    pub(super) fn clients(&self) -> Result<Vec<Client>, HttpError> {
        let clients = self.servers.iter().map(|(origin, connect)| {
            let connector = Connector::new(origin.clone(), connect.clone(), self.clock.clone())?;
            let client = Client::new(connector).reusing(self.reuse);
            Ok(client.sharing(self.http2_streams))
        });
        clients.collect()
    }

    /// Whether to ask for usage by `stream_options`.
    pub(super) fn with_stream_options(&self) -> bool {
        self.endpoint.body.has_stream_options()
            && !self.warnings.contains(LoadWarning::StreamOptionsRefused)
    }
}

pub(super) fn connect_options(
    plan: &LoadPlan,
    origin: &Origin,
) -> Result<ConnectOptions, HttpError> {
    let tls = match origin.scheme() {
        Scheme::Https => Some(plan.tls.session(origin)?),
        Scheme::Http => None,
    };
    Ok(ConnectOptions {
        timeout: plan.connect_timeout,
        kernel_stamps: plan.kernel_stamps,
        tls,
        proxy: plan.proxies.of(origin)?.cloned(),
        version: plan.http_version,
    })
}
