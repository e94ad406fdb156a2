//! Lays everything over each other: defaults, files, environment, flags.

use std::io;
use std::path::{Path, PathBuf};

use aiperf_core::config::{
    ConfigFile, Context, Diagnostics, Layers, RunPlan, Setting, SettingValue, Settings, Trust,
};
use aiperf_core::plugins::loader::Loader;
use aiperf_core::plugins::{Registry, RegistryError};

use super::env::{self, EnvSnapshot};
use super::flags::{ReadFile, RunArgs};

/// Built-in defaults that name plugins.
const DEFAULTS: &str = include_str!("defaults.toml");
/// File that is read from the current folder if it is there.
const IMPLICIT_FILE: &str = "aiperf.toml";

/// What a plan depends on beside the command line.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    /// The environment.
    pub(crate) environment: &'a EnvSnapshot,
    /// Loads the plugin libraries that files name.
    pub(crate) loader: &'a Loader,
    /// Reads a file.
    pub(crate) read_file: ReadFile<'a>,
    /// Seed of the run if the user gives none.
    pub(crate) fresh_seed: u64,
    /// Name and text of a recorded run's settings, which lie under everything that the user names.
    pub(crate) recorded: Option<(&'a str, &'a str)>,
    /// Laid over everything: what the program itself knows better, such as the demo server's URL.
    pub(crate) forced: &'a [Setting],
    /// It is one run of several, whose plan is not its own.
    pub(crate) is_part: bool,
}

/// Makes the plan of a run. Plugins of the libraries that files name are added to `registry`.
///
/// # Errors
/// Everything that is wrong with files, environment and flags, at once.
pub(crate) fn resolve<A: RunArgs>(
    args: &A,
    surroundings: &Surroundings<'_>,
    registry: &mut Registry,
) -> Result<RunPlan, Diagnostics> {
    let mut layers = files(args.config_files(), surroundings);
    surroundings.environment.add_to(&mut layers);
    args.flags().add_to(&mut layers, surroundings.read_file);
    for setting in surroundings.forced {
        layers.add(setting);
    }
    if surroundings.is_part {
        layers.single_run();
    } else {
        layers.first_of_sweep();
    }
    let mut settings = layers.check();
    surroundings.loader.load(&mut settings, registry);
    settings.resolve(&Context {
        command: A::COMMAND,
        catalog: registry,
        fresh_seed: surroundings.fresh_seed,
    })
}

/// Checks files and environment without flags. Without `plugins`, no library is loaded.
///
/// # Errors
/// If the built-in plugins cannot be used at all; what is wrong with settings is in the value.
pub(crate) fn examine(
    config_files: &[PathBuf],
    surroundings: &Surroundings<'_>,
    plugins: bool,
) -> Result<Result<Diagnostics, Diagnostics>, RegistryError> {
    let mut registry = Registry::with_builtins()?;
    let mut layers = files(config_files, surroundings);
    surroundings.environment.add_to(&mut layers);
    layers.first_of_sweep();
    let mut settings = layers.check();
    if plugins {
        surroundings.loader.load(&mut settings, &mut registry);
    } else {
        settings.skip_libraries();
    }
    Ok(settings.examine(&registry))
}

/// Adds the plugins of all libraries that files name to `registry`, for commands that run nothing.
/// What is wrong with the files is among the findings of what comes back.
pub(crate) fn load_libraries(
    config_files: &[PathBuf],
    surroundings: &Surroundings<'_>,
    registry: &mut Registry,
) -> Settings {
    let mut settings = files(config_files, surroundings).check();
    surroundings.loader.load(&mut settings, registry);
    settings
}

/// Defaults and all files, each over the ones before.
fn files(config_files: &[PathBuf], surroundings: &Surroundings<'_>) -> Layers {
    let environment = surroundings.environment;
    let mut layers = match environment.variables() {
        Some(variables) => Layers::new(variables.clone()),
        None => Layers::without_environment(),
    };
    add_text(
        &mut layers,
        "built-in defaults",
        DEFAULTS,
        Trust::BuiltIn,
        surroundings,
    );
    environment.add_system_to(&mut layers);
    let variable = environment.non_empty(env::CONFIG);
    let flagged = config_files.iter().map(PathBuf::as_path);
    let mut named = flagged.chain(variable.map(Path::new));
    // Who names it trusts it, and it is not read twice.
    if !named.any(is_implicit_file) {
        add_implicit_file(&mut layers, surroundings);
    }
    if let Some((name, text)) = surroundings.recorded {
        add_text(&mut layers, name, text, Trust::Recorded, surroundings);
    }
    if let Some(path) = variable {
        let value = SettingValue::Text(path.to_owned());
        let setting = Setting::variable(env::CONFIG, "", value);
        add_named_file(&mut layers, surroundings, Path::new(path), &setting);
    }
    for path in config_files {
        let value = SettingValue::Text(path.display().to_string());
        let setting = Setting::flag("--config", "", value);
        add_named_file(&mut layers, surroundings, path, &setting);
    }
    layers
}

fn is_implicit_file(path: &Path) -> bool {
    let implicit = Path::new(IMPLICIT_FILE);
    let real = |path: &Path| path.canonicalize().ok();
    path == implicit || real(path).is_some_and(|path| real(implicit) == Some(path))
}

fn add_text(
    layers: &mut Layers,
    name: &str,
    text: &str,
    trust: Trust,
    surroundings: &Surroundings<'_>,
) {
    let file = ConfigFile { name, text, trust };
    layers.add_file_with(file, surroundings.read_file);
}

fn add_implicit_file(layers: &mut Layers, surroundings: &Surroundings<'_>) {
    match (surroundings.read_file)(Path::new(IMPLICIT_FILE)) {
        Ok(text) => add_text(layers, IMPLICIT_FILE, &text, Trust::Implicit, surroundings),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            let message = format!("`{IMPLICIT_FILE}` is here but cannot be read: {error}");
            layers.warn(&message, "its settings do not apply to this run");
        }
    }
}

fn add_named_file(
    layers: &mut Layers,
    surroundings: &Surroundings<'_>,
    path: &Path,
    named_by: &Setting,
) {
    match (surroundings.read_file)(path) {
        Ok(text) => add_text(
            layers,
            &path.display().to_string(),
            &text,
            Trust::Named,
            surroundings,
        ),
        Err(error) => {
            let message = format!("`{}` cannot be read: {error}", path.display());
            layers.reject_file(named_by, &message, remedy(&error));
        }
    }
}

/// What to do about a file that could not be read.
pub(super) fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::InvalidData => "it must be text, as UTF-8",
        io::ErrorKind::IsADirectory => "name a file in it",
        io::ErrorKind::PermissionDenied => "let this user read it",
        _ => "check the path and its permissions",
    }
}
