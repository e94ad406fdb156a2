//! Opening connections: name resolution, TCP, TLS, with the time each of them took.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use super::clock::{Clock, MonoNs};
use super::connection::{Connection, Link};
use super::error::{ErrorClass, HttpError, root_text};
use super::http1::Http1;
use super::http2::{self, Http2};
use super::origin::{Origin, Scheme};
use super::proxy::{self, Forwarded};
use super::stamped::{ClockSource, Stamped, enable_stamps};
use super::tls::{TlsSession, handshake_error};
use super::transport::Transport;
use super::version::{self, HttpVersion};

/// What to do about HTTP/2 through a proxy that forwards requests.
const FORWARDED: &str =
    "use `--http-version 1.1`, `https://`, or name the host in `[proxy]` `exclude`";

/// How connections are opened.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Limit for name resolution, TCP and TLS together.
    pub timeout: Duration,
    /// Ask the kernel for receive times; without it (and off Linux) our own clock serves.
    pub kernel_stamps: bool,
    /// Needed for `https` only.
    pub tls: Option<TlsSession>,
    /// Where connections go instead of to the server itself.
    pub proxy: Option<Origin>,
    /// What they speak.
    pub version: HttpVersion,
}

/// What opening a connection took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectTimes {
    /// Name resolution; `None` for an address, or a name that was resolved before.
    pub dns: Option<Duration>,
    /// TCP handshake; for `https` through a proxy, the proxy's too.
    pub tcp: Duration,
    /// TLS handshake; `None` for `http`.
    pub tls: Option<Duration>,
}

impl ConnectTimes {
    /// All of it.
    pub fn total(&self) -> Duration {
        self.dns.unwrap_or_default() + self.tcp + self.tls.unwrap_or_default()
    }
}

/// Opens connections to one server. Remembers its addresses until connecting to them fails.
#[derive(Debug)]
pub struct Connector {
    origin: Origin,
    url: Arc<str>,
    forwarded: Option<Arc<Forwarded>>,
    options: ConnectOptions,
    clock: Clock,
    resolved: Mutex<Option<Arc<[SocketAddr]>>>,
}

impl Connector {
    /// A connector for `origin`; nothing is opened yet.
    ///
    /// # Errors
    /// [`ErrorClass::Tls`] if `origin` is `https` and no TLS configuration is given;
    /// [`ErrorClass::NoHttp2`] for HTTP/2 through a proxy that forwards requests.
    pub fn new(
        origin: Origin,
        mut options: ConnectOptions,
        clock: Clock,
    ) -> Result<Self, HttpError> {
        let url: Arc<str> = origin.to_string().into();
        if origin.scheme() == Scheme::Https && options.tls.is_none() {
            return Err(HttpError::new(
                ErrorClass::Tls,
                url,
                "no TLS configuration was given",
            ));
        }
        let is_plain = origin.scheme() == Scheme::Http;
        if is_plain && options.version == HttpVersion::Http2 && options.proxy.is_some() {
            let detail = "the proxy forwards requests to it in HTTP/1.1";
            let error = HttpError::new(ErrorClass::NoHttp2, url, detail);
            return Err(error.advise(FORWARDED));
        }
        options.tls = options.tls.map(|tls| tls.offering(options.version));
        let forwarded = options.proxy.as_ref().filter(|_| is_plain);
        let forwarded = forwarded.map(|proxy| Arc::new(Forwarded::new(&origin, proxy)));
        Ok(Self {
            origin,
            url,
            forwarded,
            options,
            clock,
            resolved: Mutex::new(None),
        })
    }

    /// The server that this connector opens connections to.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Opens a connection that is ready for a request.
    ///
    /// # Errors
    /// `dns`, `connect_refused`, `connect_timeout`, `connect`, `tls` or `protocol`.
    pub async fn connect(&self) -> Result<Connection, HttpError> {
        let limit = self.options.timeout;
        match tokio::time::timeout(limit, self.open()).await {
            Ok(opened) => opened,
            Err(_elapsed) => {
                let detail = format!("waited {limit:?}");
                Err(HttpError::new(
                    ErrorClass::ConnectTimeout,
                    Arc::clone(&self.url),
                    detail,
                ))
            }
        }
    }

