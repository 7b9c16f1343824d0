//! The Python that `./test` prepares, with the packages of `tests/requirements.txt`.

use std::path::Path;
use std::process::Command;

/// A script of `tests/`, to be started.
pub fn python(script: &str) -> Command {
    #[expect(clippy::disallowed_methods, reason = "./test says by environment which Python has the packages")]
    let python = std::env::var_os("REXUE_TEST_PYTHON");
    let python = python.expect("run it through ./test, which starts the servers");

    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests").join(script));
    command
}
