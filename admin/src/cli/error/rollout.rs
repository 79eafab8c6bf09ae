//! Errors of `kcaws admin plan` and `kcaws admin apply`.

use kcaws::cli::error::{CommandError, ErrorCode, Exit, chain};

use crate::access::plan::SavedAccessPlanError;
use crate::rollout::SavedRolloutError;
use crate::sync::plan::SavedPlanError;

impl From<SavedRolloutError> for CommandError {
    fn from(error: SavedRolloutError) -> Self {
        let (message, cause) = (error.to_string(), chain(&error));
        let refused = |hint: &str| Self::new(Exit::Unsafe, ErrorCode::Unsafe, message.clone()).hint(hint);
        let failure = match error {
            SavedRolloutError::Unreadable(_)
            | SavedRolloutError::Sync(SavedPlanError::Unreadable(_))
            | SavedRolloutError::Access(SavedAccessPlanError::Unreadable(_)) => {
                Self::new(Exit::Usage, ErrorCode::NotUnderstood, message.clone())
                    .hint("`kcaws admin plan --out plan.json` writes one")
            }
            SavedRolloutError::Sync(SavedPlanError::OtherChain { .. })
            | SavedRolloutError::Access(SavedAccessPlanError::OtherChain { .. }) => {
                refused("name the access file that the plan was made with: --file PATH")
            }
            SavedRolloutError::OtherParts
            | SavedRolloutError::Sync(
                SavedPlanError::TooOld { .. }
                | SavedPlanError::OfTheFuture { .. }
                | SavedPlanError::Changed(_),
            )
            | SavedRolloutError::Access(
                SavedAccessPlanError::TooOld { .. }
                | SavedAccessPlanError::OfTheFuture { .. }
                | SavedAccessPlanError::Changed(_),
            ) => refused("nothing was written; make a new plan: `kcaws admin plan --out plan.json`"),
        };
        failure.because_of(cause)
    }
}
