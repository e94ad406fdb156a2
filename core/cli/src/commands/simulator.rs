//! `demo` and `sim`: the built-in simulated server.

use crate::args::{DemoArgs, SimArgs};
use crate::exit_code::ExitCode;
use crate::output;

use super::World;

/// Profiles a simulated server that lives as long as the run.
#[cfg(target_os = "linux")]
pub(crate) fn demo(args: &DemoArgs, world: &World) -> ExitCode {
    use aiperf_core::config::{Setting, SettingValue};
    use aiperf_sim::SimConfig;

    if !args.profile.endpoint.url.is_empty() {
        output::error(
            &"`--url`: the simulated server has its own; `aiperf profile` takes that of another",
        );
        return ExitCode::Usage;
    }
    let config = SimConfig {
        ttft: args.timing.ttft,
        itl: args.timing.itl,
        jitter: 0.1,
        ..SimConfig::default()
    };
    let sim = match start(config, &args.weather) {
        Ok(sim) => sim,
        Err(code) => return code,
    };
    let url = SettingValue::Text(sim.url().to_owned());
    let tables = SettingValue::Switch(true);
    let forced = [
        Setting::flag("--url", "endpoint.url", url),
        Setting::flag(
            "--server-metrics",
            "exporters.console.options.server_metrics",
            tables,
        ),
        // It is as near as can be, whatever is said of proxies.
        Setting::flag("--url", "proxy.loopback", SettingValue::Switch(false)),
    ];
    super::run(args, &forced, world)
}

/// Runs the simulated server until Ctrl-C.
#[cfg(target_os = "linux")]
pub(crate) fn sim(args: &SimArgs) -> ExitCode {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::thread;
    use std::time::Duration;

    use aiperf_core::load::{Stop, StopSignal};
    use aiperf_sim::SimConfig;

    let config = SimConfig {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        model: args.model.clone(),
        ttft: args.timing.ttft,
        itl: args.timing.itl,
        ..SimConfig::default()
    };
    let sim = match start(config, &args.weather) {
        Ok(sim) => sim,
        Err(code) => return code,
    };
    output::stdout_line(sim.url());
    let authority = sim
        .url()
        .starts_with("https:")
        .then(lend_authority)
        .flatten();
    let stop = StopSignal::new();
    crate::signals::watch(stop.clone());
    while stop.state() == Stop::Run {
        thread::sleep(Duration::from_millis(50));
    }
    drop(sim.stop());
    drop(authority);
    ExitCode::Success
}

/// Puts the authority behind the server's certificate where clients can be told to trust it.
#[cfg(target_os = "linux")]
fn lend_authority() -> Option<tempfile::TempPath> {
    use std::io::Write;

    let lent = tempfile::Builder::new()
        .prefix("aiperf-sim-")
        .suffix(".pem")
        .tempfile()
        .and_then(|mut file| {
            file.write_all(aiperf_sim::AUTHORITY.as_bytes())
                .map(|()| file)
        });
    match lent {
        Ok(file) => {
            let path = file.into_temp_path();
            output::say(&format!(
                "Trust its authority with --ca-file {}",
                path.display()
            ));
            Some(path)
        }
        Err(error) => {
            output::warning(&format!(
                "cannot write the authority's certificate: {error}"
            ));
            None
        }
    }
}

/// Starts the server in its weather, or says why not.
#[cfg(target_os = "linux")]
fn start(
    config: aiperf_sim::SimConfig,
    written: &crate::args::WeatherArgs,
) -> Result<aiperf_sim::StagedSim, ExitCode> {
    let mut weather = aiperf_sim::Weather::default();
    let mut faults = written.fault.iter();
    let requests = faults.try_for_each(|fault| weather.add(fault));
    let mut faults = written.metrics_fault.iter();
    let pages = faults.try_for_each(|fault| weather.add_to_pages(fault));
    requests.and(pages).map_err(|problem| {
        output::error(&problem);
        ExitCode::Usage
    })?;
    aiperf_sim::StagedSim::start(config, weather).map_err(|error| {
        output::error(&error);
        ExitCode::Failure
    })
}

/// The simulator needs Linux.
#[cfg(not(target_os = "linux"))]
pub(crate) fn demo(_: &DemoArgs, _: &World) -> ExitCode {
    output::error(&"the simulated server runs on Linux only");
    ExitCode::Failure
}

/// The simulator needs Linux.
#[cfg(not(target_os = "linux"))]
pub(crate) fn sim(_: &SimArgs) -> ExitCode {
    output::error(&"the simulated server runs on Linux only");
    ExitCode::Failure
}
