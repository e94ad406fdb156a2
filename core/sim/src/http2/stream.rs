//! A stream, as a connection of HTTP/1.1 writes to it.

use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};

use super::core::{Core, nobody};
use super::translate::{Part, Translator};
use crate::truth::lock;
use crate::worker::Worker;

/// The way of one answer. Dropped before its end, it resets the stream.
#[derive(Debug)]
pub(crate) struct StreamWire {
    core: Arc<Mutex<Core>>,
    translator: Translator,
    answer: Answer,
}

#[derive(Debug)]
struct Answer {
    respond: SendResponse<Bytes>,
    /// Once the head was sent.
    body: Option<SendStream<Bytes>>,
    is_complete: bool,
}

impl StreamWire {
    pub(super) fn new(core: Arc<Mutex<Core>>, respond: SendResponse<Bytes>) -> Self {
        Self {
            core,
            translator: Translator::new(),
            answer: Answer {
                respond,
                body: None,
                is_complete: false,
            },
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.answer.room(bytes.len());
        if room == 0 || lock(&self.core).is_full() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = bytes.get(..room).unwrap_or(bytes);
        let Self {
            translator, answer, ..
        } = self;
        let mut outcome = Ok(());
        translator.push(taken, |part| {
            if outcome.is_ok() {
                outcome = answer.send(part);
            }
        });
        lock(&self.core).drive();
        // The client does not want it.
        outcome.map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(taken.len())
    }

    pub(crate) fn watch(&self, worker: &Worker) {
        lock(&self.core).watch(worker);
    }

    /// Whether the client has given the stream up.
    pub(crate) fn is_reset(&mut self) -> bool {
        let Answer { respond, body, .. } = &mut self.answer;
        match body {
            Some(body) => body.poll_reset(&mut nobody()).is_ready(),
            None => respond.poll_reset(&mut nobody()).is_ready(),
        }
    }

    /// Ends this stream and all others of the connection.
    pub(crate) fn give_up_all(&self) {
        lock(&self.core).give_up();
    }

    /// Tells the client that the request was not looked at.
    pub(crate) fn refuse(&mut self) {
        self.answer.reset(Reason::REFUSED_STREAM);
    }
}

impl Answer {
    /// How many of `bytes` may be sent now.
    fn room(&mut self, bytes: usize) -> usize {
        let Some(body) = &mut self.body else {
            return bytes;
        };
        body.reserve_capacity(bytes);
        body.capacity().min(bytes)
    }

    fn send(&mut self, part: Part) -> Result<(), h2::Error> {
        match part {
            Part::Head(head) => self.body = Some(self.respond.send_response(head, false)?),
            Part::Data(data) => {
                if let Some(body) = &mut self.body {
                    body.send_data(data.into(), false)?;
                }
            }
            Part::End => {
                if let Some(body) = &mut self.body {
                    body.send_data(Bytes::new(), true)?;
                }
                self.is_complete = true;
            }
        }
        Ok(())
    }

    fn reset(&mut self, reason: Reason) {
        if !std::mem::replace(&mut self.is_complete, true) {
            match &mut self.body {
                Some(body) => body.send_reset(reason),
                None => self.respond.send_reset(reason),
            }
        }
    }
}

impl Drop for StreamWire {
    fn drop(&mut self) {
        self.answer.reset(Reason::INTERNAL_ERROR);
        lock(&self.core).drive();
    }
}
