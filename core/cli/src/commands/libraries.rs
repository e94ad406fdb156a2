//! Plugin libraries: this program tries them in a child process that is itself, and runs plugins with
//! processes of their own the same way.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use aiperf_core::plugins::loader::{HostCommand, Loader, ProbeCommand, serve_probe};

use crate::args::{EnvSnapshot, PLUGIN_HOST, PROBE};
use crate::exit_code::ExitCode;
use crate::output;

/// Time for a library to load and to say what is in it.
const PROBE_LIMIT: Duration = Duration::from_secs(10);

/// Variables that a plugin's process needs to find its way about the system. Keys and tokens are in
/// others, and are no business of a plugin: users hand them over as options.
const PASSED_ON: [&str; 11] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "XDG_RUNTIME_DIR",
    "RUST_BACKTRACE",
];
/// Beginnings of further ones: the locale, and what drivers of accelerators read.
const PASSED_ON_WITH: [&str; 6] = ["LC_", "CUDA_", "NVIDIA_", "ROCR_", "HIP_", "ZE_"];

/// Loads libraries after a child process has. Where this program cannot be found again (its file
/// was removed), they are loaded without.
pub(super) fn loader(environment: &EnvSnapshot) -> Loader {
    let Ok(program) = std::env::current_exe() else {
        return Loader::default();
    };
    Loader {
        probe: Some(ProbeCommand {
            program: program.clone(),
            arguments: vec![PROBE.into()],
            limit: PROBE_LIMIT,
        }),
        host: Some(HostCommand {
            program,
            arguments: vec![PLUGIN_HOST.into()],
            environment: passed_on(environment),
        }),
    }
}

fn passed_on(environment: &EnvSnapshot) -> Vec<(OsString, OsString)> {
    let all = environment.variables().into_iter().flatten();
    let passed_on = all.filter(|(name, _)| {
        PASSED_ON.contains(&name.as_str())
            || PASSED_ON_WITH.iter().any(|start| name.starts_with(start))
    });
    passed_on
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// The child process.
pub(crate) fn probe_plugin(path: &Path) -> ExitCode {
    output::stdout_line(&serve_probe(path));
    ExitCode::Success
}

/// The process of a plugin.
#[cfg(target_os = "linux")]
pub(crate) fn host_plugin(path: &Path, sha256: &str, run: u32) -> ExitCode {
    match aiperf_core::plugins::isolation::serve_plugin_host(path, sha256, run) {
        Ok(()) => ExitCode::Success,
        Err(error) => {
            output::error(&format!("this command is for runs of aiperf: {error}"));
            ExitCode::Failure
        }
    }
}

/// No run asks for it here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn host_plugin(_: &Path, _: &str, _: u32) -> ExitCode {
    output::error(&"plugins have no processes of their own on this system");
    ExitCode::Failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugins_process_is_told_no_secrets() {
        let pairs = [
            ("PATH", "/bin"),
            ("OPENAI_API_KEY", "sk-1"),
            ("CUDA_VISIBLE_DEVICES", "0"),
            ("LC_ALL", "C"),
            ("AIPERF_CONFIG", "a.toml"),
            ("HF_TOKEN", "hf_1"),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let told = passed_on(&pairs.into_iter().collect());
        let names: Vec<_> = told.iter().filter_map(|(name, _)| name.to_str()).collect();
        assert_eq!(names, ["CUDA_VISIBLE_DEVICES", "LC_ALL", "PATH"]);
    }
}
