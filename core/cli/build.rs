//! Lists the source of the plugin SDK, which `aiperf plugins new` writes beside a new plugin.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../plugin-sdk");
    let root = root.canonicalize()?;
    let mut entries = Vec::new();
    for file in sources(&root)? {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&root)?.display().to_string();
        let path = file.display().to_string();
        entries.push(format!("({name:?}, include_str!({path:?}))"));
    }
    let list = format!("&[{}]", entries.join(",\n"));
    fs::write(Path::new(&env::var("OUT_DIR")?).join("sdk_files.rs"), list)?;
    Ok(())
}

/// What a build of the SDK needs, in the order of its names.
fn sources(root: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = ["Cargo.toml", "README.md", "build.rs"]
        .map(|name| root.join(name))
        .to_vec();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        // A new file changes its folder.
        println!("cargo::rerun-if-changed={}", folder.display());
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let kept = if path.is_dir() {
                &mut folders
            } else {
                &mut files
            };
            kept.push(path);
        }
    }
    files.sort();
    Ok(files)
}
