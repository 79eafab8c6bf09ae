//! The IAM roles of account access manager in a listing, beside the permission sets.

use std::collections::BTreeSet;

use super::pages::{Budget, Listed, all_pages};
use super::{AccountRoles, Gap, Listing, RateLimit};
use crate::ports::identity_center::{Account, IamRole, ServiceError};
use crate::profile::RoleName;
use crate::session::bearer::Bearer;
use crate::session::{LoginNeeded, Session, SessionError};

impl Listed for IamRole {
    fn text(&self) -> usize {
        let name = self.account_name.as_ref().map_or(0, String::len);
        self.account_id.len().saturating_add(self.arn.len()).saturating_add(name)
    }
}

impl Session<'_> {
    /// Lists the IAM roles of all accounts, with one request for a hundred of them.
    pub(in crate::credentials) fn iam_roles(&self) -> Result<Vec<IamRole>, SessionError> {
        let mut bearer = Bearer::new(self, self.access_token()?);
        self.iam_roles_with(&mut bearer, &RateLimit::new(self.clock))
    }

    pub(super) fn iam_roles_with(
        &self,
        bearer: &mut Bearer<'_>,
        pace: &RateLimit<'_>,
    ) -> Result<Vec<IamRole>, SessionError> {
        let at = self.account_access()?;
        let host = at.origin.host();
        let listed = bearer.ask(|token| {
            all_pages(host, &Budget::of_roles(), |page| {
                pace.ask(|| self.center.list_iam_roles(at, token, page))
            })
        })?;
        listed.map_err(|error| match error {
            // The reference declares no 403 for the list; whatever it means, a new login is the way on.
            ServiceError::Unauthorized | ServiceError::Forbidden => {
                self.login_needed(LoginNeeded::AccountAccessRefused)
            }
            error => error.into(),
        })
    }
}

impl Listing {
    /// Adds IAM roles to their accounts; accounts without permission sets are added with them.
    pub(super) fn add(&mut self, roles: Vec<IamRole>) {
        let unavailable: BTreeSet<String> =
            self.unavailable.iter().map(|one| one.account.id.clone()).collect();
        for role in roles {
            let name = RoleName::IamRole(role.arn);
            // What the user has there besides is unknown.
            if unavailable.contains(&role.account_id) {
                continue;
            }
            if let Some(one) = self.accounts.iter_mut().find(|one| one.account.id == role.account_id) {
                one.roles.push(name);
            } else {
                let account = Account { id: role.account_id, name: role.account_name, email: None };
                self.accounts.push(AccountRoles { account, roles: vec![name] });
            }
        }
        for one in &mut self.accounts {
            one.roles.sort();
            one.roles.dedup();
        }
        self.accounts.sort_by(|a, b| (&a.account.name, &a.account.id).cmp(&(&b.account.name, &b.account.id)));
    }

