//! Setting a simulator up, in the words of a test.

use std::io;
use std::time::Duration;

use crate::handle::IdcSim;
use crate::iam::IamRole;
use crate::settings::Settings;
use crate::switches::{
    AccountState, AcsUrls, DateHeader, DenialAnswer, LogoutEnds, MissingSessionEnd, PageSize,
    RefreshRotation, SameAccount, SignatureOn, SlowDown, Throttle, VerificationUri,
};

/// Made by [`IdcSim::builder`]; each method sets a field of [`Settings`], where the defaults are described.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `start`"]
pub struct Builder {
    pub(crate) settings: Settings,
}

/// Methods that set the field of their name.
macro_rules! setters {
    ($($field:ident: $type:ty,)+) => {
        impl Builder {$(
            #[doc = concat!("Sets [`Settings::", stringify!($field), "`].")]
            pub fn $field(mut self, $field: $type) -> Self {
                self.settings.$field = $field;
                self
            }
        )+}
    };
}

setters! {
    port: u16,
    proxy_port: u16,
    access_token_life: Duration,
    session_life: Duration,
    device_code_life: Duration,
    authorization_code_life: Duration,
    registration_life: Duration,
    signin_token_life: Duration,
    interval: Duration,
    signature_skew: Duration,
    saml_tolerance: Duration,
    disabled_grace: Duration,
    page_size: PageSize,
    refresh_rotation: RefreshRotation,
    date_header: DateHeader,
    slow_down: SlowDown,
    denial: DenialAnswer,
    logout_ends: LogoutEnds,
    verification_uri: VerificationUri,
    acs_urls: AcsUrls,
    signature_on: SignatureOn,
    missing_session_end: MissingSessionEnd,
    announce_endpoints: bool,
    long_console_sessions: bool,
    multi_session: bool,
    access_control_attributes: bool,
    empty_pages: bool,
    members_see_instance: bool,
    account_paths: bool,
    account_status: bool,
    operation_time: Duration,
    outstanding_operations: usize,
    same_account: SameAccount,
    write_spread: Duration,
    delegates_list_by_principal: bool,
    policies_per_role: usize,
    permission_set_quota: usize,
    permission_sets_enabled: bool,
}

