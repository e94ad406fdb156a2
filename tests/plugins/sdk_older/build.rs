//! The SDK before hosts had `time_left`.

#[path = "../sdk_copy.rs"]
mod sdk_copy;

const DECLARED: &str = "    /// Nanoseconds until the deadline of the call that the instance is in; `u64::MAX` for none.
    fn time_left(&self) -> u64 {
        u64::MAX
    }
";

const LENT: &str = "    fn time_left(&self) -> u64 {
        let left = guard(|| Ok(self.0.time_left())).unwrap_or(None);
        left.map_or(u64::MAX, |left| {
            u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)
        })
    }
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    sdk_copy::copy_sdk(&[
        ("abi/traits.rs", DECLARED, ""),
        ("hosting/services.rs", LENT, ""),
        ("host.rs", "self.0.host.time_left()", "u64::MAX"),
    ])
}
