//! The client against a server that misbehaves on purpose.

mod tls;

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;

use super::testing::{Answer, RawServer, chunk, closed_url, stream_head};
use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn client(url: &str) -> Client {
    client_with(url, true, None)
}

fn client_with(url: &str, kernel_stamps: bool, tls: Option<TlsSession>) -> Client {
    let options = ConnectOptions {
        timeout: Duration::from_secs(10),
        kernel_stamps,
        tls,
        proxy: None,
        version: HttpVersion::Http1,
    };
    let connector = Connector::new(Origin::parse(url).unwrap(), options, Clock::new()).unwrap();
    // Believes at once that the server keeps connections.
    Client::with_proof(connector, Duration::ZERO)
}

fn request(client: &Client, method: Method) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri("/path")
        .header("host", client.connector().origin().authority())
        .body(Full::from("body"))
        .unwrap()
}

async fn send(client: &Client, method: Method) -> Result<Response, HttpError> {
    client
        .send(|| request(client, method.clone()), |_| ())
        .await
}

/// Sends and reads to the end; gives the connection back.
async fn fetch(client: &Client, method: Method) -> Result<String, HttpError> {
    let mut response = send(client, method).await?;
    let mut body = Vec::new();
    response.read_to_end(&mut body, 1_000).await?;
    client.recycle(response);
    Ok(String::from_utf8(body).unwrap())
}

/// Fetches from a server that always answers like this.
fn class_of(answer: Answer) -> ErrorClass {
    let server = RawServer::always(answer);
    block_on(fetch(&client(&server.url()), Method::POST))
        .expect_err("the answer is bad")
        .class()
}

#[test]
fn a_connection_is_used_again_and_stamped_anew() {
    let server = RawServer::always(Answer::Send(OK.into()));
    let client = client(&server.url());
    block_on(async {
        let mut starts = Vec::new();
        for exchange in 1..=3 {
            let before = Clock::new().now();
            let mut response = send(&client, Method::POST).await.unwrap();
            assert_eq!(response.connection().exchanges(), exchange);
            let body = response.chunk().await.unwrap().unwrap();
            assert_eq!(body.bytes, "ok");
            let stamps = response.stamps();
            let start = stamps.first_write().unwrap();
            assert!(before <= start && start <= stamps.first_read().unwrap());
            assert!(stamps.first_read().unwrap() <= body.arrived);
            assert!(body.arrived <= Clock::new().now());
            assert_eq!(stamps.bytes_read(), OK.len() as u64);
            starts.push(start);
            assert!(response.chunk().await.is_none());
            client.recycle(response);
        }
        assert!(starts.is_sorted());
    });
}

#[cfg(target_os = "linux")]
#[test]
fn reads_carry_kernel_stamps_where_they_are_asked_for() {
    let _stamping = prepare_kernel_stamps().unwrap();
    let server = RawServer::always(Answer::Send(OK.into()));
    block_on(async {
        for (wanted, source) in [(true, ClockSource::Kernel), (false, ClockSource::User)] {
            let client = client_with(&server.url(), wanted, None);
            let mut reads = (0, 0);
            // The kernel may switch stamping on a moment after it was asked to.
            for _ in 0..1000 {
                let mut response = send(&client, Method::GET).await.unwrap();
                while response.chunk().await.is_some() {}
                reads = response.stamps().reads_by_clock();
                if reads.1 == 0 || !wanted {
                    assert_eq!(response.connection().clock_source(), source);
                    break;
                }
            }
            assert_eq!((reads.0 > 0, reads.1 > 0), (wanted, !wanted));
        }
    });
}

#[test]
fn every_piece_of_a_stream_has_its_own_arrival() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
        stream.write_all(&stream_head()).unwrap();
        for text in ["one", "two"] {
            stream.write_all(&chunk(text)).unwrap();
            gate.recv().unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
    });
    let client = client(&url);
    let arrivals = block_on(async {
        let mut response = send(&client, Method::GET).await.unwrap();
        let mut arrivals = Vec::new();
        while let Some(piece) = response.chunk().await {
            arrivals.push(piece.unwrap().arrived);
            go.send(()).unwrap();
        }
        arrivals
    });
    server.join().unwrap();
    assert_eq!(arrivals.len(), 2);
    assert!(arrivals[0] < arrivals[1]);
}

#[test]
fn a_connection_that_the_server_announces_to_close_is_not_kept() {
    let close = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    let server = RawServer::always(Answer::SendAndClose(close.into()));
    let client = client(&server.url());
    block_on(async {
        let mut response = send(&client, Method::GET).await.unwrap();
        while response.chunk().await.is_some() {}
        assert!(response.into_connection().is_none());
    });
}

