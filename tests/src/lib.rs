//! Support for the integration tests, the benchmarks and the fault tests.
