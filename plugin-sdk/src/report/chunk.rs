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

impl Report {
    /// Adds a part that came across; parts come in order.
    pub fn add(&mut self, chunk: Chunk) {
        match chunk {
            Chunk::Head(head) => *self = *head,
            Chunk::Server(server) => self.servers.push(*server),
        }
    }
}
