//! Users who take turns: how far each has come when a phase begins.

/// Turns that the first conversation of a user still has, of `turns`; at least one.
///
/// Were all of them at their first turn, they would end together, and conversations would be as old as
/// the phase: their ages are spread evenly over `users`, in an order in which neighbours differ.
pub(super) fn turns_left(user: usize, users: usize, turns: u32) -> u32 {
    let users = users.max(1) as u64;
    let place = user as u64 % users * step(users) % users;
    let behind = u64::from(turns) * place / users;
    turns - u32::try_from(behind).unwrap_or_default()
}

/// A step that comes to each of `n` places, and by about the golden ratio of them.
fn step(n: u64) -> u64 {
    let golden = (n * 618).div_ceil(1000);
    (golden..n).find(|step| gcd(*step, n) == 1).unwrap_or(1)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_spread_evenly_over_the_users() {
        for (users, turns) in [(1, 5), (2, 3), (15, 20), (20, 5), (12, 4), (1000, 8)] {
            let mut left: Vec<_> = (0..users)
                .map(|user| turns_left(user, users, turns))
                .collect();
            assert_eq!(left[0], turns, "the first one has all before him");
            left.sort_unstable();
            let each = |n: usize| turns - u32::try_from(n * turns as usize / users).unwrap();
            let mut expected: Vec<_> = (0..users).map(each).collect();
            expected.sort_unstable();
            assert_eq!(left, expected, "{users} users");
        }
    }

    #[test]
    fn neighbours_differ() {
        let left: Vec<_> = (0..10).map(|user| turns_left(user, 10, 10)).collect();
        assert!(
            left.windows(2).all(|pair| pair[0].abs_diff(pair[1]) > 1),
            "{left:?}"
        );
    }

    #[test]
    fn single_turns_stay_what_they_are() {
        assert!((0..9).all(|user| turns_left(user, 9, 1) == 1));
    }
}
