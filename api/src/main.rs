//! The program `rexue`.

fn main() -> std::process::ExitCode {
    rexue::cli::run()
}
