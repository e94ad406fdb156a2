//! Records as bytes, for a host that has to put some aside. Little endian, each column with its
//! length before it; written and read by the same program only.

use crate::{ErrorKind, PluginError, Result};

/// A number in a column.
pub(super) trait Number: Copy {
    /// Bytes that it takes.
    const SIZE: usize;
    fn put(self, bytes: &mut Vec<u8>);
    /// The number in [`Number::SIZE`] bytes.
    fn take(bytes: &[u8]) -> Option<Self>;
}

macro_rules! number {
    ($($number:ty),*) => {$(
        impl Number for $number {
            const SIZE: usize = size_of::<$number>();
            fn put(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
            fn take(bytes: &[u8]) -> Option<Self> {
                Some(Self::from_le_bytes(bytes.try_into().ok()?))
            }
        }
    )*};
}
number!(u8, u32, i64, f64);

/// Appends a column.
pub(super) fn put<T: Number>(bytes: &mut Vec<u8>, column: &[T]) {
    bytes.reserve(size_of::<u64>() + column.len() * T::SIZE);
    bytes.extend_from_slice(&(column.len() as u64).to_le_bytes());
    for number in column {
        number.put(bytes);
    }
}

/// Takes the next column off the front of `bytes`.
pub(super) fn take<T: Number>(bytes: &mut &[u8]) -> Result<Vec<T>> {
    let column = take_column(bytes);
    column.ok_or_else(|| PluginError::new(ErrorKind::Format, "a stored record is cut off"))
}

fn take_column<T: Number>(bytes: &mut &[u8]) -> Option<Vec<T>> {
    let (length, rest) = bytes.split_at_checked(size_of::<u64>())?;
    let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
    let (column, rest) = rest.split_at_checked(length.checked_mul(T::SIZE)?)?;
    *bytes = rest;
    column.chunks_exact(T::SIZE).map(T::take).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_back_bit_for_bit() {
        let mut bytes = Vec::new();
        put(&mut bytes, &[1.5, f64::NAN, f64::NEG_INFINITY, -0.0]);
        put::<u32>(&mut bytes, &[]);
        put(&mut bytes, &[i64::MIN, 7]);
        let mut rest = &bytes[..];
        let floats: Vec<u64> = take::<f64>(&mut rest)
            .unwrap()
            .into_iter()
            .map(f64::to_bits)
            .collect();
        assert_eq!(
            floats,
            [1.5, f64::NAN, f64::NEG_INFINITY, -0.0].map(f64::to_bits)
        );
        assert_eq!(take::<u32>(&mut rest).unwrap(), [0_u32; 0]);
        assert_eq!(take::<i64>(&mut rest).unwrap(), [i64::MIN, 7]);
        assert!(rest.is_empty());
        for length in 0..bytes.len() {
            let mut cut = &bytes[..length];
            let all = take::<f64>(&mut cut)
                .and_then(|_| take::<u32>(&mut cut))
                .and_then(|_| take::<i64>(&mut cut));
            assert!(all.is_err(), "{length}");
        }
    }
}
