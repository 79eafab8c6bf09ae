#[cfg_attr(not(test), expect(dead_code, reason = "the commands follow"))]
mod sync;

fn main() {}
