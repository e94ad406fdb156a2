//! How a report crosses the boundary: a head, then one chunk per server.

use serde::{Deserialize, Serialize};

use super::{Report, ServerReport};

/// A part of the report. Parts keep single documents small when there are hundreds of servers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chunk {
    /// Everything but the servers. Comes first.
    Head(Box<Report>),
    /// One server.
    Server(Box<ServerReport>),
}

/// A [`Chunk`] as the host writes it, without a copy.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChunkRef<'a> {
    Head(&'a Report),
    Server(&'a ServerReport),
}

impl Chunk {
    /// Reads a part that came across; `None` if it is of a kind that only a newer host has.
    ///
    /// # Errors
    /// If it is no part of a report.
    pub fn from_json(text: &str) -> serde_json::Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Known {
            head: Option<Box<Report>>,
            server: Option<Box<ServerReport>>,
        }
        let known: Known = serde_json::from_str(text)?;
        let server = known.server.map(Self::Server);
        Ok(known.head.map(Self::Head).or(server))
    }
}

impl Report {
    /// Adds a part that came across; parts come in order.
    pub fn add(&mut self, chunk: Chunk) {
        match chunk {
            Chunk::Head(head) => *self = *head,
            Chunk::Server(server) => self.servers.push(*server),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_newer_host_are_left_out() {
        let server = Chunk::Server(Box::default());
        let text = serde_json::to_string(&server).unwrap();
        assert_eq!(Chunk::from_json(&text).unwrap(), Some(server));
        let borrowed = ChunkRef::Server(&ServerReport::default());
        assert_eq!(serde_json::to_string(&borrowed).unwrap(), text);
        assert_eq!(Chunk::from_json(r#"{"hologram":{"x":1}}"#).unwrap(), None);
        Chunk::from_json("[]").unwrap_err();
    }
}
