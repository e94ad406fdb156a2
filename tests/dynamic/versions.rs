//! Libraries built with an older, a newer and another SDK, in every order of loading.
//!
//! Builds three copies of the SDK, each changed in one way, with a Cargo of its own. That takes a
//! minute or two, hence on demand: `cargo test -p aiperf --test dynamic versions -- --ignored`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::context::Context;
use crate::library::library;

/// The last method of the collectors' trait; what is below its attribute may be missing.
const LAST: &str = "    #[sabi(last_prefix_field)]\n    fn close(&mut self) -> RResult<(), AbiError>;\n}\npub type CollectorBox";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A workspace with a changed SDK, one plugin and a host.
struct Vendor(&'static str);

impl Vendor {
    /// Everything that is built here stays in one folder, for the next time.
    fn target() -> PathBuf {
        let library = library("acme");
        let target = library.ancestors().nth(3).expect("the target folder");
        target.join("versions")
    }

    fn folder(&self) -> PathBuf {
        Self::target().join("sources").join(self.0)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.folder().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text.replace('@', self.0)).expect("a file");
    }

    /// Builds plugin and host with the SDK after `change` of one of its files.
    fn build(self, file: &str, change: &dyn Fn(&str) -> String) -> Built {
        copy(
            &root().join("plugin-sdk"),
            &self.folder().join("plugin-sdk"),
        );
        let source = fs::read_to_string(root().join(file)).expect("a source");
        let changed = change(&source);
        assert_ne!(source, changed, "{file} is not what it was");
        self.write(file, &changed);
        self.write("Cargo.toml", &workspace());
        fs::copy(root().join("Cargo.lock"), self.folder().join("Cargo.lock")).expect("a lock");
        self.write("plugin/Cargo.toml", PLUGIN_MANIFEST);
        self.write("plugin/src/lib.rs", PLUGIN);
        self.write("host/Cargo.toml", HOST_MANIFEST);
        self.write("host/src/main.rs", HOST);
        self.cargo();
        let debug = Self::target().join("debug");
        Built {
            library: debug.join(format!("lib{}.so", self.0)),
            host: debug.join(format!("{}-host", self.0)),
        }
    }

    fn cargo(&self) {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--offline", "--quiet", "--workspace"])
            .current_dir(self.folder())
            .env("CARGO_TARGET_DIR", Self::target())
            .output()
            .expect("cargo runs");
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{said}");
    }
}

struct Built {
    library: PathBuf,
    /// Program that loads the libraries in its arguments, and prints a line for each.
    host: PathBuf,
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// The workspace's manifest with other members.
fn workspace() -> String {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let (before, rest) = text.split_once("members = [").expect("members");
    let (_, after) = rest.split_once(']').expect("their end");
    format!("{before}members = [\"plugin-sdk\", \"plugin\", \"host\"]{after}")
}

const PLUGIN_MANIFEST: &str = r#"
[package]
name = "@"
version = "0.1.0"
edition = "2024"

[lib]
crate-type = ["cdylib"]

[dependencies]
aiperf-plugin-sdk.workspace = true
serde.workspace = true
schemars.workspace = true
"#;

const HOST_MANIFEST: &str = r#"
[package]
name = "@-host"
version = "0.1.0"
edition = "2024"

[dependencies]
aiperf-plugin-sdk.workspace = true
"#;

const HOST: &str = r#"
fn main() {
    for path in std::env::args().skip(1) {
        match aiperf_plugin_sdk::hosting::open_library(path.as_ref()) {
            Ok(library) => println!("{} plugins", library.factories.len()),
            Err(error) => println!("{error}"),
        }
    }
}
"#;

const PLUGIN: &str = r#"
use aiperf_plugin_sdk::prelude::*;

#[derive(Deserialize, JsonSchema)]
struct Config {}

struct Version;

impl Plugin for Version {
    const ID: &'static str = "@";
    const SUMMARY: &'static str = "Tells that it works.";
    const VERSION: &'static str = "0.1.0";
    type Config = Config;
    fn open(_: Config, _: &Host) -> Result<Self> {
        Ok(Self)
    }
}

impl PollCollector for Version {
    fn collect(&mut self, out: &mut CollectorSink<'_>) -> Result<()> {
        out.batch().gauge("works", &[], 1.0);
        Ok(())
    }
}
export_plugin!(poll_collector Version);
"#;

/// The collectors' trait with a method more.
fn newer(traits: &str) -> String {
    let more = "    fn later(&mut self) -> RResult<(), AbiError> {\n        abi_stable::std_types::ROk(())\n    }\n}\npub type CollectorBox";
    traits.replace(LAST, &LAST.replace("}\npub type CollectorBox", more))
}

#[test]
#[ignore = "builds three SDKs, which takes a minute or two"]
fn older_same_and_newer_load_in_every_order() {
    let newer = Vendor("newer").build("plugin-sdk/src/abi/traits.rs", &newer);
    let (a, b) = (
        "    pub first_byte_ns: i64,\n",
        "    pub complete_ns: i64,\n",
    );
    let other = Vendor("other").build("plugin-sdk/src/abi/types.rs", &|types: &str| {
        types.replace(&[a, b].concat(), &[b, a].concat())
    });
    let revision = Vendor("revision").build("plugin-sdk/src/abi/root.rs", &|root: &str| {
        root.replace("ABI_REVISION: u32 = 0", "ABI_REVISION: u32 = 77")
    });
    let same = library("acme");
    // Seen by a newer host the plugins of today are older.
    for [first, second] in [[&same, &newer.library], [&newer.library, &same]] {
        let output = Command::new(&newer.host).args([first, second]).output();
        let said = String::from_utf8(output.expect("the host runs").stdout).expect("UTF-8");
        let mut lines: Vec<_> = said.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["1 plugins", "5 plugins"]);
    }
    let context = Context::new();
    let paths = [newer.library, same, other.library, revision.library];
    for order in orders() {
        check(&context, &paths, order);
    }
}

fn orders() -> Vec<[usize; 4]> {
    let mut orders = Vec::new();
    for code in 0..256 {
        let order = [code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6];
        if (0..4).all(|number| order.contains(&number)) {
            orders.push(order);
        }
    }
    assert_eq!(orders.len(), 24);
    orders
}

/// Newer and same load, the other two are refused, whatever was loaded before.
fn check(context: &Context, paths: &[PathBuf; 4], order: [usize; 4]) {
    let tables = order.map(|number| {
        let path = paths[number].display().to_string();
        format!("[plugins.p{number}]\npath = {path:?}\n")
    });
    context.write("all.toml", &tables.concat());
    let ran = context.run(&["plugins", "list", "-f", "all.toml"]);
    assert_eq!(ran.code, Some(2), "{order:?}: {}", ran.stderr);
    for loaded in ["  newer ", "acme_pulse"] {
        assert!(ran.stdout.contains(loaded), "{order:?}: {}", ran.stderr);
    }
    let errors = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "));
    let mut errors: Vec<_> = errors.collect();
    errors.sort_unstable();
    assert_eq!(errors.len(), 2, "{order:?}: {}", ran.stderr);
    assert!(errors[0].contains("whose types differ"), "{}", errors[0]);
    assert!(errors[1].contains("revision 77"), "{}", errors[1]);
}
