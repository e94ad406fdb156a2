//! Where Cargo has put the libraries of tests and examples.

use std::path::{Path, PathBuf};

/// The library of `tests/plugins/NAME`.
pub(crate) fn library(name: &str) -> PathBuf {
    built(&format!("libtest_{name}.so"))
}

/// The library of `examples/NAME`.
pub(crate) fn example(name: &str) -> PathBuf {
    built(&format!("libaiperf_{name}.so"))
}

fn built(file: &str) -> PathBuf {
    let binary = std::env::current_exe().expect("this test's binary");
    let folders = binary.ancestors().skip(1).take(2).map(Path::to_owned);
    let searched = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let found = folders
        .chain(std::env::split_paths(&searched))
        .map(|folder| folder.join(file))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{file} is not beside {}", binary.display()))
}

/// A table that names the library of `tests/plugins/NAME`, with more lines.
pub(crate) fn table(name: &str, more: &str) -> String {
    let path = library(name).display().to_string();
    format!("[plugins.{name}]\npath = {path:?}\n{more}\n")
}
