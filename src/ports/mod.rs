//! Everything outside the process, one port each: a trait, its real form, a small fake, and a contract test
//! that both pass. This folder is the complete list of what kcaws touches.

pub mod browser;
pub mod bug;
pub mod callback;
pub mod clipboard;
pub mod clock;
pub mod code_page;
pub mod color;
pub mod config_file;
pub mod credentials_endpoint;
pub mod env;
mod fake_state_folder;
#[cfg(target_os = "linux")]
mod file_attributes;
pub mod file_facts;
mod file_lock;
pub mod file_stamp;
pub mod folders;
pub mod foreign_file;
pub mod handoff;
pub mod http;
pub mod identity_center;
pub mod interrupt;
pub mod keyring;
mod lookup;
pub mod loopback;
pub mod machine;
pub mod osc52;
mod own_folder;
pub mod owner;
pub mod passphrase;
pub mod peer_owner;
pub mod picker;
pub mod plain_call;
pub mod private_file;
pub mod probe;
pub mod process;
pub mod program;
pub mod protection;
pub mod proxy;
pub mod redirects;
mod resolver;
pub mod roots;
mod running_time;
pub mod runtime;
pub mod sealed;
mod shown_url;
pub mod signin;
mod state_error;
pub mod state_folder;
pub mod sts;
mod temp_files;
pub mod terminal;
pub mod thread;
pub mod token_file;
pub mod trial;
pub mod warm_key;

/// As much of a text of somebody else's as is shown.
const EXCERPT: usize = 500;

/// Returns the beginning of a text that somebody else wrote: a service must not flood a terminal or a log.
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// The deepest cause: what libraries wrap around it ("dispatch failure") tells a person nothing.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_letters_and_a_short_one_is_left() {
        assert_eq!(excerpt("short"), "short");
        let exact = "é".repeat(500);
        assert_eq!(excerpt(&exact), exact);
        assert_eq!(excerpt(&"é".repeat(1_500_000)), format!("{exact} …"));
    }
}
