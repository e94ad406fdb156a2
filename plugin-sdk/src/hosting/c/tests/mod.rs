//! The header and `abi.rs`, held together by a C compiler: sizes, offsets, the type of every field, codes.

mod declared;

use std::io::Write;
use std::mem::offset_of;
use std::process::{Command, Stdio};

use self::declared::structs;
use super::abi::{CError, CHost, CLabel, CLibrary, CPage, CPlugin, CSample, CSink, REVISION, Text};
use super::factory::{COLLECTOR, DEPRECATED, PARSER, STABLE};
use crate::{ErrorKind, LogLevel, MetricKind, Wake};

const HEADER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/c");

/// What `offset_of` says of a struct, as C.
macro_rules! offsets {
    ($($c:ident = $rust:ident { $($field:ident),* })*) => {
        [$(
            format!("_Static_assert(sizeof({}) == {}, \"{}\");\n",
                stringify!($c), size_of::<$rust>(), stringify!($c)),
            $(format!("_Static_assert(offsetof({0}, {1}) == {2}, \"{0}.{1}\");\n",
                stringify!($c), declared::in_c(stringify!($field)), offset_of!($rust, $field)),)*
        )*].concat()
    };
}

/// The compiler that the variable names, which may come with arguments (`ccache gcc -m64`).
fn compiler(variable: &str, usual: &str) -> Command {
    let line = std::env::var(variable).unwrap_or_default();
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or(usual));
    command.args(words);
    command
}

/// A C compiler reads `source` after the header; its complaints. Whoever builds Rust has one: it links.
fn complaints(arguments: &[&str], source: &str) -> String {
    let said = complaints_of(compiler("CC", "cc"), arguments, source);
    said.unwrap_or_else(|error| panic!("no C compiler, set CC: {error}"))
}

