//! The bytes that are kept: seeds, and whatever once went wrong.

use std::fs;
use std::path::Path;

fn each(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut tried = 0;
    for file in fs::read_dir(folder).expect("a folder") {
        let path = file.expect("a file").path();
        let bytes = fs::read(&path).expect("a file");
        println!("{}", path.display());
        check(&bytes);
        tried += 1;
    }
    assert!(tried > 2, "{tried} files for {target}");
    check(b"");
}

#[test]
fn pages() {
    each("page", aiperf_fuzz::page::check);
}

#[test]
fn streams() {
    each("sse", aiperf_fuzz::sse::check);
}

#[test]
fn settings() {
    each("config", aiperf_fuzz::config::check);
}

#[test]
fn batches() {
    each("batch", aiperf_fuzz::batch::check);
}

#[test]
fn recordings() {
    each("recording", aiperf_fuzz::recording::check);
}
