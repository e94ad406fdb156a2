//! One request and its response.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use crate::http::{Client, Connection, HttpError, Idle, Response, Reuse, Stamps};

use super::conversation::Prompt;
use super::endpoint::{Asked, Endpoint, Reply, Said};
use super::failure::Failure;
use super::give_up::Sent;
use super::headers;
use super::phase::Ticket;
use super::prefill::Place;
use super::progress::Counters;
use super::prompt::Draw;
use super::record::RequestRecord;
use super::shared::Shared;
use super::sse::Decoder;
use super::stream;
use super::talk::Talk;
use super::warning::LoadWarning;

/// A response in one piece, and the body of an error, may have this many bytes.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// The buffers of one slot, used by one request after the other.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) record: RequestRecord,
    pub(super) prompt: Prompt,
    /// What the answer says, if it is kept.
    pub(super) said: Said,
    /// The conversation that the request is a turn of, where there are some of several turns. Between two
    /// requests: the one that goes on.
    pub(super) talk: Option<Talk>,
    /// Which user the slot is, until his first conversation begins.
    pub(super) newcomer: Option<usize>,
    /// Which of the servers the request goes to.
    pub(super) server: usize,
    /// The connection of the conversation, where each has its own.
    kept: Option<Idle>,
    /// Its place among those that wait for a first token, where these are limited.
    pub(super) place: Option<Place>,
    /// How long after its sending it is given up, and who wants to know when that was.
    pub(super) give_up: Option<Duration>,
    pub(super) sent: Option<Sent>,
    /// Of the connection that carries, or last carried, the request.
    pub(super) stamps: Option<Arc<Stamps>>,
    pub(super) decoder: Decoder,
    body: Vec<u8>,
}

impl Scratch {
    pub(super) fn new(worker: u16) -> Self {
        Self {
            record: RequestRecord::new(worker),
            prompt: Prompt::default(),
            said: Said::default(),
            talk: None,
            newcomer: None,
            server: 0,
            kept: None,
            place: None,
            give_up: None,
            sent: None,
            stamps: None,
            decoder: Decoder::new(),
            body: Vec::new(),
        }
    }

    /// Prepares for the next request.
    pub(super) fn begin(&mut self, ticket: &Ticket, phase: usize, draw: Draw, talk: Option<Talk>) {
        self.record.begin(
            ticket.id,
            u16::try_from(phase).unwrap_or(u16::MAX),
            ticket.intended,
        );
        self.record.released = ticket.released;
        self.record.estimated_isl = draw.input_tokens;
        self.record.requested_osl = draw.output_tokens;
        self.stamps = None;
        self.said.begin(talk.as_ref().is_some_and(Talk::goes_on));
        self.record.turn = talk.as_ref().map(Talk::place);
        if talk.as_ref().is_none_or(Talk::is_first) {
            self.kept = None;
        }
        self.talk = talk;
        self.place = None;
        self.give_up = ticket.give_up;
        self.sent = None;
    }

    /// Keeps hold of the stamps: they outlive the connection if the request is given up.
    fn observe(&mut self, connection: &Connection) {
        if connection.exchanges() == 0 {
            self.record.connect = Some(connection.times());
        }
        self.stamps = Some(Arc::clone(connection.stamps()));
        if let Some(sent) = &self.sent {
            sent.observe(connection.stamps());
        }
    }

    /// Takes over what only the connection knows.
    pub(super) fn note_start(&mut self) {
        self.record.start = self.stamps.as_ref().and_then(|stamps| stamps.first_write());
    }

    /// Takes over what crossed the socket, when the request has ended.
    pub(super) fn note_socket(&mut self) {
        self.note_start();
        let Some(stamps) = &self.stamps else { return };
        let record = &mut self.record;
        record.first_byte = stamps.first_read().max(record.start);
        // A server may answer before it has all of the request.
        let answered = record.first_byte.zip(stamps.last_write());
        record.sent = answered.map(|(first_byte, written)| written.min(first_byte));
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        record.wire_sent = small(stamps.bytes_written());
        record.wire_received = small(stamps.bytes_read());
        let (kernel, user) = stamps.reads_by_clock();
        record.reads = small(kernel + user);
    }

    /// What becomes of the connection of a request that went well.
    fn give_back(&mut self, client: &Client, reuse: Reuse, response: Response) {
        let goes_on = self.talk.as_ref().is_some_and(Talk::goes_on);
        match reuse {
            Reuse::Sessions if goes_on => self.kept = client.keep(response),
            _ => client.recycle(response),
        }
    }

