//! The two command lines that are run again and again, answered before clap is started:
//! `credential-process --session S --account A --role R`, in any order, `--x V` or `--x=V`, each once; and
//! `prompt` with its options in the same forms.
//!
//! Everything else, and everything that is not cached, takes the normal path. This file may not access the config's
//! contents, the keyring's store, the network or the log: [`HotPorts`] has none of them.

use std::ffi::OsString;

use clap::ValueEnum;

use super::prompt::PromptArgs;
use super::prompt::format::Reader;
use crate::app::hot::HotPorts;
use crate::credentials::cache::{CacheKey, CredentialCache};
use crate::platform::file_stamp::FileStamp;
use crate::platform::terminal;
use crate::profile::Role;
use crate::secret::Secret;

/// Returns whether the command was one of them and its output was written.
///
/// After a failed write, the normal path tries again and reports the error.
pub fn answered(args: impl Iterator<Item = OsString>, hot: &HotPorts) -> bool {
    answer(args, hot).is_some_and(|line| terminal::write_stdout(line.expose()).is_ok())
}

/// Returns the output if it is cached.
fn answer(mut args: impl Iterator<Item = OsString>, hot: &HotPorts) -> Option<Secret<Vec<u8>>> {
    let command = args.next()?;
    if command == "credential-process" {
        return warm(args, hot);
    }
    if command == "prompt" {
        let text = super::prompt::at_once(&prompt_arguments(args)?, hot, true)?;
        return Some(Secret::new(text.into_bytes()));
    }
    None
}

fn warm(args: impl Iterator<Item = OsString>, hot: &HotPorts) -> Option<Secret<Vec<u8>>> {
    let (session, role) = role_arguments(args)?;
    let config = hot.config_path().ok()?;
    let stamp = FileStamp::of(&config)?;
    let wanted = CacheKey::new(&session, &role, &config, &hot.env, "").stamped(Some(stamp));
    CredentialCache { state: hot.state(), keys: hot.sealing_keys(), clock: &*hot.clock }.at_once(&wanted)
}

/// Parses a subset of what clap accepts, with the same result.
fn role_arguments(args: impl Iterator<Item = OsString>) -> Option<(String, Role)> {
    let [session, account_id, role_name] = options(args, ["--session", "--account", "--role"])?;
    Some((session?, Role::parse(&account_id?, &role_name?).ok()?))
}

fn prompt_arguments(args: impl Iterator<Item = OsString>) -> Option<PromptArgs> {
    let [format, shell] = options(args, ["--format", "--shell"])?;
    let shell = match shell {
        Some(shell) => Some(Reader::from_str(&shell, false).ok()?),
        None => None,
    };
    Some(PromptArgs { format, shell })
}

/// Returns the values of these options, each at most once; `None` for anything else on the line.
fn options<const N: usize>(
    mut args: impl Iterator<Item = OsString>,
    names: [&str; N],
) -> Option<[Option<String>; N]> {
    let mut values = [const { None }; N];
    while let Some(arg) = args.next() {
        let arg = arg.into_string().ok()?;
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            // A value that looks like an option is left for clap to reject.
            None => (arg.as_str(), args.next()?.into_string().ok().filter(|value| !value.starts_with('-'))?),
        };
        let place = &mut values[names.iter().position(|known| *known == name)?];
        if value.is_empty() || place.replace(value).is_some() {
            return None;
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests;
