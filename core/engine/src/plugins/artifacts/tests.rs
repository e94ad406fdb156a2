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
        .map(|prefix| {
            Artifacts::claim(&dir, prefix, stdout())
                .unwrap()
                .0
                .dir()
                .to_owned()
        })
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
