//! Cells that no other cell beats on both counts.

/// For each point whether it is on the front: no other is at least as good in both and better in one. The
/// first number is better when larger, the second when smaller. A point that lacks a number is not on it.
///
/// O(n²), for the few dozen cells that a sweep has.
pub(super) fn front(points: &[Option<(f64, f64)>]) -> Vec<bool> {
    let beats = |(more, less): (f64, f64), (than_more, than_less): (f64, f64)| {
        more >= than_more && less <= than_less && (more > than_more || less < than_less)
    };
    let is_beaten = |point| points.iter().flatten().any(|other| beats(*other, point));
    points
        .iter()
        .map(|point| point.is_some_and(|point| !is_beaten(point)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_has_what_nothing_beats() {
        let points = [
            Some((100.0, 10.0)),
            Some((200.0, 20.0)),
            Some((150.0, 30.0)), // beaten by the one before
            Some((200.0, 20.0)), // equal, not beaten
            None,
            Some((50.0, 10.0)), // beaten by the first
            Some((10.0, 1.0)),
        ];
        let expected = [true, true, false, true, false, false, true];
        assert_eq!(front(&points), expected);
        assert!(front(&[]).is_empty());
    }
}
