//! Reading files that users name: some of them have no end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Settings, certificates and the like are smaller than this many bytes.
const LIMIT: u64 = 16 << 20;

/// The bytes of a file that people write.
///
/// # Errors
/// If it cannot be read, or is larger than 16 MiB.
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        let message = "it is larger than 16 MiB";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// The text of a file that people write.
///
/// # Errors
/// As [`bytes`], and if it is no UTF-8.
pub fn text(path: &Path) -> io::Result<String> {
    String::from_utf8(bytes(path)?).map_err(|_| {
        let message = "stream did not contain valid UTF-8";
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_not_read_to_its_end() {
        let error = text(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_file_of_text_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "größe").unwrap();
        assert_eq!(text(file.path()).unwrap(), "größe");
        std::fs::write(file.path(), b"\xff").unwrap();
        assert_eq!(
            text(file.path()).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }
}
