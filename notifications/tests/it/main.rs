//! The crate from outside: what people read, and letters through a real SMTP server.

#[cfg(test)]
mod email;
#[cfg(test)]
mod rendering;
#[cfg(test)]
mod smtp_server;
