//! An SDK that broke its promise: two fields of a struct that crosses by value have changed places.

#[path = "../sdk_copy.rs"]
mod sdk_copy;

const FIELDS: &str = "    pub first_byte_ns: i64,
    pub complete_ns: i64,
    /// A JSON";

const SWAPPED: &str = "    pub complete_ns: i64,
    pub first_byte_ns: i64,
    /// A JSON";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    sdk_copy::copy_sdk(&[("abi/types.rs", FIELDS, SWAPPED)])
}
