//! Everything outside the process that decides how kcaws behaves.
//!
//! Each has a trait, its real form, a small fake, and a contract test that both pass. What needs no fake is in
//! [`crate::platform`].

pub mod browser;
pub mod callback;
pub mod clipboard;
pub mod clock;
pub mod command_runner;
pub mod config_file;
pub mod download;
mod fake_state_folder;
mod file_lock;
pub mod identity_center;
pub mod keyring;
pub mod lock_wait;
mod own_folder;
pub mod passphrase;
pub mod probe;
pub mod redirects;
pub mod sealing_key;
pub mod service_call;
pub mod signed_form;
pub mod signin;
mod state_error;
pub mod state_folder;
pub mod sts;
pub mod token_file;
