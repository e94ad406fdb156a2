//! Who goes first when there are fewer cores than work.

/// The calling thread goes behind those that send requests and read their tokens, and behind the reading
/// of pages, whose moments are what is measured. What it does (parsing, keeping, writing) is as right later.
///
/// Does nothing where priorities are those of processes.
pub(crate) fn behind_the_load() {
    // It needs no right to ask for less.
    #[cfg(target_os = "linux")]
    rustix::process::setpriority_process(None, NICE).ok();
}

/// A tenth of the time of a thread that wants the same core.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn it_is_about_one_thread() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        let within = std::thread::spawn(move || {
            behind_the_load();
            nice()
        });
        assert_eq!(within.join().unwrap(), NICE.max(before));
        assert_eq!(nice(), before);
    }
}
