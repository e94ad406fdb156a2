//! Streams: what their events say, and when each came.

use std::time::Duration;

use tokio::time::timeout;

use super::endpoint::{Endpoint, Said};
use super::exchange::Scratch;
use super::failure::{Failure, FailureClass};
use super::progress::Counters;
use super::record::RequestRecord;
use super::sse::Event;
use crate::http::{Chunk, HttpError, Response};

/// A streamed response may have this many bytes: millions of tokens. One that never ends would
/// otherwise fill the memory with the times of its tokens until it meets the timeout.
const MAX_STREAM_BYTES: u64 = 1 << 30;

/// How long the end of a response may lag behind its `[DONE]`. The answer is complete then, so that a
/// server that leaves the stream open costs a connection and not the request.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// A response token by token.
pub(super) async fn read(
    endpoint: &Endpoint,
    counters: &Counters,
    scratch: &mut Scratch,
    response: &mut Response,
) -> Result<(), Failure> {
    let mut reader = StreamReader {
        endpoint,
        counters,
        left: MAX_STREAM_BYTES,
        has_events: false,
        done: false,
        said_something: false,
    };
    scratch.decoder.reset();
    while let Some(chunk) = next_chunk(response, reader.done).await {
        let chunk = chunk?;
        reader.chunk(&chunk, scratch)?;
    }
    scratch.note_end(response);
    let record = &scratch.record;
    let is_over = reader.done || record.finish.is_some();
    if is_over || (endpoint.ends_with_the_body() && reader.said_something) {
        return Ok(());
    }
    let message = if reader.has_events {
        "the stream ended without `[DONE]` and without a finish reason"
    } else {
        "the response should be a stream of events, and holds none; check `--endpoint`"
    };
    Err(Failure::new(FailureClass::IncompleteStream, message))
}

async fn next_chunk(response: &mut Response, done: bool) -> Option<Result<Chunk, HttpError>> {
    if !done {
        return response.chunk().await;
    }
    timeout(END_TIMEOUT, response.chunk()).await.unwrap_or(None)
}

/// Turns chunks of a stream into what is recorded.
struct StreamReader<'a> {
    endpoint: &'a Endpoint,
    counters: &'a Counters,
    /// Bytes that may still come.
    left: u64,
    has_events: bool,
    /// `[DONE]`, or what the API has for it, has come.
    done: bool,
    /// At least one event has come.
    said_something: bool,
}

impl StreamReader<'_> {
    fn chunk(&mut self, chunk: &Chunk, scratch: &mut Scratch) -> Result<(), Failure> {
        self.left = self
            .left
            .checked_sub(chunk.bytes.len() as u64)
            .ok_or_else(Failure::endless)?;
        let Scratch {
            decoder,
            record,
            said,
            place,
            ..
        } = scratch;
        let bytes = u32::try_from(chunk.bytes.len()).unwrap_or(u32::MAX);
        record.response_bytes = record.response_bytes.saturating_add(bytes);
        let had_tokens = record.first_token.is_some();
        let mut outcome = Ok(());
        let fed = decoder.feed(&chunk.bytes, |event| {
            if outcome.is_ok() {
                outcome = self.event(event, chunk, record, said);
            }
        });
        if let (false, Some(first)) = (had_tokens, record.first_token) {
            *place = None;
            record.first_token_lag_ns = u32::try_from(chunk.lag_ns).unwrap_or(u32::MAX);
            self.counters
                .first_token(first.since(record.start.unwrap_or(first)));
        }
        outcome?;
        fed.map_err(|error| Failure::new(FailureClass::InvalidResponse, error.to_string()))
    }

    fn event(
        &mut self,
        event: Event<'_>,
        chunk: &Chunk,
        record: &mut RequestRecord,
        said: &mut Said,
    ) -> Result<(), Failure> {
        self.has_events = true;
        if event.data == b"[DONE]" {
            self.done = true;
            return Ok(());
        }
        if event.kind == b"error" {
            return Err(self.error_event(event));
        }
        let reply = self.endpoint.read(event.data, said)?;
        self.said_something = true;
        self.done |= reply.ends;
        record.finish = reply.finish.or(record.finish);
        if let Some(usage) = reply.usage {
            record.usage.update(usage);
        }
        record.drafts = reply.drafts.or(record.drafts);
        if reply.text_bytes > 0 {
            record.token(chunk.arrived, reply.text_bytes);
            self.counters.chunk();
            if reply.text_bytes > reply.reasoning_bytes {
                record.first_output.get_or_insert(chunk.arrived);
            }
            if record.chunks == 1 {
                record.first_chunk_tokens = reply.usage.and_then(|usage| usage.completion_tokens);
            }
        }
        Ok(())
    }

    /// An event that calls itself an error is one, whatever its data looks like.
    fn error_event(&self, event: Event<'_>) -> Failure {
        match self.endpoint.read(event.data, &mut Said::default()) {
            Err(failure) if failure.class == FailureClass::StreamError => failure,
            _ => Failure::stream_error(event.data),
        }
    }
}
