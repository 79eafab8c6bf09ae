//! The floor: a static process that does nothing.

fn main() {}
