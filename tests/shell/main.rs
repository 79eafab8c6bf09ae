//! kcaws in the shells that people have: each hook, and each form of `env`, used by the shell itself.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

#[path = "../cli/fixture.rs"]
#[expect(dead_code, reason = "the other suite uses all of it")]
mod fixture;
mod hooks;
mod shells;
mod test_completion;
mod test_env;
mod test_exec;
mod test_hooks;
mod test_powershell;
mod test_prompt;
mod test_serve;
mod test_settings;
mod test_use;
