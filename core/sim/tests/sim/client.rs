//! A blocking HTTP client, small enough to see that it hides nothing.

use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use aiperf_sim::{Sim, SimConfig};
use serde_json::Value;

/// Long enough for a busy machine; a test that reaches it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Settings that answer at once.
pub(crate) fn fast() -> SimConfig {
    SimConfig {
        ttft: Duration::ZERO,
        itl: Duration::ZERO,
        ..SimConfig::default()
    }
}

pub(crate) fn start(config: SimConfig) -> Sim {
    Sim::start(config).unwrap()
}

/// One request on a connection of its own.
pub(crate) fn get(sim: &Sim, path: &str) -> Response {
    let mut client = Client::connect(sim);
    client.send("GET", path, "", "").unwrap();
    client.response().unwrap()
}

/// One chat request on a connection of its own; `extra` continues the JSON object.
pub(crate) fn chat(sim: &Sim, extra: &str) -> Response {
    Client::connect(sim).chat(extra).unwrap()
}

impl Client {
    pub(crate) fn connect(sim: &Sim) -> Self {
        Self::connect_to(sim.addr())
    }

    pub(crate) fn connect_to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        head: &str,
        body: &str,
    ) -> io::Result<()> {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: sim\r\ncontent-length: {length}\r\n{head}\r\n{body}"
        );
        self.write(request.as_bytes())
    }

    pub(crate) fn send_chat(&mut self, extra: &str) -> io::Result<()> {
        let body =
            format!(r#"{{"messages":[{{"role":"user","content":"one two three"}}]{extra}}}"#);
        self.send("POST", "/v1/chat/completions", "", &body)
    }

    pub(crate) fn chat(&mut self, extra: &str) -> io::Result<Response> {
        self.send_chat(extra)?;
        self.response()
    }

    /// Reads one line, without its end.
    pub(crate) fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// Reads one byte.
    pub(crate) fn byte(&mut self) -> io::Result<u8> {
        self.stream.get_ref().set_read_timeout(Some(PATIENCE))?;
        let mut byte = [0];
        self.stream.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    /// Whether nothing arrives for `time`.
    pub(crate) fn is_silent(&mut self, time: Duration) -> bool {
        self.stream.get_ref().set_read_timeout(Some(time)).unwrap();
        let result = self.stream.fill_buf().map(<[u8]>::len);
        matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Reads a whole response; an early end of the connection is an error.
    pub(crate) fn response(&mut self) -> io::Result<Response> {
        let first = self.line()?;
        let status = first
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap();
        let mut head = String::new();
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            head.push_str(&line);
            head.push('\n');
        }
        let body = if head.contains("transfer-encoding: chunked") {
            self.chunks()?
        } else {
            let length = head
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next());
            self.exactly(length.unwrap().parse().unwrap())?
        };
        Ok(Response { status, head, body })
    }

    fn chunks(&mut self) -> io::Result<String> {
        let mut body = String::new();
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).unwrap();
            body.push_str(&self.exactly(size)?);
            assert_eq!(self.line()?, "", "a chunk ends with a line end");
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn exactly(&mut self, length: usize) -> io::Result<String> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(String::from_utf8(bytes).unwrap())
    }
}

impl Response {
    /// The JSON of each server-sent event but the last, which must be the end mark.
    pub(crate) fn events(&self) -> Vec<Value> {
        let mut events: Vec<&str> = self
            .body
            .split_terminator("\n\n")
            .map(|event| event.strip_prefix("data: ").unwrap())
            .collect();
        assert_eq!(events.pop(), Some("[DONE]"));
        events
            .iter()
            .map(|event| serde_json::from_str(event).unwrap())
            .collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}
