//! The stream under an HTTP/2 connection, which keeps the book about it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::ledger::{Ledger, Write};
use super::walker::{PREFACE_BYTES, Walker};
use crate::http::clock::{Clock, MonoNs};
use crate::http::error::HttpError;
use crate::http::stamps::Arrival;
use crate::http::transport::Transport;

/// A transport whose frames are noted, those of TLS after decryption.
#[derive(Debug)]
pub(super) struct Wire {
    transport: Transport,
    inbound: Walker<Arrival>,
    outbound: Walker<Write>,
    ledger: Arc<Ledger>,
    clock: Clock,
    url: Arc<str>,
}

impl Wire {
    pub(super) fn new(
        transport: Transport,
        ledger: Arc<Ledger>,
        clock: Clock,
        url: Arc<str>,
    ) -> Self {
        Self {
            transport,
            inbound: Walker::new(0),
            outbound: Walker::new(PREFACE_BYTES),
            ledger,
            clock,
            url,
        }
    }

    /// A write that began then, and is over.
    fn written(&self, began: MonoNs) -> Write {
        Write {
            began,
            done: self.clock.now(),
        }
    }

    fn noted<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &outcome {
            // What is above keeps less of it.
            self.ledger.broke(HttpError::from_io(&self.url, error));
        }
        outcome
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let (ledger, inbound) = (&this.ledger, &mut this.inbound);
        let stamps = Arc::clone(this.transport.stamps());
        let read = this
            .transport
            .poll_read_to(cx, buffer.remaining(), |bytes| {
                if bytes.is_empty() {
                    ledger.ended();
                } else {
                    ledger.came(inbound, bytes, stamps.last_arrival());
                    buffer.put_slice(bytes);
                }
            });
        read.map(|outcome| this.noted(outcome))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let began = this.clock.now();
        let outcome = ready!(rt::Write::poll_write(
            Pin::new(&mut this.transport),
            cx,
            bytes
        ));
        let written = this.noted(outcome)?;
        let written_bytes = bytes.get(..written).unwrap_or(bytes);
        let write = this.written(began);
        this.ledger.sent(&mut this.outbound, written_bytes, write);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let began = this.clock.now();
        let transport = Pin::new(&mut this.transport);
        let outcome = ready!(rt::Write::poll_write_vectored(transport, cx, parts));
        let written = this.noted(outcome)?;
        let write = this.written(began);
        let mut left = written;
        for part in parts {
            let gone = part.get(..left).unwrap_or(part);
            let outbound = &mut this.outbound;
            this.ledger.sent(outbound, gone, write);
            left -= gone.len();
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        rt::Write::is_write_vectored(&self.transport)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = ready!(rt::Write::poll_flush(Pin::new(&mut this.transport), cx));
        Poll::Ready(this.noted(outcome))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        rt::Write::poll_shutdown(Pin::new(&mut self.get_mut().transport), cx)
    }
}
