//! Checks of the clocks: signatures are valid for five minutes, assertions from the second in which they are made.

use kcaws::cli::doctor::finding::Finding;
use kcaws::ports::clock::Skew;

use super::context::Context;

/// A difference below it is reported by nobody.
const HARMLESS: i64 = 60;
/// AWS refuses signatures from this difference on, and assertions, which live as long, from a little less.
const REFUSED: i64 = 300;
const EXPIRED: i64 = 240;
const SET_OUR_CLOCK: &str = "set the clock of this machine: `timedatectl set-ntp true`";
const SET_KEYCLOAKS_CLOCK: &str = "set the clock of the Keycloak server: `timedatectl set-ntp true` there";

/// Compares the clocks of AWS, of the realm's server and of this machine.
pub(super) fn clocks(context: &Context<'_>) -> Vec<Finding> {
    let aws = context.aws_skew();
    let realm = context.keycloak().ok().and_then(|keycloak| keycloak.clock_skew().ok().flatten());
    compared(aws, realm)
}

fn compared(aws: Option<Skew>, realm: Option<Skew>) -> Vec<Finding> {
    let mut found: Vec<Finding> = aws.and_then(ours).into_iter().collect();
    found.extend(realm.and_then(|realm| keycloaks(realm, aws)));
    if found.is_empty() && (aws.is_some() || realm.is_some()) {
        found.push(Finding::ok("", "this machine, Keycloak and AWS show the same time"));
    }
    found
}

/// Judges this machine's clock by AWS's.
fn ours(aws: Skew) -> Option<Finding> {
    let ahead = aws.seconds();
    let side = if ahead > 0 { "behind" } else { "ahead of" };
    let why = format!("this machine's clock is {} s {side} AWS's", ahead.unsigned_abs());
    match ahead.saturating_abs() {
        ..HARMLESS => None,
        HARMLESS..REFUSED => Some(Finding::warning("AWS", why, SET_OUR_CLOCK)),
        REFUSED.. => {
            Some(Finding::error("AWS", format!("{why}: AWS refuses signed requests"), SET_OUR_CLOCK))
        }
    }
}

/// Judges Keycloak's clock by AWS's, or by ours where AWS did not answer.
fn keycloaks(realm: Skew, aws: Option<Skew>) -> Option<Finding> {
    let whose = if aws.is_some() { "AWS's" } else { "this machine's" };
    let ahead = realm.seconds().saturating_sub(aws.unwrap_or_default().seconds());
    let error = |why: String| Some(Finding::error("Keycloak", why, SET_KEYCLOAKS_CLOCK));
    let behind = format!("the clock of Keycloak is {} s behind {whose}", ahead.unsigned_abs());
    if ahead >= HARMLESS {
        error(format!(
            "the clock of Keycloak is {ahead} s ahead of {whose}: AWS refuses logins as not valid yet"
        ))
    } else if ahead <= -EXPIRED {
        error(format!("{behind}: AWS refuses logins as expired"))
    } else if ahead <= -HARMLESS {
        Some(Finding::warning("Keycloak", behind, SET_KEYCLOAKS_CLOCK))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use kcaws::cli::doctor::finding::State;

    use super::*;

    #[test]
    fn each_clock_that_is_off_is_named_with_what_it_breaks() {
        let of = |aws: Option<i64>, realm: Option<i64>| -> Vec<(State, String)> {
            let found = compared(aws.map(Skew::of_seconds), realm.map(Skew::of_seconds));
            found.into_iter().map(|finding| (finding.state, finding.reason)).collect()
        };
        assert_eq!(of(None, None), []);
        assert_eq!(of(Some(2), Some(-3))[0].0, State::Ok);
        let reported = |aws, realm, state, word: &str| {
            let found = of(aws, realm);
            assert!(found.len() == 1 && found[0].0 == state && found[0].1.contains(word), "{found:?}");
        };
        reported(Some(0), Some(61), State::Error, "61 s ahead of AWS's: AWS refuses logins as not valid yet");
        reported(Some(0), Some(-250), State::Error, "250 s behind AWS's: AWS refuses logins as expired");
        reported(Some(0), Some(-90), State::Warning, "90 s behind AWS's");
        reported(None, Some(90), State::Error, "ahead of this machine's");
        reported(Some(-90), None, State::Warning, "90 s ahead of AWS's");
        reported(Some(400), Some(400), State::Error, "400 s behind AWS's: AWS refuses signed requests");
        assert_eq!(of(Some(i64::MIN), Some(i64::MAX)).len(), 2);
    }
}
