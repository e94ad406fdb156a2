//! Damaged libraries: cut off and with wrong bytes, at many places. None may crash the program.

use std::fs;

use crate::context::Context;
use crate::library::{c_library, library};

/// Bytes at pseudo-random places, always the same ones.
struct Places(u64);

impl Places {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap_or_default() % end
    }
}

/// Lists the plugins of a library; how many plugins of it there are, if it is not refused.
fn plugins_in(context: &Context, bytes: &[u8], what: &str) -> Option<usize> {
    let path = context.path().join("libacme.so");
    // A new file each time: the old one may still be mapped somewhere.
    fs::remove_file(&path).ok();
    fs::write(&path, bytes).expect("a copy");
    context.write("acme.toml", "[plugins.acme]\npath = \"libacme.so\"\n");
    let ran = context.run(&["plugins", "list", "-f", "acme.toml"]);
    match ran.code {
        Some(0) => Some(ran.stdout.matches("libacme.so").count()),
        Some(2) => {
            let errors = ran
                .stderr
                .lines()
                .filter(|line| line.starts_with("error: "));
            let errors: Vec<_> = errors.collect();
            assert_eq!(errors.len(), 1, "{what}: {}", ran.stderr);
            assert!(errors[0].len() < 500, "{what}: {}", errors[0]);
            assert!(ran.stderr.lines().count() <= 8, "{what}: {}", ran.stderr);
            None
        }
        code => panic!("{what}: exit {code:?}: {}", ran.stderr),
    }
}

#[test]
fn no_cut_off_library_crashes_the_program() {
    let context = Context::new();
    let whole = fs::read(library("acme")).expect("the library");
    assert_eq!(plugins_in(&context, &whole, "whole"), Some(5));
    for part in 0..24 {
        let length = whole.len() * part / 24;
        let listed = plugins_in(&context, &whole[..length], &format!("{length} bytes"));
        assert_eq!(listed, None, "{length} bytes");
    }
    let all_but_one = plugins_in(&context, &whole[..whole.len() - 1], "all but one");
    assert_eq!(all_but_one, None);
}

#[test]
fn no_library_with_wrong_bytes_crashes_the_program() {
    check_wrong_bytes(&fs::read(library("acme")).expect("the library"));
}

#[test]
fn nor_does_one_in_c() {
    check_wrong_bytes(&fs::read(c_library()).expect("the library"));
}

fn check_wrong_bytes(whole: &[u8]) {
    let context = Context::new();
    let mut places = Places(7);
    let mut refused = 0;
    for round in 0..60 {
        let mut bytes = whole.to_vec();
        // A third each: the headers, the tables of the system's loader, anywhere.
        let end = [64 + 56 * 12, whole.len() / 16, whole.len()][round % 3];
        for _ in 0..20 {
            bytes[places.below(end)] ^= 0x5a;
        }
        refused += u32::from(plugins_in(&context, &bytes, &format!("round {round}")).is_none());
    }
    assert!(
        refused > 30,
        "only {refused} of 60 were refused: nothing was damaged"
    );
}
