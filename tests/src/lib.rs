//! Support for the integration tests, the benchmarks and the fault tests: a station of one's own, its real server and
//! its own database.

pub mod prove;
pub mod support;
