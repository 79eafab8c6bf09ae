//! The one place where a prompt of the service is triggered.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, timeout, timeout_at};
use zbus::{MatchRule, MessageStream, OwnedObjectPath, OwnedVariant, message};

use super::KIND;
use super::call_error::CallError;
use super::calls::Calls;
use crate::ports::keyring::KeyringError;

const PROMPT: &str = "org.freedesktop.Secret.Prompt";
/// How long to wait for a service to dismiss its dialog.
const TO_DISMISS: Duration = Duration::from_millis(200);

/// The time limit for an answer; `patience` is how it is reported.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    pub(super) until: Instant,
    pub(super) patience: Duration,
}

/// Triggers the prompt and waits until it is completed, by the user or by the service itself.
pub(super) async fn complete(calls: &Calls, prompt: &OwnedObjectPath, limit: Limit) -> Result<(), CallError> {
    let rule = MatchRule::builder()
        .msg_type(message::Type::Signal)
        .interface(PROMPT)
        .member("Completed")
        .path(prompt)
        .build()?;
    // Subscribed first: a prompt may be completed before its call returns.
    let mut answers = pin!(MessageStream::for_match_rule(rule, calls.bus(), None).await?);
    // There is no window of ours to put it above.
    calls.call(prompt, PROMPT, "Prompt", &"").await?;
    loop {
        let look_again = limit.until.min(Instant::now() + Duration::from_secs(1));
        match timeout_at(look_again, poll_fn(|context| answers.as_mut().poll_next(context))).await {
            Ok(Some(answer)) => {
                let answer = answer?;
                let body = answer.body();
                let (dismissed, _result): (bool, OwnedVariant) = body.deserialize()?;
                return if dismissed { Err(refused(calls).await) } else { Ok(()) };
            }
            Ok(None) => return Err(CallError::absent("the session bus went away")),
            Err(_) if Instant::now() >= limit.until => {
                dismiss(calls, prompt).await;
                return Err(KeyringError::Unanswered { store: KIND, after: limit.patience }.into());
            }
            // A daemon that died sends no signal.
            Err(_) if !calls.has_owner(calls.service()).await? => {
                return Err(CallError::absent("the Secret Service ended during its prompt"));
            }
            Err(_) => {}
        }
    }
}

/// Dismisses a dialog, or a prompt that was not triggered.
///
/// If even that is not answered, nothing more can be done.
pub(super) async fn dismiss(calls: &Calls, prompt: &OwnedObjectPath) {
    let _ = timeout(TO_DISMISS, calls.call(prompt, PROMPT, "Dismiss", &())).await;
}

/// Returns why a prompt was declined: by the user, or because it cannot be shown here.
///
/// gnome-keyring shows its prompts through a program of its own, which keeps running for a while after a real dialog.
/// Without that program it declines in the user's place.
async fn refused(calls: &Calls) -> CallError {
    let is_gnome_keyring = calls.is_also("org.gnome.keyring").await;
    let can_show = calls.has_owner("org.gnome.keyring.SystemPrompter").await.unwrap_or(true);
    if is_gnome_keyring && !can_show {
        return KeyringError::NobodyToAsk(KIND).into();
    }
    KeyringError::Refused(KIND).into()
}
