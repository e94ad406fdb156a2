//! Server-sent events. The first bytes say where the stream is cut into pieces.

use aiperf_core::load::sse::Decoder;

/// Pieces that the first bytes can ask for.
const CUTS: usize = 4;

/// However a stream is cut, it has the same events.
///
/// # Panics
/// If that does not hold.
pub fn check(data: &[u8]) {
    let Some((cuts, stream)) = data.split_at_checked(CUTS) else {
        return;
    };
    let whole = events(&[stream]);
    let mut ends: Vec<_> = cuts
        .iter()
        .map(|cut| usize::from(*cut) % (stream.len() + 1))
        .collect();
    ends.push(stream.len());
    ends.sort_unstable();
    let mut start = 0;
    let pieces: Vec<_> = ends
        .iter()
        .map(|end| {
            let piece = &stream[start..*end];
            start = *end;
            piece
        })
        .collect();
    assert_eq!(events(&pieces), whole);
    let bytes: Vec<_> = stream.chunks(1).collect();
    assert_eq!(events(&bytes), whole);
}

fn events(pieces: &[&[u8]]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    for piece in pieces {
        let fed = decoder.feed(piece, |event| {
            events.push((event.kind.to_vec(), event.data.to_vec()));
        });
        fed.expect("no event here is too large");
    }
    events
}
