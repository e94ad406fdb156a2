//! Recorded runs, as `aiperf report` reads them. The first byte says whether the run lived to its end;
//! lines of requests follow those of pages after a line `---`.

use std::fs;
use std::sync::OnceLock;

use aiperf_core::run::{RUN_FILE, Recording};
use tempfile::TempDir;

/// `run.json` of a small run.
const RUN: &str = include_str!("run.json");
const BETWEEN: &[u8] = b"\n---\n";

/// No recording makes `report` panic. What it makes of one is a document.
///
/// # Panics
/// If that does not hold.
pub fn check(data: &[u8]) {
    let Some((choice, text)) = data.split_first() else {
        return;
    };
    let at = text
        .windows(BETWEEN.len())
        .position(|bytes| bytes == BETWEEN);
    let (pages, requests) = match at {
        Some(at) => (&text[..=at], &text[at + BETWEEN.len()..]),
        None => (text, &[][..]),
    };
    let complete = choice.is_multiple_of(2);
    let run = if complete {
        RUN.to_owned()
    } else {
        RUN.replace("\"complete\": true", "\"complete\": false")
    };
    let recording = written([run.as_bytes(), pages, requests]);
    let recomputed = recording.recompute(None, None).expect("`run.json` is good");
    serde_json::to_string(&recomputed.report).expect("a report is a document");
}

fn written([run, pages, requests]: [&[u8]; 3]) -> Recording {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let memory = tempfile::tempdir_in("/dev/shm");
        memory.or_else(|_| tempfile::tempdir()).expect("a folder")
    });
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a file in memory");
        path
    };
    Recording {
        run: write(RUN_FILE, run),
        scrapes: Some(write("pages.jsonl", pages)),
        requests: Some(write("requests.jsonl", requests)),
    }
}
