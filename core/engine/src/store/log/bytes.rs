//! Numbers in few bytes.

/// Appends 7 bits a byte, the lowest first.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(low_byte(value) | 0x80);
        value >>= 7;
    }
    out.push(low_byte(value));
}

fn low_byte(value: u64) -> u8 {
    value.to_le_bytes()[0]
}

/// Appends a number that is near 0 on either side.
pub(super) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// Appends the bytes of `bits` between its zero bytes at both ends, after one byte that says where
/// they stand.
pub(super) fn put_bits(out: &mut Vec<u8>, bits: u64) {
    let low = (bits.trailing_zeros() / 8).min(7);
    let kept = bits >> (8 * low);
    let len = 8 - kept.leading_zeros() / 8;
    out.push(low_byte(u64::from(low << 4 | len)));
    out.extend_from_slice(&kept.to_le_bytes()[..len as usize]);
}

/// Reads what the functions above wrote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        Some(value)
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    pub(super) fn bits(&mut self) -> Option<u64> {
        let place = self.byte()?;
        let (kept, rest) = self.0.split_at_checked(usize::from(place & 0xf))?;
        self.0 = rest;
        let mut bytes = [0; 8];
        bytes.get_mut(..kept.len())?.copy_from_slice(kept);
        Some(u64::from_le_bytes(bytes) << (8 * u32::from(place >> 4 & 7)))
    }
}
