//! Finds the end of a quoted text.

const ONES: u64 = 0x0101_0101_0101_0101;
/// Eight times the byte.
const QUOTES: u64 = ONES * 0x22;
const BACKSLASHES: u64 = ONES * 0x5c;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Offset of the first `"` or `\`.
///
/// Label values are short, so that a call of `memchr2` with its choice of instruction set costs
/// more than eight bytes at a time do.
#[inline]
pub(crate) fn find(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*word);
        let found = zero_bytes(word ^ QUOTES) | zero_bytes(word ^ BACKSLASHES);
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?.iter();
    rest.copied()
        .position(|byte| matches!(byte, b'"' | b'\\'))
        .map(|offset| at + offset)
}

/// Sets the high bit of the first zero byte, and of none before it.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_memchr_finds() {
        for len in 0..40 {
            for at in 0..len {
                for byte in [b'"', b'\\', b'!', b'#', b'[', b']', 0xa2, 0xdc, 0] {
                    for fill in [b'a', 0, 0xff, b'!'] {
                        let mut bytes = vec![fill; len];
                        bytes[at] = byte;
                        assert_eq!(
                            find(&bytes),
                            memchr::memchr2(b'"', b'\\', &bytes),
                            "{bytes:?}"
                        );
                    }
                }
            }
        }
    }
}
