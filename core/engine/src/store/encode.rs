//! Byte keys of series: name and labels, each with its length, so that no two series share one.

use aiperf_plugin_sdk::batch::SampleView;

fn push(key: &mut Vec<u8>, field: &[u8]) {
    key.extend_from_slice(&super::index(field.len()).to_le_bytes());
    key.extend_from_slice(field);
}

/// Writes the key of a sample, labels in the order of the page. `false` if a label lies outside
/// the page's text.
pub(super) fn sample(sample: &SampleView<'_>, key: &mut Vec<u8>) -> bool {
    key.clear();
    push(key, sample.name);
    for label in sample.labels.clone() {
        let Some((name, value)) = label else {
            return false;
        };
        push(key, name);
        push(key, value);
    }
    true
}

/// Writes the key of a name and labels as they come.
pub(super) fn labelled<'a>(
    name: &str,
    labels: impl Iterator<Item = (&'a str, &'a str)>,
    key: &mut Vec<u8>,
) {
    key.clear();
    push(key, name.as_bytes());
    for (name, value) in labels {
        push(key, name.as_bytes());
        push(key, value.as_bytes());
    }
}

/// The fields of a key that was made from valid UTF-8: the name, then label names and values.
fn fields(mut key: &[u8]) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (len, rest) = key.split_first_chunk::<4>()?;
        let (field, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        key = rest;
        std::str::from_utf8(field).ok()
    })
}

/// Name in a key.
pub(super) fn name(key: &[u8]) -> &str {
    fields(key).next().unwrap_or_default()
}

/// Labels in a key, in its order.
pub(super) fn labels(key: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let mut fields = fields(key).skip(1);
    std::iter::from_fn(move || Some((fields.next()?, fields.next()?)))
}