fn complaints_of(
    mut compiler: Command,
    arguments: &[&str],
    source: &str,
) -> std::io::Result<String> {
    let mut child = compiler
        .args(arguments)
        .args([
            "-fsyntax-only",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-I",
            HEADER,
            "-",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let text = format!("#include \"aiperf_plugin.h\"\n{source}");
    let mut input = child.stdin.take().unwrap();
    // A compiler that gives up early has said why.
    input.write_all(text.as_bytes()).ok();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    Ok(said)
}

#[test]
fn every_field_is_where_the_header_has_it() {
    let asserted = offsets! {
        aiperf_text = Text { data, size }
        aiperf_error = CError { size, kind, retriable, message, remedy, source, path }
        aiperf_host = CHost {
            size, this, log, now, wait, time_left, option_text, option_number, option_flag, options, context
        }
        aiperf_label = CLabel { name, value }
        aiperf_sample = CSample { size, name, family, kind, value, time_ns, labels, n_labels }
        aiperf_page = CPage { size, source_id, content_type, body, sent_ns, complete_ns }
        aiperf_sink = CSink { size, this, describe, sample, push, error, diagnostic, payload }
        aiperf_plugin = CPlugin {
            size, kind, stability, id, summary, version, schema, sample, content_types, validate, open,
            close, collect, parse, sniff
        }
        aiperf_library = CLibrary { size, revision, compiler, plugins }
    };
    assert_eq!(complaints(&["-xc", "-std=c11"], &asserted), "");
}

/// Every field of `abi.rs`, with its type in the words of C.
#[test]
fn every_field_has_the_type_of_the_header() {
    let structs = structs(include_str!("../abi.rs"));
    let fields = structs.iter().flat_map(|(name, fields)| {
        fields.iter().map(move |(field, kind)| {
            format!(
                "_Static_assert(__builtin_types_compatible_p(__typeof__((({name} *)0)->{field}), \
                 {kind}), \"{name}.{field}\");\n"
            )
        })
    });
    let asserted: String = fields.collect();
    assert_eq!(structs.len(), 9);
    assert!(
        asserted.contains("int32_t (*)(void *, aiperf_sink const *, aiperf_error *)"),
        "{asserted}"
    );
    assert_eq!(complaints(&["-xc", "-std=gnu11"], &asserted), "");
}

/// The header has no field that `abi.rs` lacks: those of one are at most as many as there are asserted.
#[test]
fn no_field_of_the_header_is_missing() {
    let header = include_str!("../../../../c/aiperf_plugin.h");
    let structs = structs(include_str!("../abi.rs"));
    for (name, fields) in structs {
        let body = declared::between(
            header,
            &format!("typedef struct {name} {{"),
            &format!("\n}} {name};"),
        );
        let code = declared::without_comments(body);
        assert_eq!(code.matches(';').count(), fields.len(), "{name}: {code}");
    }
}

#[test]
fn codes_mean_the_same() {
    let codes = [
        ("AIPERF_REVISION", i64::from(REVISION)),
        ("AIPERF_COLLECTOR", i64::from(COLLECTOR)),
        ("AIPERF_PARSER", i64::from(PARSER)),
        ("AIPERF_EXPERIMENTAL", 0),
        ("AIPERF_STABLE", i64::from(STABLE)),
        ("AIPERF_DEPRECATED", i64::from(DEPRECATED)),
        ("AIPERF_NO_TIME", crate::batch::NO_TIME),
        ("AIPERF_ERROR_OTHER", ErrorKind::Other as i64),
        ("AIPERF_ERROR_CONFIG", ErrorKind::Config as i64),
        ("AIPERF_ERROR_IO", ErrorKind::Io as i64),
        ("AIPERF_ERROR_NETWORK", ErrorKind::Network as i64),
        ("AIPERF_ERROR_TIMEOUT", ErrorKind::Timeout as i64),
        ("AIPERF_ERROR_FORMAT", ErrorKind::Format as i64),
        ("AIPERF_ERROR_UNSUPPORTED", ErrorKind::Unsupported as i64),
        ("AIPERF_ERROR_LIMIT", ErrorKind::Limit as i64),
        ("AIPERF_LOG_ERROR", LogLevel::Error as i64),
        ("AIPERF_LOG_WARN", LogLevel::Warn as i64),
        ("AIPERF_LOG_INFO", LogLevel::Info as i64),
        ("AIPERF_LOG_DEBUG", LogLevel::Debug as i64),
        ("AIPERF_WAKE_ELAPSED", Wake::Elapsed as i64),
        ("AIPERF_WAKE_STOP", Wake::Stop as i64),
        ("AIPERF_UNKNOWN", MetricKind::Unknown as i64),
        ("AIPERF_GAUGE", MetricKind::Gauge as i64),
        ("AIPERF_COUNTER", MetricKind::Counter as i64),
        ("AIPERF_HISTOGRAM", MetricKind::Histogram as i64),
        ("AIPERF_GAUGE_HISTOGRAM", MetricKind::GaugeHistogram as i64),
        ("AIPERF_SUMMARY", MetricKind::Summary as i64),
        ("AIPERF_INFO", MetricKind::Info as i64),
        ("AIPERF_STATESET", MetricKind::StateSet as i64),
    ];
    // None is missing.
    let header = declared::without_comments(include_str!("../../../../c/aiperf_plugin.h"));
    let words = header.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let others = [
        "AIPERF_PLUGIN_H",
        "AIPERF_HAS",
        "AIPERF_COMPILER",
        "AIPERF_EXPORT",
    ];
    let named = words.filter(|word| word.starts_with("AIPERF_") && !others.contains(word));
    let unknown: Vec<_> = named
        .filter(|word| !codes.iter().any(|(code, _)| code == word))
        .collect();
    assert_eq!(unknown, [""; 0]);
    let asserted: String = codes
        .map(|(name, code)| match code {
            i64::MIN => format!("_Static_assert({name} == INT64_MIN, \"{name}\");\n"),
            code => format!("_Static_assert({name} == {code}, \"{name}\");\n"),
        })
        .concat();
    assert_eq!(complaints(&["-xc", "-std=c11"], &asserted), "");
}

#[test]
fn old_c_and_c_plus_plus_take_the_header() {
    let used = "const char *compiler(void); const char *compiler(void) { return AIPERF_COMPILER; }\n\
                int has(const aiperf_sink *sink);\n\
                int has(const aiperf_sink *sink) { return AIPERF_HAS(sink, aiperf_sink, payload); }\n";
    assert_eq!(complaints(&["-xc", "-std=c99", "-pedantic"], used), "");
    let arguments = ["-xc++", "-std=c++11", "-pedantic"];
    match complaints_of(compiler("CXX", "c++"), &arguments, used) {
        Ok(said) => assert_eq!(said, ""),
        // Not everybody who builds Rust has one.
        Err(error) => eprintln!("no C++ compiler, set CXX: {error}"),
    }
}

#[test]
fn a_difference_is_noticed() {
    let wrong = "_Static_assert(sizeof(aiperf_text) == 1, \"smaller\");\n";
    assert!(complaints(&["-xc", "-std=c11"], wrong).contains("smaller"));
}
