//! Everything outside the process that has one form only.
//!
//! That is the environment, folders, files, processes, the terminal, the HTTP client and the loopback server.
//!
//! [`crate::ports`] build on it.

pub mod aead;
pub mod bug;
pub mod color;
pub mod credentials_endpoint;
pub mod env;
#[cfg(target_os = "linux")]
pub(crate) mod file_attributes;
pub mod file_facts;
pub mod file_stamp;
pub mod folders;
pub mod foreign_file;
pub mod host;
pub mod http;
pub mod interrupt;
pub mod login_page;
pub mod loopback;
pub mod one_time_redirect;
pub mod osc52;
pub mod owner;
pub mod peer_owner;
pub mod picker;
pub mod printable;
pub mod private_file;
#[cfg(unix)]
mod private_group;
pub mod process;
pub mod program;
pub mod protection;
pub mod proxy;
pub(crate) mod resolver;
pub mod roots;
pub mod running_time;
pub mod runtime;
pub(crate) mod shown_url;
pub(crate) mod temp_files;
pub mod terminal;
pub mod thread;
pub(crate) mod which;

/// Returns the folder that the user is in, for the file of a project; nothing else depends on it.
#[expect(clippy::disallowed_methods, reason = "this is the port")]
pub fn current_folder() -> std::io::Result<std::path::PathBuf> {
    std::env::current_dir()
}

/// How much of a foreign text is shown.
const EXCERPT: usize = 500;

/// Returns the beginning of a foreign text: a service must not flood a terminal or a log.
pub fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns the deepest cause: what libraries wrap around it ("dispatch failure") is of no help.
pub fn innermost(error: &dyn std::error::Error) -> String {
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
