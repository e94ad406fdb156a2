//! An HTTP/2 connection and what drives it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::SendRequest;

use super::error;
use super::ledger::Ledger;
use super::wire::Wire;
use crate::http::clock::{Clock, MonoNs};
use crate::http::connect::ConnectTimes;
use crate::http::error::HttpError;
use crate::http::stamped::ClockSource;
use crate::http::stamps::Stamps;
use crate::http::transport::Transport;

type Driver = h2::client::Connection<Wire, Bytes>;

/// Bytes that the server may send before we have read any of them, for a stream and for all of them: the
/// most that there is. What holds a stream back is never this client.
const WINDOW: u32 = (1 << 31) - 1;
/// Heads of responses may have this many bytes.
const MAX_HEAD_BYTES: u32 = 256 * 1024;
/// Streams that were given up, whose last frames are still expected.
const GIVEN_UP_STREAMS: usize = 4096;

/// An open connection. It closes when all handles that can send have been dropped, and their streams.
///
/// A task of its own drives it, which those who send help: their first bytes leave without waiting for
/// that task's turn.
#[derive(Debug)]
pub(in crate::http) struct Session {
    /// `None` once the connection is closed.
    driver: Mutex<Option<Box<Driver>>>,
    /// Of the task that drives it.
    waker: OnceLock<Waker>,
    pub(super) ledger: Arc<Ledger>,
    /// Of the stream under it.
    stamps: Arc<Stamps>,
    pub(super) source: ClockSource,
    pub(super) url: Arc<str>,
    pub(super) times: ConnectTimes,
    clock: Clock,
    /// Exchanges begun.
    exchanges: AtomicU64,
}

impl Session {
    /// Begins to speak HTTP/2, and waits until the server does.
    ///
    /// # Errors
    /// `no_http2` if it speaks HTTP/1, else as any exchange.
    pub(super) async fn open(
        transport: Transport,
        clock: Clock,
        url: Arc<str>,
        times: ConnectTimes,
    ) -> Result<(Arc<Self>, SendRequest<Bytes>), HttpError> {
        let ledger = Arc::<Ledger>::default();
        let (stamps, source) = (Arc::clone(transport.stamps()), transport.source());
        let wire = Wire::new(
            transport,
            Arc::clone(&ledger),
            clock.clone(),
            Arc::clone(&url),
        );
        let handshake = h2::client::Builder::new()
            .enable_push(false)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_header_list_size(MAX_HEAD_BYTES)
            .max_concurrent_reset_streams(GIVEN_UP_STREAMS)
            .max_local_error_reset_streams(None)
            // Tokens are small frames by nature, and read as they come.
            .data_frame_budget(usize::MAX)
            .handshake::<_, Bytes>(wire);
        let (sender, driver) = handshake
            .await
            .map_err(|cause| error::ungreeted(&url, &cause, &ledger.state()))?;
        let session = Arc::new(Self {
            driver: Mutex::new(Some(Box::new(driver))),
            waker: OnceLock::new(),
            ledger,
            stamps,
            source,
            url,
            times,
            clock,
            exchanges: AtomicU64::new(0),
        });
        session.greeted().await?;
        let shared = Arc::clone(&session);
        tokio::spawn(poll_fn(move |cx| shared.drive_on(cx)));
        Ok((session, sender))
    }

    async fn greeted(&self) -> Result<(), HttpError> {
        poll_fn(|cx| {
            let ended = self.poll_driver(cx);
            let state = self.ledger.state();
            match ended {
                _ if state.is_http1 => Poll::Ready(Err(error::other_version(&self.url))),
                Poll::Ready(Err(cause)) => {
                    Poll::Ready(Err(error::ungreeted(&self.url, &cause, &state)))
                }
                Poll::Ready(Ok(())) => {
                    let closed = error::closed(&self.url, &state);
                    Poll::Ready(Err(error::perhaps_http1(closed)))
                }
                Poll::Pending if state.greeted => Poll::Ready(Ok(())),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Drives the connection to its end.
    fn drive_on(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.get_or_init(|| cx.waker().clone());
        // Those who have streams are told of an error.
        self.poll_driver(cx).map(|_| ())
    }

    /// Moves the connection forward on behalf of the task that drives it.
    pub(super) fn help(&self) {
        // Before that task has begun it is about to.
        if let Some(waker) = self.waker.get() {
            // Its end is noted in the place of the driver.
            drop(self.poll_driver(&mut Context::from_waker(waker)));
        }
    }

    fn poll_driver(&self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        // Broken only by a panic of what is driven, which is then polled no more.
        let mut place = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(driver) = place.as_mut() else {
            return Poll::Ready(Ok(()));
        };
        let polled = Pin::new(&mut **driver).poll(cx);
        if polled.is_ready() {
            *place = None;
        }
        polled
    }

    /// Asks the socket of a connection whether the server has closed it, whatever the runtime believes.
    pub(super) fn still_open(&self) -> bool {
        self.stamps.distrust_readiness();
        self.help();
        self.is_open()
    }

    /// Whether new streams can be begun.
    pub(super) fn is_open(&self) -> bool {
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        driver.is_some() && self.ledger.takes_more()
    }

    pub(super) fn now(&self) -> MonoNs {
        self.clock.now()
    }

    /// Exchanges that this connection has begun.
    pub(super) fn exchanges(&self) -> u64 {
        self.exchanges.load(Relaxed)
    }

    /// Counts an exchange, and returns how many there are.
    pub(super) fn begin_exchange(&self) -> u64 {
        self.exchanges.fetch_add(1, Relaxed) + 1
    }
}
