//! Where Cargo has put the libraries of tests and examples.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// The library of `examples/c-loadavg`.
pub(crate) fn c_library() -> PathBuf {
    compiled("examples/c-loadavg/loadavg.c", &[])
}

/// The library of `tests/plugins/c`, compiled with macros.
pub(crate) fn faulty_in_c(macros: &[&str]) -> PathBuf {
    compiled("tests/plugins/c/faulty.c", macros)
}

/// Has the C compiler make a library. There is one: rustc links with it.
fn compiled(source: &str, macros: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c");
    fs::create_dir_all(&folder).expect("a folder");
    let stem = Path::new(source)
        .file_stem()
        .expect("a name")
        .to_string_lossy();
    let library = folder.join(format!("lib{stem}{}.so", macros.concat().to_lowercase()));
    // Tests run side by side: each makes its own, and puts it in its place in one step.
    let file = tempfile::NamedTempFile::new_in(&folder).expect("a file");
    // It may come with arguments (`ccache gcc -m64`).
    let compiler = std::env::var("CC").unwrap_or_default();
    let mut words = compiler.split_whitespace();
    let output = Command::new(words.next().unwrap_or("cc"))
        .args(words)
        .args([
            "-shared", "-fPIC", "-O1", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I",
        ])
        .arg(root.join("plugin-sdk/c"))
        .args(macros.iter().map(|name| format!("-D{name}")))
        .arg("-o")
        .args([file.path(), &root.join(source)])
        .output()
        .unwrap_or_else(|error| panic!("no C compiler `{compiler}`, set CC: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{source}:\n{said}"
    );
    file.persist(&library).expect("its place");
    library
}