    /// Puts both lists together. One that failed does not hide the other.
    pub(super) fn of_both(
        sets: Result<Self, SessionError>,
        roles: Result<Vec<IamRole>, SessionError>,
    ) -> Result<Self, SessionError> {
        match (sets, roles) {
            (Ok(mut sets), Ok(roles)) => {
                sets.add(roles);
                Ok(sets)
            }
            (Ok(mut sets), Err(error)) => {
                sets.gaps.push(Gap::IamRoles(error));
                Ok(sets)
            }
            // A login that is over is over for both.
            (Err(error @ SessionError::LoginNeeded { .. }), _) | (Err(error), Err(_)) => Err(error),
            (Err(error), Ok(roles)) => {
                let mut listing = Self { gaps: vec![Gap::PermissionSets(error)], ..Self::default() };
                listing.add(roles);
                Ok(listing)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::accounts::Unavailable;
    use crate::ports::identity_center::account_access::SCOPES;
    use crate::ports::identity_center::{AccountAccess, Origin, Page};
    use crate::session::testing::{ENDPOINT, Fixture};

    const DEV: &str = "111122223333";

    fn role(account: &str, name: &str) -> IamRole {
        let arn = format!("arn:aws:iam::{account}:role/{name}");
        IamRole { account_id: account.into(), account_name: Some("n".into()), arn }
    }

    fn account(id: &str, name: &str) -> Account {
        Account { id: id.into(), name: Some(name.into()), email: None }
    }

    /// A session with account access, and a login that has its scopes.
    fn fixture() -> Fixture {
        let mut fixture = Fixture::new();
        fixture.endpoints.account_access =
            Some(AccountAccess { origin: Origin::new(ENDPOINT), tenant: "aa-corp".into() });
        fixture.log_in(Some("refresh-1"));
        let session = fixture.session();
        let mut record = session.load().expect("loads").expect("is there");
        record.account_access.clone_from(&fixture.endpoints.account_access);
        let registration = record.registration.as_mut().expect("is there");
        registration.scopes.extend(SCOPES.map(str::to_owned));
        session.save(&record).expect("saves");
        fixture
    }

    fn shown(listing: &Listing) -> Vec<String> {
        let shown = |one: &AccountRoles| {
            let roles: Vec<String> = one.roles.iter().map(ToString::to_string).collect();
            format!("{} {}", one.account.id, roles.join(","))
        };
        listing.accounts.iter().map(shown).collect()
    }

    #[test]
    fn both_lists_are_one_by_account() {
        let fixture = fixture();
        let page = |items| Ok(Page { items, next: None });
        fixture.center.accounts.will(Ok(Page { items: vec![account(DEV, "dev")], next: None }));
        fixture.center.roles.will(Ok(Page { items: vec!["Admin".into()], next: None }));
        // An empty page with a mark is not the end.
        fixture.center.iam_roles.will(Ok(Page { items: Vec::new(), next: Some("2".into()) }));
        fixture.center.iam_roles.will(page(vec![
            role(DEV, "team/Deploy"),
            role("444455556666", "Ops"),
            role(DEV, "Audit"),
        ]));
        let listing = fixture.session().accounts(|_, _| ()).expect("lists");
        assert_eq!(shown(&listing), ["111122223333 Admin,Audit,Deploy", "444455556666 Ops"]);
        assert!(listing.gaps.is_empty());
    }

    #[test]
    fn a_list_that_fails_does_not_hide_the_other() {
        let fixture = fixture();
        fixture.center.accounts.will(Ok(Page { items: vec![account(DEV, "dev")], next: None }));
        fixture.center.roles.will(Ok(Page { items: vec!["Admin".into()], next: None }));
        fixture.center.iam_roles.will(Err(ServiceError::NotFound));
        let listing = fixture.session().accounts(|_, _| ()).expect("lists");
        assert_eq!(shown(&listing), ["111122223333 Admin"]);
        assert!(matches!(listing.gaps.as_slice(), [Gap::IamRoles(_)]));

        fixture.center.accounts.will(Err(ServiceError::Forbidden));
        fixture.center.iam_roles.will(Ok(Page { items: vec![role(DEV, "Ops")], next: None }));
        let listing = fixture.session().accounts(|_, _| ()).expect("lists");
        assert_eq!(shown(&listing), ["111122223333 Ops"]);
        assert!(matches!(listing.gaps.as_slice(), [Gap::PermissionSets(_)]));

        fixture.center.accounts.will(Err(ServiceError::NotFound));
        fixture.center.iam_roles.will(Err(ServiceError::NotFound));
        assert!(fixture.session().accounts(|_, _| ()).is_err(), "nothing was listed");
    }

    #[test]
    fn a_login_without_the_scopes_is_not_used_for_iam_roles() {
        let mut fixture = Fixture::new();
        fixture.log_in(Some("refresh-1"));
        fixture.endpoints.account_access =
            Some(AccountAccess { origin: Origin::new(ENDPOINT), tenant: "aa-corp".into() });
        fixture.center.accounts.will(Ok(Page { items: Vec::new(), next: None }));
        let listing = fixture.session().accounts(|_, _| ()).expect("lists");
        let [Gap::IamRoles(SessionError::LoginNeeded { why, .. })] = listing.gaps.as_slice() else {
            panic!("{:?}", listing.gaps)
        };
        assert_eq!(*why, LoginNeeded::WithoutAccountAccess);
        assert!(!fixture.center.calls().iter().any(|call| call.starts_with("ListRoles")));
    }

    #[test]
    fn a_login_for_another_tenant_or_place_is_not_used() {
        let mut fixture = fixture();
        let access = fixture.endpoints.account_access.as_mut().expect("set");
        access.tenant = "aa-other".into();
        let error = fixture.session().iam_roles().expect_err("refused");
        assert!(matches!(error, SessionError::OtherTenant { .. }), "{error}");
        let access = fixture.endpoints.account_access.as_mut().expect("set");
        *access =
            AccountAccess { origin: Origin::new("https://elsewhere.example"), tenant: "aa-corp".into() };
        let error = fixture.session().iam_roles().expect_err("refused");
        assert!(matches!(error, SessionError::ForeignEndpoint { .. }), "{error}");
        assert!(fixture.center.calls().is_empty(), "nothing was sent");
    }

    #[test]
    fn a_second_401_asks_for_a_login_and_a_403_too() {
        for refusal in [ServiceError::Unauthorized, ServiceError::Forbidden] {
            let fixture = fixture();
            if matches!(refusal, ServiceError::Unauthorized) {
                fixture.center.iam_roles.will(Err(ServiceError::Unauthorized));
                let token = crate::ports::identity_center::fake::FakeIdentityCenter::token("access-2", None);
                fixture.center.tokens.will(Ok(token));
            }
            fixture.center.iam_roles.will(Err(refusal));
            let error = fixture.session().iam_roles().expect_err("refused");
            let SessionError::LoginNeeded { why, .. } = error else { panic!("{error}") };
            assert_eq!(why, LoginNeeded::AccountAccessRefused);
        }
    }

    #[test]
    fn an_account_whose_permission_sets_are_unknown_stays_unknown() {
        let gap = Unavailable { account: account(DEV, "dev"), reason: "closed".into() };
        let mut listing = Listing { unavailable: vec![gap], ..Listing::default() };
        listing.add(vec![role(DEV, "Ops")]);
        assert!(listing.accounts.is_empty());
    }
}
