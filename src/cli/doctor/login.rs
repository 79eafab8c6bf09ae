//! Checks whether the sessions are logged in, and what their logins cover.

use chrono::{DateTime, Utc};

use super::config::failed;
use super::context::DoctorContext;
use super::finding::Finding;
use crate::app::resolve::ResolvedSession;
use crate::credentials::cache;
use crate::session::status;
use crate::shell::quote::argument;

/// Reports the login according to the status file; sessions ended by AWS in the meantime only show up on next use.
pub(super) fn login(context: &DoctorContext<'_>) -> Vec<Finding> {
    let now = context.app.clock.now();
    context.sessions().iter().flat_map(|selected| logged_in(context, selected, now)).collect()
}

/// Checks that the login covers the IAM roles that the settings ask for.
fn covers_account_access(
    context: &DoctorContext<'_>,
    selected: &ResolvedSession,
    tenant: Option<&str>,
) -> Option<Finding> {
    let asked = selected.endpoints(context.app).ok()?.account_access.as_ref()?;
    let name = selected.session.name.as_str();
    let fix = format!("run `kcaws login {}`", argument(name));
    Some(match tenant {
        Some(tenant) if tenant == asked.tenant => {
            Finding::ok(name, format!("the login covers the IAM roles of {tenant}"))
        }
        Some(tenant) => Finding::warning(
            name,
            format!("the login is for the tenant {tenant}, and `account_access` is {}", asked.tenant),
            fix,
        ),
        None => Finding::warning(name, "logged in without account access, which IAM roles need", fix),
    })
}

fn logged_in(context: &DoctorContext<'_>, selected: &ResolvedSession, now: DateTime<Utc>) -> Vec<Finding> {
    let session = &selected.session;
    let (state, name) = (context.app.state(), session.name.as_str());
    let fix = format!("run `kcaws login {}`", argument(name));
    let status = match status::read(state, session) {
        Ok(status) => status,
        Err(error) => return vec![failed(name, &error.into())],
    };
    let tenant = status.as_ref().and_then(|status| status.tenant.clone());
    let login = status.and_then(|status| status.is_logged_in(now).then_some(status.login).flatten());
    let Some(login) = login else {
        return vec![Finding::warning(name, "not logged in", fix)];
    };
    let minutes = (login.access_expires_at - now).num_minutes();
    let mut findings = vec![match (login.refreshable, minutes) {
        (false, left) => Finding::warning(
            name,
            format!("logged in for {left} more min: this login cannot be renewed"),
            "add `sso_registration_scopes = sso:account:access` to the session, then log in again",
        ),
        (true, ..=0) => Finding::ok(name, "logged in; the access token is renewed on next use"),
        (true, left) => Finding::ok(name, format!("logged in; the access token is valid for {left} min")),
    }];
    findings.extend(covers_account_access(context, selected, tenant.as_deref()));
    for gone in cache::gone(state, name, now).unwrap_or_default() {
        findings.push(Finding::warning(
            name,
            format!("{} in account {} is no longer assigned", gone.role_name, gone.account_id),
            "`kcaws accounts` shows what is assigned to you; an administrator can assign it again",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::{CORP, TestDoctor, logged_in_doctor, states};
    use super::*;

    #[test]
    fn the_login_is_there_lasts_and_can_be_renewed() {
        assert_eq!(states(&logged_in_doctor(Some("refresh")).look(login)), ["ok"]);
        assert_eq!(states(&logged_in_doctor(None).look(login)), ["warning"]);
        let none = TestDoctor::new().config(CORP).look(login);
        assert_eq!(none[0].fix.as_deref(), Some("run `kcaws login corp`"));
    }
}
