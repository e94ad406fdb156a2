//! The server and whoever takes it down.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, setsockopt, socket, sockopt,
};

use super::{Outage, Weather};
use crate::certificate::Front;
use crate::config::SimConfig;
use crate::error::SimError;
use crate::sim::Sim;
use crate::truth::{Truth, lock};

/// How long a server that starts again is away.
const AWAY: Duration = Duration::from_millis(500);
/// How often the end of the rehearsal is looked for.
const GLANCE: Duration = Duration::from_millis(20);

/// A simulated server in bad weather. Dropping it stops it.
#[derive(Debug)]
pub struct StagedSim {
    url: String,
    shared: Arc<Shared>,
    director: Option<JoinHandle<()>>,
    /// Before the server, if it speaks TLS.
    _front: Option<Front>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The server, while there is one.
    sim: Mutex<Option<Sim>>,
    /// What the servers before it did.
    past: Mutex<Vec<Truth>>,
    stopping: AtomicBool,
}

impl StagedSim {
    /// Starts a server that behaves as `weather` says. Faults in `config` count no more.
    ///
    /// # Errors
    /// See [`SimError`].
    pub fn start(config: SimConfig, weather: Weather) -> Result<Self, SimError> {
        let wanted = config.bind;
        let mut config = SimConfig {
            faults: weather.faults,
            ..config
        };
        if weather.certificate.is_some() {
            // The front has the address; what is behind it may be anywhere.
            config.bind.set_port(0);
        }
        let sim = Sim::start(config.clone())?;
        // Whoever comes after this server gets the same address.
        config.bind = sim.addr();
        let listen = |source| SimError::Listen {
            addr: wanted,
            source,
        };
        let front = weather
            .certificate
            .map(|certificate| Front::start(wanted, sim.addr(), certificate))
            .transpose()
            .map_err(listen)?;
        let url = match &front {
            Some(front) => format!("https://{}", front.addr()),
            None => sim.url(),
        };
        let shared = Arc::new(Shared::default());
        *lock(&shared.sim) = Some(sim);
        let mut staged = Self {
            url,
            shared,
            director: None,
            _front: front,
        };
        if let Some(outage) = weather.outage {
            staged.direct(outage, config)?;
        }
        Ok(staged)
    }

    fn direct(&mut self, outage: Outage, config: SimConfig) -> Result<(), SimError> {
        if outage == Outage::Refuse(0) {
            self.shared.take_down();
        }
        let shared = Arc::clone(&self.shared);
        let directed = move || shared.direct(outage, config);
        let thread = thread::Builder::new().name("aiperf-sim-outage".to_owned());
        self.director = Some(thread.spawn(directed).map_err(SimError::EventLoop)?);
        Ok(())
    }

    /// `http://` or `https://` and the address, without a final slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it. What happened, one entry for each time that it ran.
    pub fn stop(mut self) -> Vec<Truth> {
        self.join();
        std::mem::take(&mut lock(&self.shared.past))
    }

    fn join(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        if let Some(director) = self.director.take() {
            director.join().ok();
        }
        self.shared.take_down();
    }
}

impl Drop for StagedSim {
    fn drop(&mut self) {
        self.join();
    }
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn take_down(&self) {
        let sim = lock(&self.sim).take();
        if let Some(sim) = sim {
            lock(&self.past).push(sim.stop());
        }
    }

    fn direct(&self, outage: Outage, config: SimConfig) {
        let (Outage::Refuse(after) | Outage::Restart(after)) = outage;
        while !self.is_stopping() {
            let sim = lock(&self.sim);
            let reached = |sim: &Sim| sim.wait_until(GLANCE, |totals| totals.finished >= after);
            if sim.as_ref().is_none_or(reached) {
                break;
            }
        }
        let address = config.bind;
        self.take_down();
        let held = hold(address);
        let since = Instant::now();
        while !self.is_stopping() && (outage != Outage::Restart(after) || since.elapsed() < AWAY) {
            thread::sleep(GLANCE);
        }
        drop(held);
        if !self.is_stopping() {
            // Should somebody have taken the port meanwhile, the server stays away.
            *lock(&self.sim) = Sim::start(config).ok();
        }
    }
}

/// Keeps the address for us; whoever connects to it is refused.
fn hold(address: SocketAddr) -> nix::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let held = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&held, sockopt::ReuseAddr, &true)?;
    bind(
        std::os::fd::AsRawFd::as_raw_fd(&held),
        &SockaddrStorage::from(address),
    )?;
    Ok(held)
}
