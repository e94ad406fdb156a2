//! Servers that go away, and certificates that nobody must trust.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use aiperf_sim::{SimConfig, StagedSim, Weather};

use crate::client::{Client, PATIENCE, fast};

fn staged(faults: &[&str]) -> StagedSim {
    let mut weather = Weather::default();
    for fault in faults {
        weather.add(fault).unwrap();
    }
    StagedSim::start(fast(), weather).unwrap()
}

fn address(sim: &StagedSim) -> SocketAddr {
    let (_, address) = sim.url().split_once("://").unwrap();
    address.parse().unwrap()
}

/// Asks until `done` says so of the attempt to connect.
fn await_connect(address: SocketAddr, done: impl Fn(&std::io::Result<TcpStream>) -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !done(&TcpStream::connect(address)) {
        assert!(Instant::now() < give_up);
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn is_refused(connected: &std::io::Result<TcpStream>) -> bool {
    matches!(connected, Err(error) if error.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn connections_can_be_refused_from_the_start() {
    let sim = staged(&["refuse"]);
    assert!(is_refused(&TcpStream::connect(address(&sim))));
    assert_eq!(sim.stop().len(), 1);
}

#[test]
fn a_server_can_die_and_come_back() {
    let sim = staged(&["restart:after=2"]);
    let address = address(&sim);
    for _ in 0..2 {
        assert_eq!(Client::connect_to(address).chat("").unwrap().status, 200);
    }
    await_connect(address, is_refused);
    await_connect(address, Result::is_ok);
    assert_eq!(Client::connect_to(address).chat("").unwrap().status, 200);
    let completed = sim.stop().into_iter().map(|truth| truth.totals.completed);
    assert_eq!(completed.collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn a_certificate_does_not_change_the_address() {
    let mut weather = Weather::default();
    weather.add("certificate-expired").unwrap();
    let sim = StagedSim::start(SimConfig::default(), weather).unwrap();
    assert!(sim.url().starts_with("https://127.0.0.1:"), "{}", sim.url());
    let again = StagedSim::start(
        SimConfig {
            bind: address(&sim),
            ..fast()
        },
        weather,
    );
    assert!(again.is_err(), "the address is taken");
    // Plain bytes are answered with an alert and the end of the connection.
    let mut client = Client::connect_to(address(&sim));
    assert!(client.write(b"GET / HTTP/1.1\r\n\r\n").is_ok());
    assert_eq!(client.byte().unwrap(), 21);
    assert_eq!(sim.stop().len(), 1);
}
