//! The client against a server that sends frames by hand.

pub(super) mod peer;
mod sharing;

use std::future::Future;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;

use self::peer::{Peer, data, frame, goaway, head, reset_stream, serve};
use super::walker::Frame;
use crate::http::{
    Client, Clock, ConnectOptions, Connector, ErrorClass, HttpError, HttpVersion, MonoNs, Origin,
    Response,
};

const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const WINDOW_UPDATE: u8 = 8;
const PING: u8 = 6;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

fn client(url: &str) -> Client {
    let options = ConnectOptions {
        timeout: Duration::from_secs(10),
        kernel_stamps: true,
        tls: None,
        proxy: None,
        version: HttpVersion::Http2,
    };
    let connector = Connector::new(Origin::parse(url).unwrap(), options, Clock::new()).unwrap();
    Client::with_proof(connector, Duration::ZERO)
}

async fn send(client: &Client) -> Result<Response, HttpError> {
    let build = || {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/path?a=b")
            .header("host", client.connector().origin().authority())
            .header("connection", "keep-alive");
        request.body(Full::from("body")).unwrap()
    };
    client.send(build, |_| ()).await
}

async fn fetch(client: &Client) -> Result<Bytes, HttpError> {
    let mut response = send(client).await?;
    let mut body = Vec::new();
    response.read_to_end(&mut body, 1_000).await?;
    client.recycle(response);
    Ok(body.into())
}

/// Answers one request in full.
fn answer(peer: &mut Peer, body: &[u8]) {
    let stream = peer.request();
    peer.write(&[head(stream), data(stream, body, true)].concat());
}

/// Waits until this many bytes of the response have been read, by whoever drives the connection.
async fn read_so_far(response: &Response, bytes: usize) {
    while response.stamps().bytes_read() < bytes as u64 {
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
}

fn now() -> MonoNs {
    Clock::new().now()
}

#[test]
fn a_connection_is_used_again_and_stamped_anew() {
    let url = serve(|peer| {
        answer(peer, b"one");
        answer(peer, b"two");
        peer.until_closed();
    });
    let client = client(&url);
    block_on(async {
        for (exchange, said) in [(1, "one"), (2, "two")] {
            let before = now();
            let mut response = send(&client).await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.connection().exchanges(), exchange);
            assert!(response.connection().is_http2());
            let chunk = response.chunk().await.unwrap().unwrap();
            assert_eq!(chunk.bytes, said);
            let stamps = response.stamps();
            let start = stamps.first_write().unwrap();
            assert!(before <= start && start <= stamps.first_read().unwrap());
            assert!(chunk.arrived <= now() && chunk.arrived == stamps.last_read().unwrap());
            assert!(stamps.bytes_written() > 4 + 2 * 9);
            assert!(start <= stamps.last_write().unwrap());
            assert_eq!(stamps.bytes_read(), (9 + 1) + (9 + 3));
            assert_eq!(stamps.reads_by_clock().0 + stamps.reads_by_clock().1, 1);
            assert!(response.chunk().await.is_none());
            client.recycle(response);
        }
    });
}

#[test]
fn a_piece_has_the_time_of_the_last_byte_of_its_frame_whenever_it_is_taken() {
    let (go, gone) = mpsc::channel::<()>();
    let gone = Mutex::new(gone);
    let url = serve(move |peer| {
        let stream = peer.request();
        let (first, second) = (data(stream, b"first", false), data(stream, b"second", true));
        peer.write(&[head(stream), first, second[..12].to_vec()].concat());
        gone.lock().unwrap().recv().unwrap();
        peer.write(&second[12..]);
        peer.until_closed();
    });
    let client = client(&url);
    block_on(async {
        let mut response = send(&client).await.unwrap();
        let first_bytes = 10 + 9 + 5;
        read_so_far(&response, first_bytes).await;
        let between = now();
        go.send(()).unwrap();
        read_so_far(&response, first_bytes + 9 + 6).await;
        let first = response.chunk().await.unwrap().unwrap();
        let second = response.chunk().await.unwrap().unwrap();
        assert_eq!(
            (first.bytes, second.bytes),
            ("first".into(), "second".into())
        );
        assert!(first.arrived < between, "taken late, and stamped in time");
        assert!(between < second.arrived, "its first bytes came before");
        assert_eq!(response.stamps().last_read(), Some(second.arrived));
        assert!(response.chunk().await.is_none());
    });
}

#[test]
fn what_else_is_said_changes_no_stamp_of_a_stream() {
    let (go, gone) = mpsc::channel::<()>();
    let gone = Mutex::new(gone);
    let url = serve(move |peer| {
        let stream = peer.request();
        let padded = frame(Frame::DATA, 0x8, stream, b"\x03padded\0\0\0");
        let others = [
            frame(PING, 0, 0, &[7; 8]),
            frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1, 0]),
            frame(WINDOW_UPDATE, 0, stream, &[0, 0, 1, 0]),
        ];
        peer.write(&[head(stream), padded].concat());
        gone.lock().unwrap().recv().unwrap();
        peer.write(&others.concat());
        // The answer to the ping: all of it was read.
        while peer.frame().unwrap().kind != PING {}
        peer.write(&data(stream, b"", true));
        peer.until_closed();
    });
    let client = client(&url);
    block_on(async {
        let mut response = send(&client).await.unwrap();
        read_so_far(&response, 10 + 9 + 10).await;
        let between = now();
        go.send(()).unwrap();
        read_so_far(&response, 10 + 9 + 10 + 9).await;
        let piece = response.chunk().await.unwrap().unwrap();
        assert_eq!(piece.bytes, "padded");
        assert!(piece.arrived < between);
        while let Some(rest) = response.chunk().await {
            assert!(rest.unwrap().bytes.is_empty());
        }
        assert!(response.stamps().last_read().unwrap() > between);
    });
}

