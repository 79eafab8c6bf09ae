//! One run at a time that changes what a realm has in an instance.
//!
//! The lock is of this machine and user alone. Runs elsewhere are not seen: a plan's preconditions keep those apart.

use std::time::Duration;

use kcaws::app::error::AppError;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::Ui;
use kcaws::ports::state_folder::{Lock, StateError, hashed_name};

use super::events::Phase;
use crate::access_file::AccessFile;
use crate::app::{AdminApp, AdminError};

/// A run that is about to end is waited for, a long one is not.
const PATIENCE: Duration = Duration::from_secs(5);

/// Acquires the lock, held until dropped.
pub(super) fn acquire(file: &AccessFile, app: &AdminApp, ui: &Ui) -> Result<Lock, CommandError> {
    let name = format!("admin/sync-{}.lock", hashed_name(&[file.chain().as_bytes()]));
    let lock = match app.state().lock(&name, Duration::ZERO) {
        Err(StateError::Busy { .. }) => {
            let _phase = Phase::start("lock", "Waiting for another run of this realm …", app, ui);
            app.state().lock(&name, PATIENCE)
        }
        lock => lock,
    };
    lock.map_err(|error| match error {
        StateError::Busy { pid, age } => busy(file, pid, age),
        error => AdminError::from(AppError::from(error)).into(),
    })
}

fn busy(file: &AccessFile, pid: Option<u32>, age: Duration) -> CommandError {
    let pid = pid.map(|pid| format!("process {pid}, ")).unwrap_or_default();
    let message = format!(
        "another `apply` of the realm {} is running ({pid}for {} s)",
        file.realm.name,
        age.as_secs(),
    );
    CommandError::new(Exit::Failed, ErrorCode::Busy, message)
        .hint("wait until it has ended or end it, then run the same command again: it does the rest")
}
