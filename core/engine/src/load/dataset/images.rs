//! Images of files: URLs as they are, paths as `data` URLs.

use std::path::Path;
use std::sync::Arc;

use crate::load::image::data_url;

/// What stands for an image in a request.
pub(super) fn url_of(written: &str, folder: &Path) -> Result<Arc<str>, String> {
    let is_url = ["http://", "https://", "data:"]
        .iter()
        .any(|scheme| written.starts_with(scheme));
    if is_url {
        return Ok(written.into());
    }
    let path = written.strip_prefix("file://").unwrap_or(written);
    let bytes = std::fs::read(folder.join(path))
        .map_err(|error| format!("the image `{path}` cannot be read: {error}"))?;
    data_url(&bytes).ok_or_else(|| format!("`{path}` is no PNG, JPEG, GIF or WebP image"))
}
