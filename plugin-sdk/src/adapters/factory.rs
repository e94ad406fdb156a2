//! Makes instances from options as JSON, and describes the plugin.

use std::marker::PhantomData;

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RErr, RResult, RStr, RString, RVec};

use crate::abi::{
    AbiError, AbiFactory, AbiFactory_TO, CollectorBox, ExporterBox, FactoryBox, HostBox, ParserBox,
};
use crate::adapters::guard;
use crate::collector::CollectorMode;
use crate::{Descriptor, ErrorKind, Host, Plugin, PluginError, PluginKind, Result};

/// A plugin's kind, and how instances of it become boundary objects.
pub trait Role<P: Plugin>: 'static {
    /// The kind.
    const KIND: PluginKind;
    /// Collectors: the mode.
    const MODE: Option<CollectorMode> = None;
    /// Parsers: what they read.
    const CONTENT_TYPES: &'static [&'static str] = &[];

    /// Wraps a collector.
    fn collector(plugin: P) -> Option<CollectorBox> {
        drop(plugin);
        None
    }
    /// Wraps a parser.
    fn parser(plugin: P) -> Option<ParserBox> {
        drop(plugin);
        None
    }
    /// Wraps an exporter.
    fn exporter(plugin: P) -> Option<ExporterBox> {
        drop(plugin);
        None
    }
}

/// The factory object of plugin `P`.
pub fn factory<P: Plugin, R: Role<P>>() -> FactoryBox {
    AbiFactory_TO::from_value(Factory::<P, R>(PhantomData), TD_Opaque)
}

struct Factory<P, R>(PhantomData<fn() -> (P, R)>);

impl<P: Plugin, R: Role<P>> Factory<P, R> {
    fn descriptor() -> Descriptor {
        Descriptor {
            kind: R::KIND,
            id: P::ID.to_owned(),
            summary: P::SUMMARY.to_owned(),
            version: P::VERSION.to_owned(),
            stability: P::STABILITY,
            mode: R::MODE,
            content_types: R::CONTENT_TYPES.iter().map(|t| (*t).to_owned()).collect(),
            sample: P::SAMPLE.to_owned(),
            schema: schemars::schema_for!(P::Config).to_value(),
            sdk: crate::SDK_VERSION.to_owned(),
            rustc: crate::RUSTC_VERSION.to_owned(),
            panic_abort: cfg!(panic = "abort"),
        }
    }

    fn config(options: &str) -> Result<P::Config> {
        serde_json::from_str(options).map_err(|error| PluginError::config("", plain(&error)))
    }

    fn open<T>(
        options: RStr<'_>,
        context: RStr<'_>,
        host: HostBox,
        wrap: impl FnOnce(P) -> Option<T>,
    ) -> RResult<T, AbiError> {
        guard(|| {
            let config = Self::config(options.as_str())?;
            if let Some(error) = P::validate(&config).into_iter().next() {
                return Err(error);
            }
            let context = serde_json::from_str(context.as_str())?;
            let plugin = P::open(config, &Host::new(host, context))?;
            wrap(plugin).ok_or_else(|| {
                let message = format!("`{}` is a {}", P::ID, R::KIND.as_str());
                PluginError::new(ErrorKind::Unsupported, message)
            })
        })
    }
}

/// The message of `serde_json` without its "at line 1 column 7": users wrote TOML, not this JSON.
fn plain(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rsplit_once(" at line ") {
        Some((text, position)) if position.contains("column") => text.to_owned(),
        _ => message,
    }
}

impl<P: Plugin, R: Role<P>> AbiFactory for Factory<P, R> {
    fn descriptor(&self) -> RResult<RString, AbiError> {
        guard(|| Ok(serde_json::to_string(&Self::descriptor())?.into()))
    }

    fn validate(&self, options: RStr<'_>) -> RVec<AbiError> {
        let found = guard(|| {
            Ok(match Self::config(options.as_str()) {
                Ok(config) => P::validate(&config)
                    .into_iter()
                    .map(AbiError::from)
                    .collect(),
                Err(error) => RVec::from(vec![AbiError::from(error)]),
            })
        });
        match found {
            RErr(error) => RVec::from(vec![error]),
            RResult::ROk(errors) => errors,
        }
    }

    fn open_collector(
        &self,
        options: RStr<'_>,
        context: RStr<'_>,
        host: HostBox,
    ) -> RResult<CollectorBox, AbiError> {
        Self::open(options, context, host, R::collector)
    }

    fn open_parser(
        &self,
        options: RStr<'_>,
        context: RStr<'_>,
        host: HostBox,
    ) -> RResult<ParserBox, AbiError> {
        Self::open(options, context, host, R::parser)
    }

    fn open_exporter(
        &self,
        options: RStr<'_>,
        context: RStr<'_>,
        host: HostBox,
    ) -> RResult<ExporterBox, AbiError> {
        Self::open(options, context, host, R::exporter)
    }
}
