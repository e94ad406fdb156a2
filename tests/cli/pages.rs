//! A metrics endpoint that says what the simulated server has no reason to say: several servers on
//! one page, summaries, facts, numbers that are none, restarts, families that come late.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// The endpoint, as long as it lives.
pub(crate) struct Pages {
    addr: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pages {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || serve(&listener, &stopped));
        Self {
            addr,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/metrics", self.addr)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread, which waits for a connection.
        drop(TcpStream::connect(self.addr));
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the endpoint ends");
        }
    }
}

fn serve(listener: &TcpListener, stop: &AtomicBool) {
    for (scrape, stream) in listener.incoming().enumerate() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else { continue };
        // A client that goes away is the client's business.
        drop(answer(&stream, scrape));
    }
}

fn answer(mut stream: &TcpStream, scrape: usize) -> std::io::Result<()> {
    let lines = BufReader::new(stream).lines();
    let head = lines.map_while(Result::ok);
    head.take_while(|line| !line.is_empty()).for_each(drop);
    let (status, page) = match scrape {
        0 => ("503 Service Unavailable", "not yet".to_owned()),
        _ => ("200 OK", page(scrape)),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{page}",
        page.len()
    )
}

/// Falls back on every seventh scrape, as if the server had started again.
fn running(scrape: usize) -> usize {
    scrape % 7 * 3
}

fn page(scrape: usize) -> String {
    let mut page = String::from(
        "# HELP jobs_total Jobs, \"done\" or not.\\nBoth.\n# TYPE jobs_total counter\n\
         # HELP depth_bytes Depth (in MiB).\n# TYPE depth_bytes gauge\n\
         # TYPE wait_seconds summary\n# TYPE size histogram\n# TYPE build_info gauge\n",
    );
    for (server, factor) in [("a", 1), ("b", 5)] {
        let id = format!("server_id=\"{server}\",instance=\"host-{server}:1\",kind=\"x\"");
        let n = running(scrape) * factor;
        let mut add = |line: String| writeln!(page, "{line}").expect("a string takes all");
        add(format!("jobs_total{{{id},state=\"done\"}} {n}"));
        add(format!(
            "jobs_total{{{id},state=\"failed\"}} {}",
            scrape / 4
        ));
        add(format!("depth_bytes{{{id}}} {}.25", scrape % 5));
        add(format!(
            "odd{{{id}}} {}",
            ["NaN", "+Inf", "-7e-3"][scrape % 3]
        ));
        add(format!("wait_seconds{{{id},quantile=\"0.5\"}} 0.{n}"));
        add(format!("wait_seconds{{{id},quantile=\"0.9\"}} NaN"));
        add(format!("wait_seconds_sum{{{id}}} {n}.5"));
        add(format!("wait_seconds_count{{{id}}} {n}"));
        for (le, count) in [("0.1", n / 2), ("1", n), ("+Inf", n + 1)] {
            add(format!("size_bucket{{{id},le=\"{le}\"}} {count}"));
        }
        add(format!("size_sum{{{id}}} {n}.125"));
        add(format!("size_count{{{id}}} {}", n + 1));
        add(format!("build_info{{{id},version=\"1.2\"}} 1"));
        if scrape > 3 {
            add(format!("late_total{{{id}}} {scrape}"));
        }
    }
    page.push_str("this is no sample\n");
    page
}
