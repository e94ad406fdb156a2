//! Requests that share a connection.

use super::peer::serve_up_to;
use super::*;

/// Sends this many requests at once, each of which is answered with the number of its connection.
fn connections_of(client: &Client, requests: usize) -> Vec<Bytes> {
    block_on(async {
        let mut numbers = Vec::new();
        let mut sent = Vec::new();
        for _ in 0..requests {
            sent.push(Box::pin(fetch(client)));
        }
        std::future::poll_fn(|cx| {
            sent.retain_mut(|fetched| match fetched.as_mut().poll(cx) {
                std::task::Poll::Ready(body) => {
                    numbers.push(body.unwrap());
                    false
                }
                std::task::Poll::Pending => true,
            });
            if sent.is_empty() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
        numbers.sort();
        numbers
    })
}

/// Answers requests in threes and whatever is left over, the last one first.
fn answer_together(peer: &mut Peer, together: usize) {
    let streams: Vec<_> = (0..together).map(|_| peer.request()).collect();
    let number = peer.number.to_string();
    for stream in streams.into_iter().rev() {
        peer.write(&[head(stream), data(stream, number.as_bytes(), true)].concat());
    }
    peer.until_closed();
}

#[test]
fn a_connection_is_filled_before_there_is_another_one() {
    let url = serve(|peer| answer_together(peer, if peer.number == 0 { 3 } else { 2 }));
    let client = client(&url).sharing(3);
    assert_eq!(connections_of(&client, 5), ["0", "0", "0", "1", "1"]);
}

#[test]
fn a_server_may_allow_less() {
    let url = serve_up_to(Some(2), |peer| answer_together(peer, 2));
    let client = client(&url).sharing(8);
    assert_eq!(connections_of(&client, 4), ["0", "0", "1", "1"]);
}

#[test]
fn those_who_wait_for_a_connection_share_its_error() {
    let client = client(&crate::http::testing::closed_url()).sharing(4);
    let errors = block_on(async {
        let (first, second) = tokio::join!(send(&client), send(&client));
        [first, second].map(|sent| sent.expect_err("nobody is there").class())
    });
    assert_eq!(errors, [ErrorClass::ConnectRefused; 2]);
}

#[test]
fn streams_of_one_connection_have_their_own_times() {
    let (go, gone) = mpsc::channel::<()>();
    let gone = Mutex::new(gone);
    let url = serve(move |peer| {
        let (first, second) = (peer.request(), peer.request());
        peer.write(&[head(first), head(second), data(first, b"a", true)].concat());
        gone.lock().unwrap().recv().unwrap();
        peer.write(&data(second, b"b", true));
        // The connection goes on when a stream is over.
        answer(peer, b"c");
        peer.until_closed();
    });
    let client = client(&url).sharing(2);
    block_on(async {
        let (first, second) = tokio::join!(send(&client), send(&client));
        let (mut first, mut second) = (first.unwrap(), second.unwrap());
        read_so_far(&first, 10 + 9 + 1).await;
        let between = now();
        go.send(()).unwrap();
        let late = second.chunk().await.unwrap().unwrap();
        let early = first.chunk().await.unwrap().unwrap();
        assert_eq!((early.bytes, late.bytes), ("a".into(), "b".into()));
        assert!(early.arrived < between && between < late.arrived);
        assert_eq!(first.stamps().last_read(), Some(early.arrived));
        client.recycle(first);
        drop(second);
        assert_eq!(fetch(&client).await.unwrap(), "c");
    });
}
