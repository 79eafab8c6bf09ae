//! Packs the relative relocations of static Linux builds: a position-independent binary with the SDK in it has
//! nearly ten thousand, and every start works through them (ARCHITECTURE, "Hot paths").

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "how a build script hears and speaks")]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    // musl reads the packed form since 1.2.4; Rust brings 1.2.5. Older linkers warn and go on without.
    if target("OS") == "linux" && target("ENV") == "musl" {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
