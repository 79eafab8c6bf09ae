//! `kcaws admin source --watch`: Keycloak's login events in plain words.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::{Colour, Ui};
use kcaws::platform::interrupt;
use kcaws::ports::clock::Clock;
use serde::Serialize;

use crate::access_file::RealmSettings;
use crate::app::AdminApp;
use crate::ports::keycloak::Keycloak;
use crate::realm::login_events::{LoginAttempt, LoginFault, Recording, RecordingState, Remedy, attempts};

const PAUSE: Duration = Duration::from_secs(2);

pub(super) struct Watch {
    /// `None` watches the logins to all clients.
    pub(super) client_id: Option<String>,
    pub(super) records: bool,
    pub(super) patience: Duration,
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    succeeded: bool,
    attempts: Vec<AttemptReport>,
}

#[derive(Serialize)]
struct AttemptReport {
    at: DateTime<Utc>,
    username: Option<String>,
    client_id: Option<String>,
    ip_address: Option<String>,
    /// `null` after a success.
    reason: Option<String>,
    fix: Option<&'static str>,
}

impl Watch {
    pub(super) fn run(&self, app: &AdminApp, realm: &RealmSettings, ui: &mut Ui) -> Result<(), CommandError> {
        let keycloak: Arc<dyn Keycloak> = Arc::new(app.keycloak(realm, ui.prompting())?);
        let recording = self.recording(&keycloak)?;
        let undo = recording.as_ref().map(|recording| interrupt::undone_at_exit(recording.undo()));
        if let Some(recording) = &recording {
            recording.begin()?;
            ui.say("Login events are recorded until this command ends.");
        }
        let seen = self.watch(&*keycloak, &*app.clock, ui);
        let put_back = recording.map_or(Ok(()), Recording::finish);
        drop(undo);
        let seen = seen?;
        put_back?;
        self.end(&seen, ui)
    }

    fn recording(&self, keycloak: &Arc<dyn Keycloak>) -> Result<Option<Recording>, CommandError> {
        if self.records {
            return Ok(Recording::prepare(Arc::clone(keycloak))?);
        }
        match RecordingState::read(&**keycloak)? {
            RecordingState::On => Ok(None),
            RecordingState::Off => {
                let message = "the realm does not record login events";
                Err(CommandError::new(Exit::Failed, ErrorCode::Settings, message)
                    .hint("add --record to switch them on until this command ends"))
            }
        }
    }

    /// Reads events until a login succeeds or the time is over.
    fn watch(
        &self,
        keycloak: &dyn Keycloak,
        clock: &dyn Clock,
        ui: &mut Ui,
    ) -> Result<Vec<LoginAttempt>, CommandError> {
        // The server's clock decides, and may be behind.
        let started = clock.now();
        let old = self.attempts(keycloak, started - TimeDelta::minutes(5))?;
        let deadline = clock.elapsed() + self.patience;
        let mut seen: Vec<LoginAttempt> = Vec::new();
        ui.say("Log in to the access portal now.");
        while clock.elapsed() < deadline {
            for attempt in self.attempts(keycloak, started - TimeDelta::minutes(5))? {
                if old.contains(&attempt) || seen.contains(&attempt) {
                    continue;
                }
                if !self.json {
                    show(&attempt, ui);
                }
                let is_success = attempt.fault.is_none();
                seen.push(attempt);
                if is_success {
                    return Ok(seen);
                }
            }
            clock.sleep(PAUSE);
        }
        Ok(seen)
    }

    fn attempts(
        &self,
        keycloak: &dyn Keycloak,
        since: DateTime<Utc>,
    ) -> Result<Vec<LoginAttempt>, CommandError> {
        Ok(attempts(keycloak, self.client_id.as_deref(), since)?)
    }

    fn end(&self, seen: &[LoginAttempt], ui: &mut Ui) -> Result<(), CommandError> {
        let succeeded = seen.last().is_some_and(|last| last.fault.is_none());
        if self.json {
            ui.json(&Report { schema: 1, succeeded, attempts: seen.iter().map(report).collect() });
        }
        if succeeded {
            ui.say(
                "Keycloak sent this user to AWS. If AWS shows an error now: kcaws admin check --user NAME",
            );
            return Ok(());
        }
        let (message, hint) = match seen.last() {
            None => (
                "no login reached Keycloak",
                "open the access portal in a private window; AWS may have another metadata file of the realm",
            ),
            Some(last) => ("no login succeeded", last.fault.as_ref().map_or("", |fault| fix(fault.remedy()))),
        };
        Err(CommandError::new(Exit::Failed, ErrorCode::Timeout, message).hint(hint))
    }
}

fn show(attempt: &LoginAttempt, ui: &mut Ui) {
    let time = attempt.at.format("%H:%M:%S UTC");
    let user = attempt.username.as_deref().unwrap_or("(unknown user)");
    match &attempt.fault {
        None => ui.marked("ok", Colour::Green, &format!("{time}  {user}: logged in")),
        Some(fault) => {
            ui.marked("failed", Colour::Red, &format!("{time}  {user}: {}", fault.explanation()));
            ui.data(&format!("        {}", fix(fault.remedy())));
        }
    }
}

