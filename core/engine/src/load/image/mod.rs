//! Images, as `data` URLs.

mod base64;
mod png;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) use png::noise;

/// The `data` URL of an image; `None` if the bytes are no image of a kind that models take.
pub(super) fn data_url(bytes: &[u8]) -> Option<Arc<str>> {
    let kind = match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "image/webp",
        _ => return None,
    };
    let mut url = format!("data:{kind};base64,");
    base64::push(bytes, &mut url);
    Some(url.into())
}

/// The `data` URLs of an image, or of all in a folder, by name.
///
/// # Errors
/// What is wrong, in one line: it cannot be read, or there is no image.
pub fn image_urls(path: &Path) -> Result<Vec<Arc<str>>, String> {
    let unreadable =
        |path: &Path, error: io::Error| format!("cannot be read: {error} (`{}`)", path.display());
    if !path.is_dir() {
        let bytes = std::fs::read(path).map_err(|error| unreadable(path, error))?;
        let url = data_url(&bytes);
        let url = url.ok_or_else(|| "is no PNG, JPEG, GIF or WebP image".to_owned())?;
        return Ok(vec![url]);
    }
    let folder = std::fs::read_dir(path).map_err(|error| unreadable(path, error))?;
    let mut files: Vec<PathBuf> = folder
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let mut urls = Vec::new();
    for file in files {
        let bytes = std::fs::read(&file).map_err(|error| unreadable(&file, error))?;
        urls.extend(data_url(&bytes));
    }
    if urls.is_empty() {
        return Err("has no PNG, JPEG, GIF or WebP image in it".to_owned());
    }
    Ok(urls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_their_first_bytes() {
        let kind =
            |bytes: &[u8]| data_url(bytes).map(|url| url.split(';').next().unwrap().to_owned());
        assert_eq!(kind(b"\x89PNG\r\n").as_deref(), Some("data:image/png"));
        assert_eq!(
            kind(b"\xff\xd8\xff\xe0").as_deref(),
            Some("data:image/jpeg")
        );
        assert_eq!(
            kind(b"RIFF....WEBPVP8 ").as_deref(),
            Some("data:image/webp")
        );
        assert_eq!(kind(b"<svg>"), None);
        assert_eq!(
            data_url(b"GIF8").as_deref(),
            Some("data:image/gif;base64,R0lGOA==")
        );
    }
}
