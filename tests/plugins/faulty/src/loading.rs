//! Trouble before any instance exists: while the plugin describes itself.

use std::borrow::Cow;

use aiperf_plugin_sdk::prelude::*;
use aiperf_plugin_sdk::schemars::{Schema, SchemaGenerator};

use crate::fault::deep;

/// Options whose schema is asked for while the library is loaded.
#[derive(Debug, Deserialize)]
struct Trap {}

impl JsonSchema for Trap {
    fn schema_name() -> Cow<'static, str> {
        "Trap".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        match std::env::var("FAULTY").as_deref() {
            Ok("abort") => std::process::abort(),
            Ok("exit") => std::process::exit(0),
            Ok("status") => std::process::exit(7),
            Ok("stack") => assert!(deep(0) > 0),
            Ok("panic") => assert!(generator.definitions().len() > 9, "no schema today"),
            Ok("chatter") => drop(std::io::Write::write_all(
                &mut std::io::stdout(),
                &vec![b'x'; 1 << 20],
            )),
            _ => {}
        }
        generator.subschema_for::<()>()
    }
}

struct Loading;

impl Plugin for Loading {
    const ID: &'static str = "faulty_loading";
    const SUMMARY: &'static str = "Makes trouble while it is loaded, if `FAULTY` says so.";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    type Config = Trap;

    fn open(_: Trap, _: &Host) -> Result<Self> {
        Ok(Self)
    }
}

impl Parser for Loading {
    const CONTENT_TYPES: &'static [&'static str] = &[];

    fn parse(&mut self, _: &Payload<'_>, _: &mut Batch) -> Result<()> {
        Ok(())
    }
}
export_plugin!(parser Loading);
