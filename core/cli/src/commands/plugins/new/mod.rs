//! `plugins new`: a crate that builds, passes its tests and loads.

mod name;
mod sdk;
mod template;

use std::path::{Path, PathBuf};

use aiperf_core::plugins::Registry;
use aiperf_plugin_sdk::{CollectorMode, PluginKind};

use self::name::Name;
use self::sdk::Sdk;
use self::template::Template;
use crate::args::NewArgs;
use crate::exit_code::ExitCode;
use crate::output;

/// Writes the crate and says what to do with it.
pub(crate) fn new_plugin(args: &NewArgs) -> ExitCode {
    match create(args) {
        Ok(created) => {
            output::stdout_line(&created.next_steps());
            ExitCode::Success
        }
        Err(problem) => {
            output::error(&problem);
            ExitCode::Usage
        }
    }
}

struct Created {
    kind: PluginKind,
    id: String,
    folder: PathBuf,
    /// Where the SDK was written, if it was.
    sdk: Option<PathBuf>,
}

fn create(args: &NewArgs) -> Result<Created, String> {
    let kind = PluginKind::from(args.kind);
    if args.mode.is_some() && kind != PluginKind::Collector {
        return Err(format!(
            "`--mode` is for collectors; a {} has none",
            kind.as_str()
        ));
    }
    let name = Name::new(&args.name, kind)?;
    refuse_built_in(kind, &name)?;
    let sdk = Sdk::from_flag(args.sdk.as_deref())?;
    let folder = args.dir.join(&name.package);
    refuse_existing(&args.dir, &folder)?;
    let mode = args.mode.map_or(CollectorMode::Poll, CollectorMode::from);
    let files = Template::of(kind, mode).files(&name, &sdk);
    let written = sdk.write(&args.dir)?;
    sdk::write_files(&folder, &files)
        .map_err(|error| format!("cannot write `{}`: {error}", folder.display()))?;
    Ok(Created {
        kind,
        id: name.id,
        folder,
        sdk: written,
    })
}

/// A library may not bring a plugin that is there already.
fn refuse_built_in(kind: PluginKind, name: &Name) -> Result<(), String> {
    let registry = Registry::with_builtins().map_err(|error| error.to_string())?;
    match registry.get(kind, &name.id) {
        Err(_) => Ok(()),
        Ok(_) => Err(format!(
            "{} `{}` is built in; choose another name, such as `my_{}`",
            kind.as_str(),
            name.id,
            name.id
        )),
    }
}

fn refuse_existing(parent: &Path, folder: &Path) -> Result<(), String> {
    if !parent.is_dir() {
        return Err(format!(
            "`{}` is not a folder; make it first, or name another one with `--dir`",
            parent.display()
        ));
    }
    // A link that leads nowhere is in the way as well.
    if folder.symlink_metadata().is_ok() {
        return Err(format!(
            "`{}` is there already; choose another name, or another folder with `--dir`",
            folder.display()
        ));
    }
    Ok(())
}

impl Created {
    fn next_steps(&self) -> String {
        let (kind, id, folder) = (self.kind.as_str(), &self.id, self.folder.display());
        let sdk = match &self.sdk {
            Some(sdk) => format!("\nThe SDK that it builds with is in {}.", sdk.display()),
            None => String::new(),
        };
        format!(
            "Made the {kind} `{id}` in {folder}.{sdk}\n\n\
             Next:\n  cd {folder}\n  cargo build\n  cargo test\n  \
             aiperf plugins list --config aiperf.toml"
        )
    }
}
