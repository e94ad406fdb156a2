//! One folder, one prefix, one writer each.

use super::*;

fn stdout() -> SharedWriter {
    Arc::new(Mutex::new(Vec::new()))
}

#[test]
fn an_earlier_run_is_never_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("a/run");
    let names: Vec<_> = ["", "", "p", ""]
        .map(|prefix| Artifacts::claim(&dir, prefix, stdout()).unwrap().0.dir())
        .map(|dir| dir.file_name().unwrap().to_string_lossy().into_owned())
        .into();
    assert_eq!(names, ["run", "run-2", "run", "run-3"]);
}

#[test]
fn an_atomic_file_appears_when_it_is_committed() {
    let root = tempfile::tempdir().unwrap();
    let artifacts = Artifacts::claim(root.path(), "p", stdout()).unwrap().0;
    let mut file = artifacts.open("a", "aiperf.json", true).unwrap();
    file.write(b"{}").unwrap();
    let path = root.path().join("p_aiperf.json");
    assert!(!path.exists());
    file.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"{}");
    assert!(file.commit().is_err());
}

#[test]
fn a_file_has_one_writer_and_stays_in_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let artifacts = Artifacts::claim(root.path(), "", stdout()).unwrap().0;
    let mut first = artifacts.open("a", "sub/a.jsonl", false).unwrap();
    assert!(artifacts.open("b", "sub/a.jsonl", false).is_err());
    for outside in ["../a", "/etc/a", "", ".."] {
        assert!(artifacts.open("a", outside, false).is_err(), "{outside}");
    }
    first.discard().unwrap();
    assert!(!root.path().join("sub/a.jsonl").exists());
}

#[test]
fn an_atomic_file_leaves_nothing_until_it_is_written() {
    let root = tempfile::tempdir().unwrap();
    let artifacts = Artifacts::claim(root.path(), "", stdout()).unwrap().0;
    let names = || fs::read_dir(root.path()).unwrap().count();
    let mut file = artifacts.open("a", "aiperf.json", true).unwrap();
    assert_eq!(names(), 1, "the log alone");
    file.write(b"{}").unwrap();
    assert_eq!(names(), 2);
    file.discard().unwrap();
    assert_eq!(names(), 1);
    assert!(file.commit().is_err());
}

#[test]
fn a_folder_that_was_removed_comes_back_whole() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("run");
    let (artifacts, mut log) = Artifacts::claim(&dir, "", stdout()).unwrap();
    log.write_all(b"before\n").unwrap();
    artifacts.write("aiperf.toml", "settings").unwrap();
    let mut stream = artifacts.open("a", "sub/a.jsonl", false).unwrap();
    let mut report = artifacts.open("b", "b.json", true).unwrap();
    stream.write(b"1\n").unwrap();
    assert_eq!(artifacts.secure().unwrap(), None);
    fs::remove_dir_all(&dir).unwrap();
    stream.write(b"2\n").unwrap();
    assert_eq!(artifacts.secure().unwrap(), Some(dir.clone()));
    log.write_all(b"after\n").unwrap();
    stream.commit().unwrap();
    report.write(b"{}").unwrap();
    report.commit().unwrap();
    artifacts.restore().unwrap();
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    assert_eq!(read("sub/a.jsonl"), "1\n2\n");
    assert_eq!(read("b.json"), "{}");
    assert_eq!(read("aiperf.toml"), "settings");
    assert_eq!(read("run.log"), "before\nafter\n");
}

#[test]
fn a_folder_that_became_another_runs_is_left_alone() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("run");
    let artifacts = Artifacts::claim(&dir, "", stdout()).unwrap().0;
    let mut stream = artifacts.open("a", "a.jsonl", false).unwrap();
    stream.write(b"ours\n").unwrap();
    fs::remove_dir_all(&dir).unwrap();
    let other = Artifacts::claim(&dir, "", stdout()).unwrap().0;
    other.write("a.jsonl", "theirs").unwrap();
    let moved = root.path().join("run-2");
    assert_eq!(artifacts.secure().unwrap(), Some(moved.clone()));
    stream.commit().unwrap();
    artifacts.restore().unwrap();
    assert_eq!(fs::read(dir.join("a.jsonl")).unwrap(), b"theirs");
    assert_eq!(fs::read(moved.join("a.jsonl")).unwrap(), b"ours\n");
    assert_eq!(fs::read(dir.join("run.log")).unwrap(), b"");
}
