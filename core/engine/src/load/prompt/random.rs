//! Drawing at random, the same everywhere.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Normal};

use crate::load::plan::TokenCount;

/// The generator of one prompt: its seed and its number decide, and nothing else.
pub(super) fn generator(seed: u64, key: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed ^ scramble(key))
}

/// Sebastiano Vigna's `SplitMix64`: spreads neighbouring numbers over the whole range.
pub(super) fn scramble(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A number of tokens, at least 1.
pub(super) fn sample(count: TokenCount, random: &mut Xoshiro256PlusPlus) -> u32 {
    let drawn = normal(count, random);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value is clamped to the range of the type, and `as` saturates"
    )]
    let rounded = drawn.round().max(1.0) as u32;
    rounded
}

/// A time of so many nanoseconds, at least 0.
pub(super) fn sample_time(nanos: TokenCount, random: &mut Xoshiro256PlusPlus) -> Duration {
    let drawn = normal(nanos, random).max(0.0);
    Duration::try_from_secs_f64(drawn / 1e9).unwrap_or_default()
}

fn normal(count: TokenCount, random: &mut Xoshiro256PlusPlus) -> f64 {
    match Normal::new(count.mean, count.stddev) {
        Ok(normal) if count.stddev > 0.0 => normal.sample(random),
        _ => count.mean,
    }
}