    pub(super) fn note_end(&mut self, response: &Response) {
        self.record.end = response.stamps().last_read().unwrap_or(self.record.end);
    }
}

/// Sends the request that `scratch` holds and receives its response.
pub(super) async fn exchange(
    shared: &Shared,
    client: &Client,
    counters: &Counters,
    scratch: &mut Scratch,
) -> Result<(), Failure> {
    loop {
        let with_stream_options = shared.with_stream_options();
        let mut response = send(shared, client, scratch, with_stream_options).await?;
        counters.answered(response.connection());
        let status = response.status();
        scratch.record.status = Some(status.as_u16());
        if status.is_success() {
            receive(shared, counters, scratch, &mut response).await?;
            scratch.give_back(client, shared.reuse, response);
            return Ok(());
        }
        let location = headers::location(response.headers()).map(str::to_owned);
        let retry_after = headers::retry_after(response.headers()).map(str::to_owned);
        let body = error_body(&mut response).await;
        scratch.note_end(&response);
        client.recycle(response);
        if !(with_stream_options && refuses_stream_options(status, &body)) {
            // Before it is cut: half a secret would not be known as one.
            let body = shared.secrets.scrub_bytes(&body);
            let failure = Failure::status(status, location.as_deref(), body.as_bytes());
            return Err(failure.retry_after(retry_after.as_deref()));
        }
        // From here on nobody asks for them, so that the loop runs at most once more.
        shared.warnings.add(LoadWarning::StreamOptionsRefused);
    }
}

async fn send(
    shared: &Shared,
    client: &Client,
    scratch: &mut Scratch,
    with_stream_options: bool,
) -> Result<Response, HttpError> {
    let endpoint = &shared.endpoint;
    let body = endpoint.body.fill(&Asked {
        prompt: &scratch.prompt,
        max_tokens: scratch.record.requested_osl,
        with_stream_options,
    });
    scratch.record.images = u32::try_from(scratch.prompt.images.len()).unwrap_or(u32::MAX);
    scratch.record.request_bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let body = Bytes::from(body);
    let (id, server) = (scratch.record.id, scratch.server);
    let session = scratch.talk.as_ref().map_or(id, Talk::number);
    let build = || endpoint.request(server, (id, session), body.clone());
    let response = match shared.reuse {
        Reuse::Sessions => {
            let kept = scratch.kept.take();
            let observe = |connection: &Connection| scratch.observe(connection);
            client.send_on(kept, build, observe).await?
        }
        Reuse::Pooled | Reuse::Never => {
            let observe = |connection: &Connection| scratch.observe(connection);
            client.send(build, observe).await?
        }
    };
    scratch.note_start();
    Ok(response)
}

/// The beginning of an error's body; a broken connection leaves what had arrived.
async fn error_body(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    drop(response.read_to_end(&mut body, MAX_ERROR_BYTES).await);
    body
}

fn refuses_stream_options(status: StatusCode, body: &[u8]) -> bool {
    let refused = matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY
    );
    refused && memchr::memmem::find(body, b"stream_options").is_some()
}

async fn receive(
    shared: &Shared,
    counters: &Counters,
    scratch: &mut Scratch,
    response: &mut Response,
) -> Result<(), Failure> {
    if let Some(coding) = headers::compression(response.headers()) {
        return Err(Failure::compressed(coding));
    }
    if headers::is_event_stream(response.headers(), shared.streaming) {
        return stream::read(&shared.endpoint, counters, scratch, response).await;
    }
    if shared.streaming {
        shared.warnings.add(LoadWarning::NotStreamed);
    }
    whole(&shared.endpoint, scratch, response).await
}

/// A response in one piece.
async fn whole(
    endpoint: &Endpoint,
    scratch: &mut Scratch,
    response: &mut Response,
) -> Result<(), Failure> {
    scratch.body.clear();
    response
        .read_to_end(&mut scratch.body, MAX_BODY_BYTES)
        .await?;
    scratch.note_end(response);
    scratch.record.response_bytes = u32::try_from(scratch.body.len()).unwrap_or(u32::MAX);
    let reply = endpoint.read(&scratch.body, &mut scratch.said)?;
    if reply == Reply::default() {
        return Err(Failure::invalid("neither text nor usage", &scratch.body));
    }
    scratch.record.text(reply.text_bytes);
    scratch.record.finish = reply.finish;
    scratch.record.usage = reply.usage.unwrap_or_default();
    scratch.record.drafts = reply.drafts;
    Ok(())
}
