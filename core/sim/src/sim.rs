//! Starting and stopping.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::socket::{Backlog, listen};

use crate::config::SimConfig;
use crate::error::SimError;
use crate::event_loop::EventLoop;
use crate::faults::Faults;
use crate::shared::Shared;
use crate::truth::{Totals, Truth};

/// Connections that may wait to be accepted; the standard library's 128 loses some of a burst.
const BACKLOG: i32 = 4096;

/// A running simulated server. Dropping it stops it.
#[derive(Debug)]
pub struct Sim {
    shared: Arc<Shared>,
    addr: SocketAddr,
    threads: Vec<JoinHandle<()>>,
}

impl Sim {
    /// Binds and serves; requests are accepted when this returns.
    ///
    /// # Errors
    /// See [`SimError`]: an invalid setting, an address in use, a truth log that cannot be created.
    pub fn start(config: SimConfig) -> Result<Self, SimError> {
        config.validate()?;
        let (listener, addr) = bind(config.bind).map_err(|source| SimError::Listen {
            addr: config.bind,
            source,
        })?;
        let shared = Arc::new(Shared::new(config)?);
        let mut sim = Self {
            shared,
            addr,
            threads: Vec::new(),
        };
        let mut listener = Some(listener);
        for index in 0..sim.shared.config.threads {
            let event_loop = EventLoop::new(Arc::clone(&sim.shared), index, listener.take())
                .map_err(|errno| SimError::EventLoop(errno.into()))?;
            let thread = thread::Builder::new()
                .name(format!("aiperf-sim-{index}"))
                .spawn(move || event_loop.run())
                .map_err(SimError::EventLoop)?;
            sim.threads.push(thread);
        }
        Ok(sim)
    }

    /// `http://` and the address, without a final slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What happened so far. A request whose answer a client has in full is included.
    pub fn truth(&self) -> Truth {
        self.shared.truth.snapshot()
    }

    /// Waits until the totals satisfy `reached`; false if `timeout` passes first.
    ///
    /// For what has no answer to wait for, such as a hang-up being noticed.
    pub fn wait_until(&self, timeout: Duration, mut reached: impl FnMut(&Totals) -> bool) -> bool {
        self.shared.truth.wait_until(timeout, &mut reached)
    }

    /// Replaces the faults, from the next request on.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.set_faults(faults);
    }

    /// Closes all connections, cutting the requests still open, and returns the final truth.
    pub fn stop(mut self) -> Truth {
        self.join();
        self.truth()
    }

    fn join(&mut self) {
        self.shared.stop();
        for thread in self.threads.drain(..) {
            // A loop that panicked has nothing to add; the truth of its requests stands.
            thread.join().ok();
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.join();
    }
}

fn bind(addr: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(addr)?;
    listen(&listener, Backlog::new(BACKLOG)?)?;
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}
