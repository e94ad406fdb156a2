//! For build scripts: a changed copy of the SDK's source, under the SDK's own name and version, so that
//! libraries that are built with it differ from others by the change alone.

use std::path::Path;
use std::process::Command;
use std::{env, fs, io};

/// The sources, seen from the crates that copy them.
const SDK: &str = "../../../plugin-sdk";

/// Copies the SDK to where the crate's `lib.rs` includes it. Each change is a file, a text in it, and what
/// stands there instead.
pub fn copy_sdk(changes: &[(&str, &str, &str)]) -> Result<(), Box<dyn std::error::Error>> {
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    // What an earlier build has left there may not be a part of the SDK any more.
    fs::remove_dir_all(out)?;
    copy(&Path::new(SDK).join("src"), out)?;
    for (file, before, after) in changes {
        let source = fs::read_to_string(out.join(file))?;
        if source.matches(before).count() != 1 {
            return Err(format!("{file} does not have once:\n{before}").into());
        }
        fs::write(out.join(file), source.replace(before, after))?;
    }
    // Inner documentation cannot be included, and its macros are no part of an included file's paths.
    let root = fs::read_to_string(out.join("lib.rs"))?;
    let root = root.replace("export_plugin,", "");
    let lines = root.lines().filter(|line| !line.starts_with("//!"));
    fs::write(out.join("lib.rs"), lines.collect::<Vec<_>>().join("\n"))?;
    let version = fs::read_to_string(Path::new(SDK).join("Cargo.toml"))?;
    let version = version
        .lines()
        .find_map(|line| line.strip_prefix("version = "));
    println!("cargo::rerun-if-changed={SDK}/src");
    println!("cargo::rustc-env=CARGO_PKG_NAME=aiperf-plugin-sdk");
    println!(
        "cargo::rustc-env=CARGO_PKG_VERSION={}",
        version.ok_or("no version")?.trim_matches('"')
    );
    println!("cargo::rustc-env=AIPERF_RUSTC_VERSION={}", rustc()?);
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, target)?;
        }
    }
    Ok(())
}

fn rustc() -> Result<String, Box<dyn std::error::Error>> {
    let output = Command::new(env::var("RUSTC")?).arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
