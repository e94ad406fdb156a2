//! Texts and structs as they come from C: pointers that may be null, sizes that may be another version's.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;

use super::abi::{CError, Text};
use crate::{ErrorKind, PluginError};

/// Longest text that is taken, and longest list of texts.
pub(super) const LONGEST: usize = 1 << 20;

/// Largest page. What is more is a length that was calculated wrongly.
pub(super) const LARGEST: usize = 1 << 30;

/// A struct that begins with its size.
pub(super) trait Grows: Copy {
    /// Its size in revision 1 of the header, or as much of that as no use of it can do without: a smaller
    /// one was never set.
    const LEAST: usize;
}

/// A struct of C that begins with its size, as far as it goes; what it lacks is zero. `None` if there
/// is none, or if it is smaller than it ever was.
///
/// # Safety
/// `from` is null, or there are as many bytes behind it as its first field says. All zeros are a value of
/// `T`.
pub(super) unsafe fn prefix<T: Grows>(from: *const T) -> Option<T> {
    if from.is_null() {
        return None;
    }
    // SAFETY: every struct of the header begins with its size.
    let size = unsafe { from.cast::<usize>().read_unaligned() };
    if size < T::LEAST {
        return None;
    }
    let mut whole = MaybeUninit::<T>::zeroed();
    let known = size.min(size_of::<T>());
    // SAFETY: both sides have `known` bytes, and are different memory.
    unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), whole.as_mut_ptr().cast(), known) };
    // SAFETY: zeros are a value of `T`, and so is what the other side wrote into its beginning.
    Some(unsafe { whole.assume_init() })
}

/// The bytes of a text with a size; `None` if it says that it is longer than `most`.
///
/// # Safety
/// Its data is null, or there are as many bytes behind it as it says, for as long as `'a`; unless it says
/// that there are more than `most`.
pub(super) unsafe fn bytes<'a>(text: Text, most: usize) -> Option<&'a [u8]> {
    if text.data.is_null() || text.size == 0 {
        return Some(&[]);
    }
    if text.size > most {
        return None;
    }
    // SAFETY: the caller says so.
    Some(unsafe { slice::from_raw_parts(text.data.cast(), text.size) })
}

/// A text that ends with a NUL, as far as it is UTF-8; `None` if it is null.
///
/// # Safety
/// It is null, or ends with a NUL, and stays for as long as this call.
pub(super) unsafe fn string(from: *const c_char) -> Option<String> {
    if from.is_null() {
        return None;
    }
    // SAFETY: the caller says so.
    let text = unsafe { CStr::from_ptr(from) };
    let bytes = text.to_bytes();
    let bytes = bytes.get(..LONGEST).unwrap_or(bytes);
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// A list of texts that ends with NULL.
///
/// # Safety
/// It is null, or there is a NULL at its end, and each before that ends with a NUL.
pub(super) unsafe fn strings(mut from: *const *const c_char) -> Vec<String> {
    let mut found = Vec::new();
    while !from.is_null() && found.len() < LONGEST {
        // SAFETY: the list goes on up to its NULL, which has not been seen yet.
        let text = unsafe { from.read() };
        // SAFETY: each text ends with a NUL.
        match unsafe { string(text) } {
            Some(text) => found.push(text),
            None => break,
        }
        // SAFETY: there is at least the NULL behind a text.
        from = unsafe { from.add(1) };
    }
    found
}

/// A text that a host lends.
pub(super) fn lent(text: &str) -> Text {
    Text {
        data: text.as_ptr().cast(),
        size: text.len(),
    }
}

impl CError {
    /// For a plugin to fill in.
    pub(super) fn empty() -> Self {
        Self {
            size: size_of::<Self>(),
            kind: 0,
            retriable: 0,
            message: [0; 1024],
            remedy: [0; 512],
            source: [0; 256],
            path: [0; 256],
        }
    }

    /// What a plugin has filled in.
    pub(super) fn read(&self) -> PluginError {
        let kind = u8::try_from(self.kind).map_or(ErrorKind::Other, ErrorKind::from_u8);
        // Those are the host's to say.
        let kind = match kind {
            ErrorKind::Panic | ErrorKind::Crashed => ErrorKind::Other,
            kind => kind,
        };
        let message = field(&self.message).unwrap_or_else(|| "it does not say why".to_owned());
        let mut error = PluginError::new(kind, message);
        error.retriable = self.retriable != 0;
        error.remedy = field(&self.remedy);
        error.source_id = field(&self.source);
        error.path = field(&self.path).or_else(|| (kind == ErrorKind::Config).then(String::new));
        error
    }
}

/// One line of a fixed size; `None` if it is empty. It need not have a NUL.
fn field(field: &[c_char]) -> Option<String> {
    let bytes: Vec<u8> = field
        .iter()
        .map(|letter| letter.cast_unsigned())
        .take_while(|byte| *byte != 0)
        .collect();
    let text = crate::abi::one_line(&String::from_utf8_lossy(&bytes));
    Some(text).filter(|text| !text.is_empty())
}
