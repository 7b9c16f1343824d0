//! The server itself: where it listens, what it bears, what it logs.

use serde::{Deserialize, Serialize};

/// The HTTP server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address to listen on.
    pub host: String,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// How the world reaches the server, without a slash at the end. Certificates carry it, so it should be
    /// short and MUST stay reachable as long as they live. Empty: `http://127.0.0.1:<port>`.
    pub public_url: String,
    /// Worker threads; 0 takes one a core.
    pub workers: usize,
    /// How long a stop waits for requests under way, seconds.
    pub shutdown_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        let host = "127.0.0.1".to_owned();
        Self { host, port: 8080, public_url: String::new(), workers: 0, shutdown_seconds: 10 }
    }
}

/// Limits against abuse.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests a minute from one address; 0 sets no limit.
    pub requests_per_minute: u32,
    /// The largest body that is read, bytes; a photo has a limit of its own.
    pub body_bytes: usize,
    /// Whether the client's address is the last one in `X-Forwarded-For`: only behind a proxy that sets it.
    pub behind_proxy: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests_per_minute: 1_200, body_bytes: 16 * 1024, behind_proxy: false }
    }
}

/// Logs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: String,
    /// A filter such as `info` or `rexue=debug,warn`.
    pub filter: String,
    /// Whether every request is a line, and not only the failed and slow ones.
    pub requests: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: "text".to_owned(), filter: "info".to_owned(), requests: true }
    }
}
