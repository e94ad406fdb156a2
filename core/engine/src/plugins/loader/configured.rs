//! From the libraries that settings name to the registry.

#[cfg(target_os = "linux")]
use super::inspect;
use super::{HostCommand, LoadError, LoadOptions, LoadedLibrary, ProbeCommand, Reason, load};
use crate::config::schema::Isolation;
use crate::config::{LibraryFile, Settings};
#[cfg(target_os = "linux")]
use crate::plugins::isolation::isolated;
use crate::plugins::{Origin, Registry, RegistryError};

/// Loads what settings name.
#[derive(Debug, Clone, Default)]
pub struct Loader {
    /// How libraries are tried in a child process. Without it none is, whatever the settings say.
    pub probe: Option<ProbeCommand>,
    /// How processes of plugins are started. Without it there are none.
    pub host: Option<HostCommand>,
}

impl Loader {
    /// Loads every library that `settings` name and adds its plugins to `registry`. What cannot be
    /// used becomes an error of the settings, at the line that is to blame.
    pub fn load(&self, settings: &mut Settings, registry: &mut Registry) {
        for file in settings.take_libraries() {
            match self.library(&file) {
                Ok(library) => add(settings, registry, &file, library),
                Err(error) => reject(settings, &file, &error),
            }
        }
    }

    fn library(&self, file: &LibraryFile) -> Result<LoadedLibrary, LoadError> {
        if file.config.isolation == Isolation::Process {
            return self.isolated(file);
        }
        let options = LoadOptions {
            sha256: file.config.sha256.clone(),
            require_unwind: file.config.require_unwind,
            probe: self.probe.clone().filter(|_| file.config.probe),
        };
        load(&file.path, &options)
    }

    /// The library's plugins, without the library. Whether its panics end a process makes no
    /// difference: it is its own.
    #[cfg(target_os = "linux")]
    fn isolated(&self, file: &LibraryFile) -> Result<LoadedLibrary, LoadError> {
        let (Some(probe), Some(host)) = (&self.probe, &self.host) else {
            return Err(LoadError::new(&file.path, Reason::NoIsolation));
        };
        let options = LoadOptions {
            sha256: file.config.sha256.clone(),
            ..LoadOptions::default()
        };
        let inspection = inspect(&file.path, &options, probe)?;
        Ok(isolated(inspection, host.clone()))
    }

    #[cfg(not(target_os = "linux"))]
    fn isolated(&self, file: &LibraryFile) -> Result<LoadedLibrary, LoadError> {
        Err(LoadError::new(&file.path, Reason::NoIsolation))
    }
}

fn add(
    settings: &mut Settings,
    registry: &mut Registry,
    file: &LibraryFile,
    library: LoadedLibrary,
) {
    let isolated = file.config.isolation == Isolation::Process;
    if library.facts.panic_abort && !isolated {
        let path = library.facts.path.display();
        let message = format!("a panic in `{path}` ends the run");
        settings.warn_of_library(file, "require_unwind", message);
    }
    for plugin in &library.left_out {
        settings.warn_of_library(file, "path", format!("{plugin}; it is left out"));
    }
    if let Err(error) = registry.add_library(library, file.config.overrides) {
        let help = help_with(&error);
        settings.reject_library(file, "path", error.to_string(), help);
    }
}

fn help_with(error: &RegistryError) -> Option<&'static str> {
    match error {
        RegistryError::Duplicate {
            first: Origin::BuiltIn,
            ..
        } => Some("`override = true` in this table puts it in the place of the built-in one"),
        RegistryError::Duplicate { .. } => Some("leave one of the two libraries out"),
        _ => None,
    }
}

fn reject(settings: &mut Settings, file: &LibraryFile, error: &LoadError) {
    let key = match error.reason {
        Reason::Pin { .. } => "sha256",
        Reason::PanicAborts => "require_unwind",
        Reason::NoIsolation => "isolation",
        _ => "path",
    };
    settings.reject_library(file, key, error.to_string(), None);
}
