//! The one place where a person is asked.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use futures_core::Stream;
use tokio::time::{Instant, timeout, timeout_at};
use zbus::{Connection, MatchRule, MessageStream, OwnedObjectPath, OwnedVariant, message};

use super::super::core_store::Trouble;
use super::call_error::{CallError, NAME};

const PROMPT: &str = "org.freedesktop.Secret.Prompt";

/// Shows the prompt and waits for its answer. A refusal is [`Trouble::Refused`].
pub(super) async fn run(
    bus: &Connection,
    prompt: &OwnedObjectPath,
    patience: Duration,
) -> Result<(), CallError> {
    let until = Instant::now() + patience;
    let rule = MatchRule::builder()
        .msg_type(message::Type::Signal)
        .interface(PROMPT)
        .member("Completed")
        .path(prompt)
        .build()?;
    // Listening first: a prompt may be answered before its call returns.
    let mut answers = pin!(MessageStream::for_match_rule(rule, bus, None).await?);
    // No window of ours to put it above.
    bus.call_method(Some(NAME), prompt, Some(PROMPT), "Prompt", &"").await?;
    loop {
        let look_round = until.min(Instant::now() + Duration::from_secs(1));
        match timeout_at(look_round, poll_fn(|context| answers.as_mut().poll_next(context))).await {
            Ok(Some(answer)) => {
                let answer = answer?;
                let body = answer.body();
                let (dismissed, _result): (bool, OwnedVariant) = body.deserialize()?;
                return if dismissed { Err(Trouble::Refused.into()) } else { Ok(()) };
            }
            Ok(None) => return Err(Trouble::Absent("the session bus went away".into()).into()),
            Err(_) if Instant::now() >= until => {
                // Nobody is there: the dialog goes too. If even that is not answered, so be it.
                let dismiss = bus.call_method(Some(NAME), prompt, Some(PROMPT), "Dismiss", &());
                let _ = timeout(Duration::from_millis(200), dismiss).await;
                return Err(Trouble::TooSlow(patience).into());
            }
            // A daemon that died sends no signal.
            Err(_) if !is_there(bus).await? => {
                return Err(Trouble::Absent("the Secret Service ended during its prompt".into()).into());
            }
            Err(_) => {}
        }
    }
}

async fn is_there(bus: &Connection) -> Result<bool, CallError> {
    let driver = "org.freedesktop.DBus";
    let answer =
        bus.call_method(Some(driver), "/org/freedesktop/DBus", Some(driver), "NameHasOwner", &NAME).await?;
    Ok(answer.body().deserialize()?)
}
