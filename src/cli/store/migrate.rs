use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use crate::app::App;
use crate::cli::error::{CommandError, ErrorCode, Exit};
use crate::cli::session_args::SessionArgs;
use crate::cli::ui::{Ui, shown};
use crate::ports::keyring::StoreKind;
use crate::session::migrate::Migration;
use crate::session::store_selection::StorePreference;

const STORES: [&str; 5] = ["secret-service", "keyutils", "keychain", "wincred", "file"];

/// Move the tokens of a session to another store; you stay logged in
///
/// Writes the tokens to the new store, reads them back, then removes them from the old one. Nothing is lost if it is
/// interrupted, and running it again finishes the move. At a terminal it may ask to unlock either store.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  kcaws store migrate --to secret-service\n  kcaws store migrate corp --to file"
)]
pub(super) struct MigrateArgs {
    #[command(flatten)]
    of: SessionArgs,
    /// Store to move the tokens to
    #[arg(long, value_name = "STORE", value_parser = PossibleValuesParser::new(STORES).try_map(|name| kind(&name)))]
    to: StoreKind,
}

fn kind(name: &str) -> Result<StoreKind, String> {
    match name.parse() {
        Ok(StorePreference::Named(kind)) => Ok(kind),
        _ => Err(format!("`{name}` is not a store")),
    }
}

pub(super) fn run(args: &MigrateArgs, app: &App, ui: &mut Ui) -> Result<(), CommandError> {
    let session = args.of.select(app, ui)?.session;
    let migration = Migration {
        config: &session,
        state: app.state(),
        clock: &*app.clock,
        sealing_keys: app.sealing_keys(),
        open: &|kind| app.store(kind),
    };
    let migrated = migration.run(args.to, app.settings()?.keyring, ui.prompting())?;
    let (name, to) = (shown(&session.name), args.to);
    if let Some((store, error)) = migrated.left_behind.into_iter().next() {
        let message =
            format!("the tokens of `{name}` are stored in the {to}, but a copy remains in the {store}");
        return Err(CommandError::new(Exit::Keyring, ErrorCode::CopyLeft, message)
            .because(error.to_string())
            .hint("run the same command again when that store is available"));
    }
    match migrated.from {
        Some(from) => ui.say(&format!("Moved the tokens of `{name}` from the {from} to the {to}.")),
        None => ui.say(&format!("The tokens of `{name}` are already stored in the {to}.")),
    }
    Ok(())
}