    async fn open(&self) -> Result<Connection, HttpError> {
        let mut times = ConnectTimes::default();
        let addresses = self.addresses(&mut times).await?;
        let began = self.clock.now();
        let (stream, source) = match self.tcp(&addresses).await {
            Ok(opened) => opened,
            Err(error) => {
                *self.resolved.lock().await = None;
                return Err(self.unreached(|url| HttpError::from_connect(url, &error)));
            }
        };
        let mut stamped = Stamped::new(stream, self.clock.clone(), source);
        if let (Some(proxy), None) = (&self.options.proxy, &self.forwarded) {
            proxy::tunnel(&mut stamped, &self.origin, proxy).await?;
        }
        times.tcp = self.elapsed(began);
        let transport = match &self.options.tls {
            Some(tls) if self.origin.scheme() == Scheme::Https => {
                let began = self.clock.now();
                let stream = self.tls(tls, stamped).await?;
                times.tls = Some(self.elapsed(began));
                stream
            }
            _ => Transport::Plain(stamped),
        };
        let url = Arc::clone(&self.url);
        Ok(Connection::new(if self.speaks_http2(&transport)? {
            Link::Http2(Http2::handshake(transport, self.clock.clone(), url, times).await?)
        } else {
            let forwarded = self.forwarded.clone();
            Link::Http1(Http1::handshake(transport, url, times, forwarded).await?)
        }))
    }

    /// Which version is spoken over `transport`.
    fn speaks_http2(&self, transport: &Transport) -> Result<bool, HttpError> {
        let is_agreed = transport.protocol() == Some(version::HTTP2);
        match (self.options.version, transport) {
            (HttpVersion::Http1, _) | (HttpVersion::Auto, Transport::Plain(_)) => Ok(false),
            (HttpVersion::Http2, Transport::Plain(_)) => Ok(true),
            (HttpVersion::Auto, Transport::Tls(_)) => Ok(is_agreed),
            (HttpVersion::Http2, Transport::Tls(_)) if is_agreed => Ok(true),
            (HttpVersion::Http2, Transport::Tls(_)) => Err(http2::error::not_agreed(&self.url)),
        }
    }

    /// Who is connected to: the proxy, else the server.
    fn peer(&self) -> &Origin {
        self.options.proxy.as_ref().unwrap_or(&self.origin)
    }

    /// An error about who is connected to.
    fn unreached(&self, error: impl FnOnce(&Arc<str>) -> HttpError) -> HttpError {
        match &self.options.proxy {
            Some(proxy) => error(&proxy.to_string().into()).advise(proxy::ADVICE),
            None => error(&self.url),
        }
    }

    /// The lock is held while resolving, so that a burst of connections resolves once.
    async fn addresses(&self, times: &mut ConnectTimes) -> Result<Arc<[SocketAddr]>, HttpError> {
        let mut resolved = self.resolved.lock().await;
        if let Some(addresses) = &*resolved {
            return Ok(Arc::clone(addresses));
        }
        let (host, port) = (self.peer().host(), self.peer().port());
        let addresses: Arc<[SocketAddr]> = if let Ok(address) = host.parse::<IpAddr>() {
            Arc::new([SocketAddr::new(address, port)])
        } else {
            let began = self.clock.now();
            let found = lookup_host((host, port)).await.map_err(|error| {
                let detail = root_text(&error);
                self.unreached(|url| HttpError::new(ErrorClass::Dns, Arc::clone(url), detail))
            })?;
            times.dns = Some(self.elapsed(began));
            found.collect()
        };
        *resolved = Some(Arc::clone(&addresses));
        Ok(addresses)
    }

    /// Tries the addresses in the resolver's order; `localhost` may listen on one of two only.
    async fn tcp(&self, addresses: &[SocketAddr]) -> io::Result<(TcpStream, ClockSource)> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host name has no address");
        for &address in addresses {
            match self.tcp_to(address).await {
                Ok(opened) => return Ok(opened),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn tcp_to(&self, address: SocketAddr) -> io::Result<(TcpStream, ClockSource)> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        }?;
        socket.set_nodelay(true)?;
        let source = if self.options.kernel_stamps {
            enable_stamps(&socket)
        } else {
            ClockSource::User
        };
        Ok((socket.connect(address).await?, source))
    }

    async fn tls(&self, session: &TlsSession, stream: Stamped) -> Result<Transport, HttpError> {
        let TlsSession { config, name } = session.clone();
        let expected = name.to_str().into_owned();
        let stream = TlsConnector::from(config)
            .connect(name, stream)
            .await
            .map_err(|error| handshake_error(&self.url, &expected, &error))?;
        Ok(Transport::Tls(Box::new(stream)))
    }

    /// The current time on the clock that stamps the connections.
    pub(super) fn now(&self) -> MonoNs {
        self.clock.now()
    }

    fn elapsed(&self, began: MonoNs) -> Duration {
        self.clock.now().until(began)
    }
}
