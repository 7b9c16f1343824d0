//! Rexue 热血: the donor-facing mobile backend of a blood station, and the issuer of its electronic
//! donation certificate.
//!
//! `ARCHITECTURE.md` tells which room is for what, and the walk of one request through them.

pub mod chance;
pub mod clock;
pub mod domain;
pub mod error;
pub mod store;
pub mod vault;
