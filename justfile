# The commands of a working day. `tests/run` is the whole suite, as CI runs it.
default:
    @just --list

fmt:
    cargo fmt

lint:
    cargo fmt --check
    cargo clippy --workspace --all-targets -- -D warnings

# Unit and command-line tests; the real clients take longer: `just suite`.
test:
    tests/run --quick

suite:
    tests/run

# The simulator on a fixed port, for hands and browsers.
sim *ARGS:
    cargo run -p idc-sim -- {{ARGS}}

demo *ARGS:
    tests/demo {{ARGS}}

# Licences, advisories, sources (needs cargo-deny).
deny:
    cargo deny check
