//! Proxies that are none, or not for everybody. What they let through reaches the simulated server.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::case::ProxyFault;

/// Requests that a proxy lets through before it cuts them.
const GOOD: usize = 5;
/// What is left of an answer.
const CUT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {\"id\"";

/// Starts a proxy before the server at `server` and returns its address.
pub(crate) fn start(fault: ProxyFault, server: &str) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    if fault == ProxyFault::Absent {
        return Ok(address);
    }
    let server = server.trim_start_matches("http://").to_owned();
    let sent = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let (server, sent) = (server.clone(), Arc::clone(&sent));
            // A client that has hung up is none of the proxy's business.
            thread::spawn(move || serve(client, fault, &server, &sent).ok());
        }
    });
    Ok(address)
}

fn serve(
    mut client: TcpStream,
    fault: ProxyFault,
    server: &str,
    sent: &AtomicUsize,
) -> io::Result<()> {
    let head = read_head(&mut client)?;
    match fault {
        ProxyFault::Absent => Ok(()),
        ProxyFault::Login => {
            client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n")?;
            client.write_all(b"proxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n")
        }
        ProxyFault::Refuses => {
            client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
        }
        ProxyFault::Garbage => client.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        ProxyFault::Silent => client.read_to_end(&mut Vec::new()).map(drop),
        ProxyFault::Cuts => {
            if head.starts_with("POST") && sent.fetch_add(1, Ordering::Relaxed) >= GOOD {
                client.write_all(CUT)?;
                return client.shutdown(Shutdown::Both);
            }
            pass(client, &head, server)
        }
    }
}

fn read_head(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// One request a connection, so that each of them is seen.
fn pass(mut client: TcpStream, head: &str, server: &str) -> io::Result<()> {
    let target = head.split(' ').nth(1).unwrap_or_default();
    let path = target.splitn(4, '/').nth(3).unwrap_or_default();
    let head = head.replacen(target, &format!("/{path}"), 1);
    let mut to_server = TcpStream::connect(server)?;
    let head = head.trim_end();
    to_server.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes())?;
    let (mut from_client, mut from_server) = (client.try_clone()?, to_server.try_clone()?);
    thread::spawn(move || {
        // Either side may have hung up, which the other one then sees.
        io::copy(&mut from_client, &mut to_server).ok();
        to_server.shutdown(Shutdown::Write).ok();
    });
    io::copy(&mut from_server, &mut client)?;
    client.shutdown(Shutdown::Both)
}
