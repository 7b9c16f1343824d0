//! The Python that `./test` prepares, with the packages of `tests/requirements.txt`.

use super::{repository, set_by_test};
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

/// A script of `tests/`, to be started.
pub fn python(script: &str) -> Command {
    let mut command = Command::new(set_by_test("REXUE_TEST_PYTHON"));
    command.arg(repository().join("tests").join(script));
    command
}

/// Runs a script of `tests/` with JSON on its standard input; JSON comes back.
pub fn run_python(script: &str, input: &Value) -> Value {
    let mut process = python(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}