impl Builder {
    /// Sets [`Settings::region`].
    pub fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.settings.region);
        self
    }

    /// Adds a region to which the instance is replicated.
    pub fn add_region(mut self, region: &str) -> Self {
        self.settings.more_regions.push(region.to_owned());
        self
    }

    /// Sets [`Settings::start_url`].
    pub fn start_url(mut self, url: &str) -> Self {
        url.clone_into(&mut self.settings.start_url);
        self
    }

    /// Adds a start URL (an alias, another region's) of the same instance.
    pub fn add_start_url(mut self, url: &str) -> Self {
        self.settings.more_start_urls.push(url.to_owned());
        self
    }

    /// Adds a company's own host, whose `https://<host>/aws` redirects to `target` (a vanity start URL).
    pub fn vanity(mut self, host: &str, target: &str) -> Self {
        self.settings.vanity.push((host.to_owned(), target.to_owned()));
        self
    }

    /// Adds a user of the built-in sign-in form. The first one is the default user.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.settings.users.push((name.to_owned(), Some(password.to_owned())));
        self
    }

    /// Adds a user whom only the external identity provider can let in.
    pub fn external_user(mut self, name: &str) -> Self {
        self.settings.users.push((name.to_owned(), None));
        self
    }

    /// Adds an account.
    pub fn account(mut self, id: &str, name: &str, email: &str) -> Self {
        self.settings.accounts.push((id.to_owned(), name.to_owned(), email.to_owned()));
        self
    }

    /// Adds a permission set whose role credentials are valid for `session_duration`.
    pub fn permission_set(mut self, name: &str, session_duration: Duration) -> Self {
        self.settings.permission_sets.push((name.to_owned(), session_duration));
        self
    }

    /// Gives a user a permission set in an account.
    pub fn assign(mut self, user: &str, account: &str, permission_set: &str) -> Self {
        let assignment = (user.to_owned(), account.to_owned(), permission_set.to_owned());
        self.settings.assignments.push(assignment);
        self
    }

    /// Assigns nothing to any user: the portal lists no accounts.
    pub fn no_assignments(mut self) -> Self {
        self.settings.no_assignments = true;
        self
    }

    /// Sets [`Settings::management_account`].
    pub fn management_account(mut self, id: &str) -> Self {
        id.clone_into(&mut self.settings.management_account);
        self
    }

    /// Lets one more account administer the instance.
    pub fn delegated_administrator(mut self, account: &str) -> Self {
        self.settings.delegated_administrators.push(account.to_owned());
        self
    }

    /// Adds an organizational unit, `/Workloads/Prod`, and those above it.
    pub fn organizational_unit(mut self, path: &str) -> Self {
        self.settings.organizational_units.push(path.to_owned());
        self
    }

    /// Puts an account into an organizational unit, which is added if it is not there.
    pub fn account_unit(mut self, account: &str, path: &str) -> Self {
        self.settings.account_units.push((account.to_owned(), path.to_owned()));
        self
    }

    /// Sets the state of an account in the organization.
    pub fn account_state(mut self, account: &str, state: AccountState) -> Self {
        self.settings.account_states.push((account.to_owned(), state));
        self
    }

    /// Tags an account.
    pub fn account_tag(mut self, account: &str, key: &str, value: &str) -> Self {
        self.settings.account_tags.push((account.to_owned(), key.to_owned(), value.to_owned()));
        self
    }

    /// Takes a customer managed policy, `/path/name`, away from an account.
    pub fn missing_policy(mut self, account: &str, policy: &str) -> Self {
        self.settings.missing_policies.push((account.to_owned(), policy.to_owned()));
        self
    }

    /// Sets [`Settings::admin_throttle`]; `None`: as fast as asked.
    pub fn admin_throttle(mut self, throttle: Option<Throttle>) -> Self {
        self.settings.admin_throttle = throttle;
        self
    }

    /// Adds an IAM role that `AssumeRole` can assume.
    pub fn iam_role(mut self, role: IamRole) -> Self {
        self.settings.iam_roles.push(role);
        self
    }

    /// Sets [`Settings::identity_store`].
    pub fn identity_store(mut self, id: &str) -> Self {
        id.clone_into(&mut self.settings.identity_store);
        self
    }

    /// Sets the external identity provider's SAML metadata.
    pub fn idp_metadata(mut self, metadata: &str) -> Self {
        self.settings.idp_metadata = Some(metadata.to_owned());
        self
    }

    /// Gives every access token a bucket of `burst` requests at the portal, filled with `per_second`.
    pub fn throttle(mut self, per_second: f64, burst: u32) -> Self {
        self.settings.throttle = Some(Throttle { per_second, burst });
        self
    }

    /// Approves every device code, and every visit to `/authorize`, as the default user at once.
    pub fn auto_approve(mut self, yes: bool) -> Self {
        self.settings.auto_approve = yes.then_some(Duration::ZERO);
        self
    }

    /// Approves every device code as the default user once it is this old.
    pub fn auto_approve_after(mut self, delay: Duration) -> Self {
        self.settings.auto_approve = Some(delay);
        self
    }

    /// Starts the simulator; it stops when the handle is dropped.
    ///
    /// Panics where [`Self::try_start`] would fail.
    pub fn start(self) -> IdcSim {
        self.try_start().unwrap_or_else(|error| panic!("the simulator does not start: {error}"))
    }

    /// Starts the simulator; it stops when the handle is dropped.
    ///
    /// Errors: a setting that makes no sense (`InvalidInput`), or a port that is taken.
    pub fn try_start(self) -> io::Result<IdcSim> {
        self.settings.start()
    }
}
