//! The one command line that tools run before every request, answered before clap is woken:
//! `credential-process --session S --account A --role R`, in any order, `--x V` or `--x=V`, each once.
//!
//! Everything else, and everything that is not warm, takes the long way. This file may not touch the config's
//! contents, the keyring's store, the network or the log; a test with ports that panic keeps it so.

use std::ffi::OsString;

use crate::app::App;
use crate::credentials::warm::{Wanted, Warm};
use crate::ports::file_stamp::FileStamp;
use crate::profile::{Role, target};
use crate::secret::Secret;

/// The line for stdout, if it is warm.
pub fn answer(args: impl Iterator<Item = OsString>, app: &App) -> Option<Secret<Vec<u8>>> {
    let (session, role) = parse(args)?;
    let config = app.config_path().ok()?;
    let stamp = FileStamp::of(&config)?;
    let wanted = Wanted::new(&session, &role, &config, &app.env, "").stamped(Some(stamp));
    Warm { state: &**app.state(), keys: app.warm_keys(), clock: &*app.clock }.at_once(&wanted)
}

/// Understands less than clap does, and never something else.
fn parse(mut args: impl Iterator<Item = OsString>) -> Option<(String, Role)> {
    if args.next()? != "credential-process" {
        return None;
    }
    let (mut session, mut account, mut role) = (None, None, None);
    while let Some(arg) = args.next() {
        let arg = arg.into_string().ok()?;
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            // A value that looks like an option is for clap to refuse.
            None => (arg.as_str(), args.next()?.into_string().ok().filter(|value| !value.starts_with('-'))?),
        };
        let place = match name {
            "--session" => &mut session,
            "--account" => &mut account,
            "--role" => &mut role,
            _ => return None,
        };
        if value.is_empty() || place.replace(value).is_some() {
            return None;
        }
    }
    let account_id = account.filter(|text| target::is_account_id(text))?;
    Some((session?, Role { account_id, role_name: role? }))
}

#[cfg(test)]
#[path = "hot_tests.rs"]
mod tests;
