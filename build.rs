//! Packs the relative relocations of static Linux builds: a position-independent binary with the SDK in it has
//! nearly ten thousand, and every start works through them (ARCHITECTURE, "Hot paths").

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "how a build script hears and speaks")]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let target = |part: &str| variable(&format!("CARGO_CFG_TARGET_{part}"));
    // musl reads the packed form since 1.2.4; Rust brings 1.2.5. Other architectures are linked at a fixed place.
    if [target("OS"), target("ENV"), target("ARCH")] != ["linux", "musl", "x86_64"] {
        return;
    }
    // A linker by itself does not know how a compiler hands options on. Older ones warn and go on without this one.
    if variable("RUSTC_LINKER").contains("lld") {
        println!("cargo:rustc-link-arg-bins=-zpack-relative-relocs");
    } else {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
