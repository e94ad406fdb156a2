use proptest::prelude::*;

use super::*;

type Owned = (String, String);

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Owned> {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    for piece in pieces {
        decoder
            .feed(piece, |event| {
                let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
                events.push((text(event.kind), text(event.data)));
            })
            .expect("the events of these tests are small");
    }
    events
}

#[track_caller]
fn check(stream: &str, expected: &[(&str, &str)]) {
    let expected: Vec<Owned> = expected
        .iter()
        .map(|&(kind, data)| (kind.to_owned(), data.to_owned()))
        .collect();
    assert_eq!(
        decode([stream.as_bytes()]),
        expected,
        "in one piece: {stream:?}"
    );
    assert_eq!(
        decode(stream.as_bytes().chunks(1)),
        expected,
        "byte by byte: {stream:?}"
    );
}

#[test]
fn the_stream_of_an_inference_server() {
    check(
        "data: {\"a\":1}\n\ndata: {\"a\":2}\n\ndata: [DONE]\n\n",
        &[("", "{\"a\":1}"), ("", "{\"a\":2}"), ("", "[DONE]")],
    );
}

#[test]
fn every_line_end_of_the_standard() {
    check(
        "data: a\r\rdata: b\r\n\r\ndata: c\n\n",
        &[("", "a"), ("", "b"), ("", "c")],
    );
    check(
        "data: a\r\n\ndata: b\n\r\ndata: c\r\r\n",
        &[("", "a"), ("", "b"), ("", "c")],
    );
}

#[test]
fn data_lines_are_joined() {
    check(
        "data: YHOO\ndata: +2\ndata: 10\n\n",
        &[("", "YHOO\n+2\n10")],
    );
    check("data\n\ndata\ndata\n\ndata:", &[("", ""), ("", "\n")]);
}

#[test]
fn one_space_after_the_colon_is_dropped() {
    check(
        "data:test\n\ndata: test\n\ndata:  test\n\n",
        &[("", "test"), ("", "test"), ("", " test")],
    );
}

#[test]
fn comments_ids_and_unknown_fields_are_skipped() {
    check(
        ": ping\n\nid: 1\nretry: 5\ndataset: no\ndata: x\n\nid\n\n",
        &[("", "x")],
    );
}

#[test]
fn a_type_belongs_to_one_event_only() {
    check(
        "event: error\ndata: x\n\ndata: y\n\nevent: lost\n\ndata: z\n\n",
        &[("error", "x"), ("", "y"), ("", "z")],
    );
}

#[test]
fn a_byte_order_mark_counts_only_at_the_start() {
    check("\u{feff}data: a\n\ndata: b\n\n", &[("", "a"), ("", "b")]);
    check("data: a\n\n\u{feff}data: b\n\n", &[("", "a")]);
}

#[test]
fn an_unfinished_event_is_not_dispatched() {
    check("data: whole\n\ndata: part\n", &[("", "whole")]);
    check("data: whole\n\ndata: par", &[("", "whole")]);
}

#[test]
fn reset_forgets_what_was_begun() {
    let mut decoder = Decoder::new();
    decoder.feed(b"event: x\ndata: old\ndata", |_| {}).unwrap();
    decoder.reset();
    let mut seen = Vec::new();
    decoder
        .feed(b"data: new\n\n", |event| {
            seen.push((event.kind.len(), event.data.len()));
        })
        .unwrap();
    assert_eq!(seen, [(0, 3)]);
}

#[test]
fn an_endless_event_is_refused() {
    let mut decoder = Decoder::new();
    let piece = vec![b'x'; MAX_EVENT_BYTES];
    assert_eq!(decoder.feed(&piece, |_| {}), Ok(()));
    assert_eq!(decoder.feed(b"x", |_| {}), Err(EventTooLarge));
    decoder.reset();
    let mut endless_data = b"data: ".to_vec();
    endless_data.extend(&piece);
    endless_data.push(b'\n');
    assert_eq!(decoder.feed(&endless_data, |_| {}), Err(EventTooLarge));
}

/// The standard's algorithm, as directly as it can be written: lines first, then fields.
fn by_the_book(stream: &str) -> Vec<Owned> {
    let stream = stream.strip_prefix('\u{feff}').unwrap_or(stream);
    let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
    let Some((lines, _unfinished)) = stream.rsplit_once('\n') else {
        return Vec::new();
    };
    let (mut events, mut kind, mut data) = (Vec::new(), String::new(), String::new());
    for line in lines.split('\n') {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match (line, name) {
            ("", _) => {
                if let Some(data) = data.strip_suffix('\n') {
                    events.push((kind.clone(), data.to_owned()));
                }
                data.clear();
                kind.clear();
            }
            (_, "data") => data.extend([value, "\n"]),
            (_, "event") => value.clone_into(&mut kind),
            _ => {}
        }
    }
    events
}

fn stream() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "data",
        "event",
        "id",
        ":",
        ": ",
        " ",
        "\r",
        "\n",
        "\r\n",
        "\n\n",
        "x",
        "é",
        "\u{feff}",
        "{\"a\":1}",
        "[DONE]",
    ]);
    prop::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

proptest! {
    #[test]
    fn events_are_the_standard_s_however_the_bytes_are_split(
        stream in stream(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let bytes = stream.as_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        prop_assert_eq!(decode(pieces), by_the_book(&stream));
    }
}
