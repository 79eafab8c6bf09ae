//! Everything outside the process, one port each: a trait, its real form, a small fake, and a contract test
//! that both pass. This folder is the complete list of what kcaws touches.

pub mod browser;
pub mod callback;
pub mod clipboard;
pub mod clock;
pub mod code_page;
pub mod config_file;
pub mod credentials_endpoint;
pub mod env;
pub mod file_facts;
mod file_lock;
pub mod file_stamp;
pub mod folders;
pub mod handoff;
pub mod http;
pub mod identity_center;
pub mod interrupt;
pub mod keyring;
mod lookup;
pub mod loopback;
pub mod machine;
pub mod passphrase;
pub mod picker;
pub mod plain_call;
pub mod probe;
pub mod process;
pub mod program;
pub mod proxy;
pub mod redirects;
pub mod roots;
pub mod sealed;
pub mod signin;
mod state_error;
pub mod state_folder;
pub mod sts;
pub mod terminal;
pub mod trial;
pub mod warm_key;

/// The deepest cause: what libraries wrap around it ("dispatch failure") tells a person nothing.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
