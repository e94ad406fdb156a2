//! TLS in front of a server, with a certificate that clients must not trust.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// The authority behind all of them, for clients that are to trust it.
pub const AUTHORITY: &str = include_str!("../certificates/authority.pem");

const KEY: &str = include_str!("../certificates/server-key.pem");

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// Nothing but that a private [`AUTHORITY`] signed it.
    Unknown,
    /// It was valid until 2020.
    Expired,
    /// It is for another host.
    OtherHost,
}

impl Certificate {
    fn pem(self) -> &'static str {
        match self {
            Self::Unknown => include_str!("../certificates/server.pem"),
            Self::Expired => include_str!("../certificates/expired.pem"),
            Self::OtherHost => include_str!("../certificates/elsewhere.pem"),
        }
    }

    fn acceptor(self) -> io::Result<TlsAcceptor> {
        let certificate = CertificateDer::from_pem_slice(self.pem().as_bytes());
        let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.map_err(io::Error::other)?],
                key.map_err(io::Error::other)?,
            )
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Takes TLS off on a thread of its own. Dropping it ends that, and all connections.
#[derive(Debug)]
pub(crate) struct Front {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Front {
    /// Listens on `bind` and passes on to `server`.
    pub(crate) fn start(
        bind: SocketAddr,
        server: SocketAddr,
        certificate: Certificate,
    ) -> io::Result<Self> {
        let acceptor = certificate.acceptor()?;
        let listener = TcpListener::bind(bind)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("aiperf-sim-tls".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = stopped => {}
                        _ = serve(listener, server, acceptor) => {}
                    }
                });
            })?;
        Ok(Self {
            addr,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell.
            thread.join().ok();
        }
    }
}

async fn serve(listener: TcpListener, server: SocketAddr, acceptor: TlsAcceptor) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // A client that does not like the certificate hangs up.
            if let Ok(mut plain) = acceptor.accept(stream).await
                && let Ok(mut server) = TcpStream::connect(server).await
            {
                copy_bidirectional(&mut plain, &mut server).await.ok();
            }
        });
    }
}