fn report(attempt: &LoginAttempt) -> AttemptReport {
    AttemptReport {
        at: attempt.at,
        username: attempt.username.clone(),
        client_id: attempt.client_id.clone(),
        ip_address: attempt.ip_address.clone(),
        reason: attempt.fault.as_ref().map(LoginFault::explanation),
        fix: attempt.fault.as_ref().map(|fault| fix(fault.remedy())),
    }
}

fn fix(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::ApplyClient => {
            "run `kcaws admin client apply --metadata FILE` with the file of this instance"
        }
        Remedy::FixHostname => "run `kcaws admin metadata`, set Keycloak's `hostname` and `proxy-headers`",
        Remedy::UseTls => "open Keycloak over https, and let the proxy before it send X-Forwarded-Proto",
        Remedy::CheckUser => "look at this user in Keycloak: Users, Details and Required user actions",
        Remedy::TryAgain => "nothing is wrong with the connection: try again",
        Remedy::ReadEvent => "look at the details of the event in Keycloak: Events, User events",
    }
}

#[cfg(test)]
mod tests {
    use kcaws::cli::Global;
    use kcaws::platform::terminal::Terminal;
    use kcaws::ports::clock::FakeClock;

    use super::*;
    use crate::ports::keycloak::{FakeKeycloak, LoginEvent};

    fn watch(patience: u64, json: bool) -> Watch {
        Watch {
            client_id: Some("sp".to_owned()),
            records: false,
            patience: Duration::from_secs(patience),
            json,
        }
    }

    fn event(clock: &FakeClock, after: i64, error: Option<&str>) -> LoginEvent {
        LoginEvent {
            time: (clock.now() + TimeDelta::seconds(after)).timestamp_millis(),
            kind: error.map_or("LOGIN", |_| "LOGIN_ERROR").to_owned(),
            error: error.map(str::to_owned),
            client_id: Some("sp".to_owned()),
            ..LoginEvent::default()
        }
    }

    /// A clock during whose pauses something happens in the realm.
    struct Meanwhile<'k> {
        clock: FakeClock,
        keycloak: &'k FakeKeycloak,
        events: std::sync::Mutex<Vec<LoginEvent>>,
    }

    impl Clock for Meanwhile<'_> {
        fn now(&self) -> DateTime<Utc> {
            self.clock.now()
        }

        fn since_epoch(&self) -> Duration {
            self.clock.since_epoch()
        }

        fn elapsed(&self) -> Duration {
            self.clock.elapsed()
        }

        fn sleep(&self, span: Duration) {
            self.clock.sleep(span);
            let next = self.events.lock().expect("no panic").pop();
            self.keycloak.realm_mut().events.extend(next);
        }
    }

    #[test]
    fn failures_are_explained_until_a_login_succeeds() {
        let (keycloak, clock) = (FakeKeycloak::default(), FakeClock::at("2026-11-24T08:00:00Z"));
        keycloak.realm_mut().events.push(event(&clock, -60, Some("client_not_found")));
        let events = vec![
            event(&clock, 9, Some("user_disabled")),
            event(&clock, 4, None),
            event(&clock, 2, Some("invalid_signature")),
        ];
        let clock = Meanwhile { clock, keycloak: &keycloak, events: events.into() };
        let (terminal, stdout, _) = Terminal::captured();
        let mut ui = Ui::new(terminal, &Global::default());
        let seen = watch(600, false).watch(&keycloak, &clock, &mut ui).expect("watches");
        watch(600, false).end(&seen, &mut ui).expect("succeeded");
        let text = stdout.text();
        assert_eq!(seen.len(), 2, "neither what was before nor what comes after: {text}");
        assert!(text.contains("AWS does not do") && text.contains("client apply"), "{text}");
        assert!(text.contains("logged in"), "{text}");
    }

    #[test]
    fn a_watch_without_a_success_fails_with_the_last_reason() {
        let (keycloak, clock) = (FakeKeycloak::default(), FakeClock::at("2026-11-24T08:00:00Z"));
        let events = vec![event(&clock, 2, Some("ssl_required"))];
        let clock = Meanwhile { clock, keycloak: &keycloak, events: events.into() };
        let (terminal, stdout, stderr) = Terminal::captured();
        let mut ui = Ui::new(terminal, &Global::default());
        let seen = watch(60, true).watch(&keycloak, &clock, &mut ui).expect("watches");
        let error = watch(60, true).end(&seen, &mut ui).expect_err("no login");
        assert_eq!(error.code(), ErrorCode::Timeout);
        let report: serde_json::Value = serde_json::from_str(&stdout.text()).expect("one object");
        assert_eq!(
            (&report["succeeded"], &report["attempts"][0]["reason"]),
            (&false.into(), &"the realm demands https".into())
        );
        assert!(!stderr.text().contains("client apply"));
        let nothing = watch(60, false).end(&[], &mut ui).expect_err("no login");
        assert!(nothing.message.contains("reached"), "{nothing:?}");
    }
}