#[test]
fn a_response_that_was_not_read_to_its_end_is_not_kept() {
    let server = RawServer::always(Answer::Send(OK.into()));
    block_on(async {
        let response = send(&client(&server.url()), Method::GET).await.unwrap();
        assert!(response.into_connection().is_none());
    });
}

#[test]
fn an_idle_connection_that_was_closed_is_replaced_without_sending_twice() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap()));
    let (closed, is_closed) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
            stream.write_all(OK.as_bytes()).unwrap();
            drop(stream);
            closed.send(()).unwrap();
        }
    });
    block_on(async {
        assert_eq!(fetch(&client, Method::POST).await.unwrap(), "ok");
        is_closed.recv().unwrap();
        assert_eq!(fetch(&client, Method::POST).await.unwrap(), "ok");
    });
    server.join().unwrap();
}

#[test]
fn a_server_that_closes_after_every_response_costs_no_request() {
    let server = RawServer::always(Answer::SendAndClose(OK.into()));
    let options = ConnectOptions {
        timeout: Duration::from_secs(10),
        kernel_stamps: true,
        tls: None,
        proxy: None,
        version: HttpVersion::Http1,
    };
    let origin = Origin::parse(&server.url()).unwrap();
    let client = Client::new(Connector::new(origin, options, Clock::new()).unwrap());
    block_on(async {
        for _ in 0..200 {
            assert_eq!(fetch(&client, Method::POST).await.unwrap(), "ok");
        }
    });
    assert_eq!(server.requests().len(), 200);
}

#[test]
fn no_more_exchanges_than_announced_and_none_after_an_announced_timeout() {
    for announced in ["max=1", "timeout=0"] {
        let text =
            format!("HTTP/1.1 200 OK\r\nkeep-alive: {announced}\r\ncontent-length: 2\r\n\r\nok");
        let server = RawServer::always(Answer::Send(text.into()));
        let client = client(&server.url());
        block_on(async {
            for _ in 0..2 {
                let mut response = send(&client, Method::POST).await.unwrap();
                assert_eq!(response.connection().exchanges(), 1, "{announced}");
                while response.chunk().await.is_some() {}
                client.recycle(response);
            }
        });
    }
}

#[test]
fn a_get_moves_to_a_new_connection_and_a_post_is_never_sent_twice() {
    for (method, answered, sent) in [(Method::GET, true, 3), (Method::POST, false, 2)] {
        let server = RawServer::start(|number, _| match number {
            1 => Answer::Reset,
            _ => Answer::Send(OK.into()),
        });
        let client = client(&server.url());
        block_on(async {
            fetch(&client, method.clone()).await.unwrap();
            let second = fetch(&client, method.clone()).await;
            assert_eq!(second.is_ok(), answered, "{method}: {second:?}");
            if let Err(error) = second {
                assert_eq!(error.class(), ErrorClass::Reset);
                assert!(error.request_written());
            }
        });
        assert_eq!(server.requests().len(), sent, "{method}");
    }
}

#[test]
fn a_new_connection_that_breaks_is_not_tried_again() {
    let server = RawServer::always(Answer::Reset);
    let error = block_on(fetch(&client(&server.url()), Method::GET)).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Reset);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn bad_answers_have_classes() {
    let send = |text: &str| Answer::SendAndClose(text.into());
    assert_eq!(
        class_of(send("SSH-2.0-OpenSSH_9.2\r\n\r\n")),
        ErrorClass::Protocol
    );
    assert_eq!(class_of(send("")), ErrorClass::ClosedEarly);
    let short = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort";
    assert_eq!(class_of(send(short)), ErrorClass::ClosedEarly);
    let unending = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n";
    assert_eq!(class_of(send(unending)), ErrorClass::ClosedEarly);
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{:5000}", "");
    assert_eq!(class_of(send(&long)), ErrorClass::BodyLimit);
}

#[test]
fn failures_to_connect_have_classes() {
    let connect = |url: &str| block_on(client(url).connector().connect()).unwrap_err();
    let refused = connect(&closed_url());
    assert_eq!(refused.class(), ErrorClass::ConnectRefused);
    assert!(!refused.request_written());
    // A label of more than 63 letters is refused before any name server is asked.
    let unresolvable = connect(&format!("http://{}/", "x".repeat(64)));
    assert_eq!(unresolvable.class(), ErrorClass::Dns);
}
