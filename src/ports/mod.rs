//! Everything outside the process, one port each: a trait, its real form, a small fake, and a contract test
//! that both pass. This folder is the complete list of what kcaws touches.

pub mod keyring;
pub mod state_folder;
