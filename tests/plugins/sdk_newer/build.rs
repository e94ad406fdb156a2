//! An SDK to come: hosts and collectors have a method more, the root has a field more, batches and
//! declarations have parts that this version does not know.

#[path = "../sdk_copy.rs"]
mod sdk_copy;

const COLLECTOR_ENDS: &str = "    #[sabi(last_prefix_field)]
    fn close(&mut self) -> RResult<(), AbiError>;
}
pub type CollectorBox";

const COLLECTOR_GOES_ON: &str = "    #[sabi(last_prefix_field)]
    fn close(&mut self) -> RResult<(), AbiError>;
    fn rest(&mut self) -> RResult<(), AbiError> {
        abi_stable::std_types::ROk(())
    }
}
pub type CollectorBox";

const HOST_ENDS: &str = "    fn time_left(&self) -> u64 {
        u64::MAX
    }
";

const HOST_GOES_ON: &str = "    fn time_left(&self) -> u64 {
        u64::MAX
    }
    fn moon(&self) -> u8 {
        let phase = 7;
        phase
    }
";

const ROOT_ENDS: &str = "    pub plugins: extern \"C\" fn() -> RResult<RVec<FactoryBox>, AbiError>,
";

const ROOT_GOES_ON: &str =
    "    pub plugins: extern \"C\" fn() -> RResult<RVec<FactoryBox>, AbiError>,
    pub features: u64,
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    sdk_copy::copy_sdk(&[
        ("abi/traits.rs", COLLECTOR_ENDS, COLLECTOR_GOES_ON),
        ("abi/traits.rs", HOST_ENDS, HOST_GOES_ON),
        ("abi/root.rs", ROOT_ENDS, ROOT_GOES_ON),
        (
            "abi/root.rs",
            "        plugins,\n",
            "        plugins,\n        features: 3,\n",
        ),
        // What a reader does not know it leaves alone.
        (
            "batch/build.rs",
            "            Column::i64s(c::DIAGNOSTIC_COUNT, &count),\n",
            "            Column::i64s(c::DIAGNOSTIC_COUNT, &count),\n            Column::i64s(\"sample.mood\", &count),\n",
        ),
        (
            "host.rs",
            "self.0.host.time_left()",
            "self.0.host.time_left() - u64::from(self.0.host.moon() - 7)",
        ),
        (
            "adapters/parser.rs",
            "PluginKind::Parser",
            "PluginKind::Oracle",
        ),
        (
            "descriptor.rs",
            "    Parser,\n",
            "    Parser,\n    /// Knows.\n    Oracle,\n",
        ),
        (
            "descriptor.rs",
            "            Self::Parser => \"parser\",\n",
            "            Self::Parser => \"parser\",\n            Self::Oracle => \"oracle\",\n",
        ),
    ])
}
