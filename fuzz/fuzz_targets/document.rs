//! Any file: what `tests/profiles/properties.rs` says of it must be true. Every other input is taken for a choice of
//! pieces, which gets deeper than bytes do.

#![no_main]

#[path = "../../tests/profiles/properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    match data.split_first() {
        Some((first, rest)) if first % 2 == 0 => properties::check(&properties::file_of(rest.iter().copied())),
        _ => properties::check(data),
    }
});