#[test]
fn a_response_that_is_dropped_is_given_up() {
    let (told, kinds) = mpsc::channel();
    let url = serve(move |peer| {
        let stream = peer.request();
        peer.write(&[head(stream), data(stream, b"on", false)].concat());
        told.send(peer.until_closed()).unwrap();
    });
    let client = client(&url);
    let kinds = block_on(async {
        let mut response = send(&client).await.unwrap();
        assert_eq!(response.chunk().await.unwrap().unwrap().bytes, "on");
        drop(response);
        tokio::task::spawn_blocking(move || kinds.recv().unwrap()).await
    });
    assert!(kinds.unwrap().contains(&3), "a stream is reset");
}

/// Fetches from a server that does this with the first request.
fn failed(then: impl Fn(&mut Peer, u32) + Send + Sync + 'static) -> HttpError {
    let url = serve(move |peer| {
        let stream = peer.request();
        then(peer, stream);
    });
    block_on(fetch(&client(&url))).expect_err("the answer is bad")
}

#[test]
fn failures_have_the_classes_of_http_1_and_their_own() {
    let begun = |stream| [head(stream), data(stream, b"on", false)].concat();
    let error = failed(move |peer, stream| {
        peer.write(&[begun(stream), reset_stream(stream, INTERNAL_ERROR)].concat());
        peer.until_closed();
    });
    assert_eq!(error.class(), ErrorClass::StreamReset);
    let said = "the server reset the stream (INTERNAL_ERROR); see the server's log";
    assert!(error.to_string().ends_with(said), "{error}");

    let error = failed(move |peer, stream| {
        peer.write(&[begun(stream), goaway(stream, INTERNAL_ERROR)].concat());
    });
    assert_eq!(error.class(), ErrorClass::GoAway, "{error}");
    assert!(error.to_string().contains("(INTERNAL_ERROR)"), "{error}");

    let error = failed(move |peer, stream| peer.write(&begun(stream)));
    assert_eq!(error.class(), ErrorClass::ClosedEarly, "{error}");

    let error = failed(|peer, _| peer.reset());
    assert_eq!(error.class(), ErrorClass::Reset, "{error}");

    let error = failed(|peer, _| {
        // Window updates by nothing are forbidden.
        peer.write(&frame(WINDOW_UPDATE, 0, 0, &[0; 4]));
        peer.until_closed();
    });
    assert_eq!(error.class(), ErrorClass::Protocol, "{error}");
    assert!(
        error.to_string().contains("HTTP/2: PROTOCOL_ERROR"),
        "{error}"
    );
}

#[test]
fn a_goaway_lets_streams_end_and_takes_no_new_ones() {
    let url = serve(|peer| {
        let stream = peer.request();
        peer.write(&[head(stream), goaway(stream, 0), data(stream, b"all", true)].concat());
        peer.until_closed();
    });
    let client = client(&url);
    block_on(async {
        for _ in 0..2 {
            let mut response = send(&client).await.unwrap();
            assert_eq!(response.connection().exchanges(), 1);
            assert_eq!(response.chunk().await.unwrap().unwrap().bytes, "all");
            assert!(response.chunk().await.is_none());
            client.recycle(response);
        }
    });
}

#[test]
fn what_the_server_has_not_looked_at_is_sent_once_more() {
    type Refusal = fn(u32) -> Vec<u8>;
    let refusals: [Refusal; 2] = [
        |stream| reset_stream(stream, REFUSED_STREAM),
        |_| goaway(0, INTERNAL_ERROR),
    ];
    for refuse in refusals {
        let url = serve(move |peer| {
            let stream = peer.request();
            if peer.number == 0 {
                peer.write(&refuse(stream));
            } else {
                peer.write(&[head(stream), data(stream, b"late", true)].concat());
            }
            peer.until_closed();
        });
        assert_eq!(block_on(fetch(&client(&url))).unwrap(), "late");
        let url = serve(move |peer| {
            let stream = peer.request();
            peer.write(&refuse(stream));
            peer.until_closed();
        });
        let error = block_on(fetch(&client(&url))).unwrap_err();
        assert!(error.request_written(), "{error}");
    }
}

#[test]
fn a_server_that_hangs_up_at_once_may_be_one_of_http_1() {
    let server = crate::http::testing::RawServer::always(crate::http::testing::Answer::Reset);
    let error = block_on(client(&server.url()).connector().connect()).unwrap_err();
    let advice = "if it does not speak HTTP/2, use `--http-version 1.1`, else see the server's log";
    assert!(error.to_string().ends_with(advice), "{error}");
}

#[test]
fn a_server_of_http_1_is_named_as_such() {
    // It reads on: one that closed with bytes unread would reset the connection and its answer.
    let server = crate::http::testing::RawServer::always(
        crate::http::testing::Answer::SendAndHang(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
    );
    let error = block_on(client(&server.url()).connector().connect()).unwrap_err();
    let said =
        "the server does not speak HTTP/2 (it answers in HTTP/1.1); use `--http-version 1.1`";
    assert!(error.to_string().ends_with(said), "{error}");
}

#[test]
fn a_proxy_that_forwards_is_refused_at_once() {
    let options = ConnectOptions {
        timeout: Duration::from_secs(1),
        kernel_stamps: false,
        tls: None,
        proxy: Some(Origin::parse("http://p:3128").unwrap()),
        version: HttpVersion::Http2,
    };
    let error = Connector::new(Origin::parse("http://h").unwrap(), options, Clock::new());
    let error = error.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NoHttp2);
    assert!(
        error.to_string().contains("`--http-version 1.1`"),
        "{error}"
    );
}
