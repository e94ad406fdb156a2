//! From what users write to what a run does.
//!
//! [`Layers`] takes files, environment variables and flags, each over the ones before, and keeps
//! the place of every value. [`Layers::check`] holds them to the JSON schema of [`schema::Config`];
//! then the plugin libraries that they name can be loaded. [`Settings::resolve`] checks against the
//! plugins' own schemas, and gives a [`RunPlan`] or [`Diagnostics`] with everything that is wrong,
//! each with file, line and caret.
//!
//! Nothing here reads files or the environment, or prints.

mod catalog;
mod check;
mod document;
mod editor;
mod error;
mod file;
mod interpolate;
mod layers;
mod location;
mod node;
mod plan;
mod quantity;
mod report;
mod resolve;
pub mod schema;
mod settings;
mod show;
mod source;
mod suggest;

#[cfg(test)]
mod tests;

pub use catalog::Catalog;
pub use error::Diagnostics;
pub use layers::{ConfigFile, Layers, Setting, SettingValue, Trust};
pub use location::Location;
pub use plan::{
    ArtifactSettings, CollectSettings, CollectorPlan, Command, ExporterPlan, LoadSettings,
    ParserPlan, RunPlan,
};
pub use quantity::{ByteSize, QuantityError, UnitDuration};
pub use resolve::Context;
pub use settings::{LibraryFile, Settings};
pub use suggest::nearest;
