//! HTTP client with time stamps taken at the socket, shared by the load generator and the
//! metrics scraper.
//!
//! [`Connector`] opens connections to one [`Origin`], [`Connection`] carries one request at a time,
//! [`Client`] keeps idle connections as long as the server is known to, and applies the one rule
//! for resending. [`Stamps`] say when the first byte of a request was written and when the bytes of
//! a response arrived, on the monotonic clock of [`Clock`].

mod client;
mod clock;
mod connect;
mod connection;
mod error;
mod http1;
mod http2;
mod origin;
mod proxy;
#[cfg(target_os = "linux")]
mod recv;
mod reuse;
mod secret;
mod stamped;
mod stamps;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tls;
mod transport;
mod version;

pub use client::{Client, Idle, Reuse};
pub use clock::{Clock, Moment, MonoNs, thread_cpu};
pub use connect::{ConnectOptions, ConnectTimes, Connector};
pub use connection::{Chunk, Connection, Response};
pub use error::{ErrorClass, HttpError};
pub use origin::{Origin, Scheme};
pub use proxy::{Proxies, Proxy, ProxyOptions};
pub use secret::Secret;
pub use stamped::{ClockSource, prepare_kernel_stamps};
pub use stamps::Stamps;
pub use tls::{Tls, TlsOptions, TlsSession};
pub use version::HttpVersion;

/// Headers that say how long a request is: with another length the server waits for what never comes.
pub(crate) const FRAMING: [http::HeaderName; 2] = [
    http::header::CONTENT_LENGTH,
    http::header::TRANSFER_ENCODING,
];
