//! A server for tests that does exactly what it is told, down to the byte.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Writes these bytes and waits for the next request.
    Send(Vec<u8>),
    /// Writes these bytes and closes.
    SendAndClose(Vec<u8>),
    /// Writes these bytes and then nothing, until the client hangs up.
    SendAndHang(Vec<u8>),
    /// Resets the connection without reading on.
    Reset,
}

impl Answer {
    /// A complete response.
    pub(crate) fn respond(status: &str, content_type: &str, body: &str) -> Self {
        Self::Send(response(status, content_type, body))
    }

    /// A complete stream of events with this data, sent in one write.
    pub(crate) fn stream(data: &[&str]) -> Self {
        let mut bytes = stream_head();
        for data in data {
            bytes.extend(chunk(&format!("data: {data}\n\n")));
        }
        bytes.extend(b"0\r\n\r\n");
        Self::Send(bytes)
    }
}

/// A response in one piece.
pub(crate) fn response(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The head of a stream of events.
pub(crate) fn stream_head() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        .to_vec()
}

/// One chunk of a chunked body.
pub(crate) fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

/// A listening server; its threads end with the process.
#[derive(Debug)]
pub(crate) struct RawServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl RawServer {
    /// Starts a server; `answer` is given the number of the request (from 0) and its text.
    pub(crate) fn start(answer: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || serve(stream.unwrap(), &log, &*answer));
            }
        });
        Self { address, requests }
    }

    /// A server that answers every request alike.
    pub(crate) fn always(answer: Answer) -> Self {
        Self::start(move |_, _| answer.clone())
    }

    /// `http://127.0.0.1:port`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The texts of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// An address on which nothing listens.
pub(crate) fn closed_url() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<String>>, answer: &dyn Fn(usize, &str) -> Answer) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer) {
        let number = {
            let mut log = log.lock().unwrap();
            log.push(request.clone());
            log.len() - 1
        };
        match answer(number, &request) {
            Answer::Send(bytes) => write(&mut stream, &bytes),
            Answer::SendAndClose(bytes) => return write(&mut stream, &bytes),
            Answer::SendAndHang(bytes) => {
                write(&mut stream, &bytes);
                return drain(&mut stream);
            }
            Answer::Reset => return reset(&stream),
        }
    }
}

/// A client that has hung up is none of the server's business.
fn write(stream: &mut TcpStream, bytes: &[u8]) {
    if let Err(error) = stream.write_all(bytes) {
        assert!(
            matches!(
                error.kind(),
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
            ),
            "{error}"
        );
    }
}

fn drain(stream: &mut TcpStream) {
    let mut rest = [0; 1024];
    while stream.read(&mut rest).is_ok_and(|bytes| bytes > 0) {}
}

fn reset(stream: &TcpStream) {
    let linger = nix::libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    nix::sys::socket::setsockopt(stream, nix::sys::socket::sockopt::Linger, &linger).unwrap();
}

/// Reads one request with its body; `None` when the client has hung up.
fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(length) = complete_request(buffer) {
            let request = buffer.drain(..length).collect();
            return Some(String::from_utf8(request).unwrap());
        }
        let mut piece = [0; 4096];
        let bytes = stream.read(&mut piece).ok().filter(|&bytes| bytes > 0)?;
        buffer.extend_from_slice(&piece[..bytes]);
    }
}

fn complete_request(buffer: &[u8]) -> Option<usize> {
    let head = memchr::memmem::find(buffer, b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    (buffer.len() >= head + body).then_some(head + body)
}
