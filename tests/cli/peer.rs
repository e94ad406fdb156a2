//! A server that sends exactly the bytes it is told to.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// Starts a server on a port of its own; `answer` gets each request (its first line) and the
/// connection, and returns whether the connection stays open. Returns `http://127.0.0.1:port`.
pub(crate) fn serve(
    answer: impl Fn(&str, &mut TcpStream) -> bool + Sync + Send + 'static,
) -> String {
    serve_heads(move |head, stream| answer(head.lines().next().unwrap_or_default(), stream))
}

/// As [`serve`]; `answer` gets the whole head of each request.
pub(crate) fn serve_heads(
    answer: impl Fn(&str, &mut TcpStream) -> bool + Sync + Send + 'static,
) -> String {
    serve_whole(move |head, _, stream| answer(head, stream))
}

/// As [`serve`]; `answer` gets the head and the body of each request.
pub(crate) fn serve_whole(
    answer: impl Fn(&str, &str, &mut TcpStream) -> bool + Sync + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let answer = std::sync::Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = std::sync::Arc::clone(&answer);
            thread::spawn(move || converse(stream, &*answer));
        }
    });
    url
}

fn converse(mut stream: TcpStream, answer: &dyn Fn(&str, &str, &mut TcpStream) -> bool) {
    while let Some((head, body)) = read_request(&mut stream) {
        if !answer(&head, &body, &mut stream) {
            return;
        }
    }
}

/// Writes until the client has had enough.
pub(crate) fn forever(stream: &mut TcpStream, bytes: &[u8]) {
    while stream.write_all(bytes).is_ok() {}
}

/// Says nothing until the client hangs up.
pub(crate) fn hang(stream: &mut TcpStream) {
    while stream.read(&mut [0; 1024]).is_ok_and(|bytes| bytes > 0) {}
}

/// Sends all of it; a client that has hung up is none of the server's business.
pub(crate) fn send(stream: &mut TcpStream, bytes: &[u8]) -> bool {
    stream.write_all(bytes).is_ok()
}

/// A complete response.
pub(crate) fn response(kind: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = head(kind, &format!("content-length: {}\r\n{more}", body.len()));
    bytes.extend(body);
    bytes
}

/// The head of a response.
pub(crate) fn head(kind: &str, more: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{more}\r\n").into_bytes()
}

/// One chunk of a chunked body.
pub(crate) fn chunk(text: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{:x}\r\n", text.len()).into_bytes();
    bytes.extend(text);
    bytes.extend(b"\r\n");
    bytes
}

/// Head and body of a request.
fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Some(0), |(_, length)| length.parse().ok())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).ok()?))
}
