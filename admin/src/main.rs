//! Entry point of `kcaws-admin`.

use std::process::ExitCode;

fn main() -> ExitCode {
    kcaws_admin::main()
}
