//! `demo` and `sim`: the built-in simulated server.

use crate::args::{DemoArgs, SimArgs};
use crate::exit_code::ExitCode;
use crate::output;

use super::World;

/// Profiles a simulated server that lives as long as the run.
#[cfg(target_os = "linux")]
pub(crate) fn demo(args: &DemoArgs, world: &World) -> ExitCode {
    use aiperf_core::config::{Setting, SettingValue};
    use aiperf_sim::{Sim, SimConfig};

    let config = SimConfig {
        ttft: args.timing.ttft,
        itl: args.timing.itl,
        jitter: 0.1,
        ..SimConfig::default()
    };
    let sim = match Sim::start(config) {
        Ok(sim) => sim,
        Err(error) => {
            output::error(&error);
            return ExitCode::Failure;
        }
    };
    let url = SettingValue::Text(sim.url());
    let tables = SettingValue::Switch(true);
    let forced = [
        Setting::flag("--url", "endpoint.url", url),
        Setting::flag(
            "--server-metrics",
            "exporters.console.options.server_metrics",
            tables,
        ),
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
    use aiperf_sim::{Sim, SimConfig};

    let started = Sim::start(SimConfig {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, args.port)),
        model: args.model.clone(),
        ttft: args.timing.ttft,
        itl: args.timing.itl,
        ..SimConfig::default()
    });
    let sim = match started {
        Ok(sim) => sim,
        Err(error) => {
            output::error(&error);
            return ExitCode::Failure;
        }
    };
    output::stdout_line(&sim.url());
    let stop = StopSignal::new();
    crate::signals::watch(stop.clone());
    while stop.state() == Stop::Run {
        thread::sleep(Duration::from_millis(50));
    }
    sim.stop();
    ExitCode::Success
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
