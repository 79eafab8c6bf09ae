//! Everything that can be chosen about a simulator: the builder and the program's arguments fill the same fields.

use std::time::Duration;

use crate::account_access::settings::AccountAccessSettings;
use crate::clock;
use crate::directory::settings::DirectorySettings;
use crate::directory::{Directory, Principal};
use crate::hosts;
use crate::iam::IamRole;
use crate::sso_admin::shapes::is_instance_id;
use crate::switches::{
    AccountState, AcsUrls, DateHeader, DenialAnswer, LogoutEnds, MissingSessionEnd, PageSize,
    RefreshRotation, SameAccount, SignatureOn, SlowDown, Throttle, VerificationUri,
};

/// Name and password of the user who is there without any other.
pub(crate) const DEFAULT_USER: (&str, &str) = ("alice@example.com", "wonderland");

/// What a simulator is made from; every field has a default.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "settings are switches")]
pub struct Settings {
    /// The plain entry's port on 127.0.0.1; 0, the default, takes a free one.
    pub port: u16,
    /// The proxy entry's port on 127.0.0.1; 0, the default, takes a free one.
    pub proxy_port: u16,

    /// The instance's (primary) region. Default `eu-central-1`.
    pub region: String,
    /// Further regions to which the instance is replicated.
    pub more_regions: Vec<String>,
    /// Default `https://d-1234567890.awsapps.com/start`.
    pub start_url: String,
    /// Further start URLs (an alias, another region's) of the same instance.
    pub more_start_urls: Vec<String>,
    /// A company's own host, and where its `/aws` redirects to (a vanity start URL).
    pub vanity: Vec<(String, String)>,
    /// The identity store's id, part of the SAML entity ID. Default `d-1234567890`.
    pub identity_store: String,
    /// The last part of the ACS URL.
    pub saml_tenant: String,

    /// Users and their passwords; without a password only the external identity provider can let them in. The first
    /// one is the default user. Without any there is `alice@example.com` with the password `wonderland`.
    pub users: Vec<(String, Option<String>)>,
    /// Accounts: id, name, e-mail address. Without any there are four: `dev` 111122223333, `staging` 222233334444,
    /// `prod` 333344445555, `audit` 444455556666.
    pub accounts: Vec<(String, String, String)>,
    /// Permission sets and how long their role credentials are valid. Without any there are `PowerUserAccess` (1 h),
    /// `ReadOnlyAccess` (1 h) and `AdministratorAccess` (12 h).
    pub permission_sets: Vec<(String, Duration)>,
    /// User, account, permission set. Without any, every user has every permission set in every account.
    pub assignments: Vec<(String, String, String)>,
    /// No user is assigned anything: the portal lists no accounts.
    pub no_assignments: bool,
    /// The organization's management account, named `management`; it is not assigned by default. Default 000011112222.
    pub management_account: String,
    /// Further accounts that administer the instance. Default none.
    pub delegated_administrators: Vec<String>,
    /// Paths such as `/Workloads/Prod`; the units of `account_units` need not be listed.
    pub organizational_units: Vec<String>,
    /// Account and the path of its unit. Default: the root.
    pub account_units: Vec<(String, String)>,
    /// Default [`AccountState::Active`].
    pub account_states: Vec<(String, AccountState)>,
    /// Account, key, value.
    pub account_tags: Vec<(String, String, String)>,
    /// The instance's id. Default `ssoins-1234567890abcdef`.
    pub instance: String,
    /// Groups and their members. Default none.
    pub groups: Vec<(String, Vec<String>)>,
    /// Entitlements of account access: who, and the ARN of one of `iam_roles`. Default none.
    pub entitlements: Vec<(Principal, String)>,
    /// IAM roles that `AssumeRole` and account access can assume. Default none.
    pub iam_roles: Vec<IamRole>,
    /// The external identity provider's SAML metadata; without it people sign in with a password.
    pub idp_metadata: Option<String>,

    /// Of logins with `sso:account:access`. Default 1 h.
    pub access_token_life: Duration,
    /// Of the access-portal session. Default 8 h.
    pub session_life: Duration,
    /// Default 10 min.
    pub device_code_life: Duration,
    /// Default 10 min.
    pub authorization_code_life: Duration,
    /// Default 90 days.
    pub registration_life: Duration,
    /// Of the console's sign-in token. Default 15 min.
    pub signin_token_life: Duration,
    /// Between two polls of a device code, in whole seconds. Default 1 s.
    pub interval: Duration,
    /// How far a signature's date may be from the clock. Default 5 min.
    pub signature_skew: Duration,
    /// How far the identity provider's clock may be off. Default 30 s.
    pub saml_tolerance: Duration,
    /// How long a disabled user's running session may still be used; zero: not at all. Default 1 h.
    pub disabled_grace: Duration,

    /// Default [`PageSize::Random`].
    pub page_size: PageSize,
    /// A token bucket for every access token at the portal; more is 429. Default none. AWS was seen at about 20 a
    /// second.
    pub throttle: Option<Throttle>,
    /// Default [`RefreshRotation::OldDies`].
    pub refresh_rotation: RefreshRotation,
    /// Default [`DateHeader::FollowsClock`].
    pub date_header: DateHeader,
    /// Default [`SlowDown::AfterTwoPolls`].
    pub slow_down: SlowDown,
    /// Default [`DenialAnswer::AccessDenied`].
    pub denial: DenialAnswer,
    /// Default [`LogoutEnds::SignInSession`].
    pub logout_ends: LogoutEnds,
    /// Default [`VerificationUri::DeviceHost`].
    pub verification_uri: VerificationUri,
    /// Default [`AcsUrls::One`].
    pub acs_urls: AcsUrls,
    /// Default [`SignatureOn::Assertion`].
    pub signature_on: SignatureOn,
    /// Default [`MissingSessionEnd::OwnSetting`].
    pub missing_session_end: MissingSessionEnd,
    /// How old a device code is when it is approved as the default user; zero also approves every visit to
    /// `/authorize`. Default: never.
    pub auto_approve: Option<Duration>,
    /// `RegisterClient` returns `authorizationEndpoint` and `tokenEndpoint` instead of nulls. Default false.
    pub announce_endpoints: bool,
    /// A console session may outlast the permission set's session duration. Default true.
    pub long_console_sessions: bool,
    /// A browser may hold several console sessions. Default true.
    pub multi_session: bool,
    /// "Attributes for access control" is on: an assertion's attributes have to keep AWS's rules. Default false.
    pub access_control_attributes: bool,

    /// Account access manager.
    pub account_access: AccountAccessSettings,
    /// The identity store and its two services.
    pub directory: DirectorySettings,
    /// A bucket for each of the administrators' services and for SCIM, shared by all callers; more is a
    /// `ThrottlingException`, at SCIM 429. Default 20 a second, 20 at once.
    pub admin_throttle: Option<Throttle>,
    /// The first page of a longer list of Organizations holds nothing. Default true.
    pub empty_pages: bool,
    /// Every account of the organization sees the instance in `ListInstances`. Default false.
    pub members_see_instance: bool,
    /// Accounts of Organizations have `Paths`. Default true.
    pub account_paths: bool,
    /// Accounts of Organizations still have `Status` in addition to `State`. Default false.
    pub account_status: bool,
    /// How long an assignment, its removal or a provisioning takes, by the simulator's clock. Default 5 s.
    pub operation_time: Duration,
    /// How many of them may run at once; more is a `ThrottlingException`. Default 10.
    pub outstanding_operations: usize,
    /// Default [`SameAccount::Waits`].
    pub same_account: SameAccount,
    /// For how long a write to a permission set refuses the next one with a `ConflictException`. Default zero.
    pub write_spread: Duration,
    /// A delegated administrator may call `ListAccountAssignmentsForPrincipal`. Default false.
    pub delegates_list_by_principal: bool,
    /// Account and policy, `/path/name`, of customer managed policies that are not there. Default none.
    pub missing_policies: Vec<(String, String)>,
    /// Policies that a role may have in an account. Default 10.
    pub policies_per_role: usize,
    /// Permission sets of the instance. Default 2,000.
    pub permission_set_quota: usize,
    /// The instance has permission sets; without there are no assignments either. Default true.
    pub permission_sets_enabled: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            proxy_port: 0,
            region: "eu-central-1".into(),
            more_regions: Vec::new(),
            start_url: "https://d-1234567890.awsapps.com/start".into(),
            more_start_urls: Vec::new(),
            vanity: Vec::new(),
            identity_store: "d-1234567890".into(),
            saml_tenant: "5b1d9c04e7a2f386-4c1f-4f0e-9a57-d2c80b6e13fa".into(),
            users: Vec::new(),
            accounts: Vec::new(),
            permission_sets: Vec::new(),
            assignments: Vec::new(),
            no_assignments: false,
            management_account: "000011112222".into(),
            delegated_administrators: Vec::new(),
            organizational_units: Vec::new(),
            account_units: Vec::new(),
            account_states: Vec::new(),
            account_tags: Vec::new(),
            instance: "ssoins-1234567890abcdef".into(),
            groups: Vec::new(),
            entitlements: Vec::new(),
            iam_roles: Vec::new(),
            idp_metadata: None,
            access_token_life: Duration::from_hours(1),
            session_life: Duration::from_hours(8),
            device_code_life: Duration::from_mins(10),
            authorization_code_life: Duration::from_mins(10),
            registration_life: Duration::from_hours(90 * 24),
            signin_token_life: Duration::from_mins(15),
            interval: Duration::from_secs(1),
            signature_skew: Duration::from_mins(5),
            saml_tolerance: Duration::from_secs(30),
            disabled_grace: Duration::from_hours(1),
            page_size: PageSize::default(),
            throttle: None,
            refresh_rotation: RefreshRotation::default(),
            date_header: DateHeader::default(),
            slow_down: SlowDown::default(),
            denial: DenialAnswer::default(),
            logout_ends: LogoutEnds::default(),
            verification_uri: VerificationUri::default(),
            acs_urls: AcsUrls::default(),
            signature_on: SignatureOn::default(),
            missing_session_end: MissingSessionEnd::default(),
            auto_approve: None,
            announce_endpoints: false,
            long_console_sessions: true,
            multi_session: true,
            access_control_attributes: false,
            account_access: AccountAccessSettings::default(),
            directory: DirectorySettings::default(),
            admin_throttle: Some(Throttle { per_second: 20.0, burst: 20 }),
            empty_pages: true,
            members_see_instance: false,
            account_paths: true,
            account_status: false,
            operation_time: Duration::from_secs(5),
            outstanding_operations: 10,
            same_account: SameAccount::default(),
            write_spread: Duration::ZERO,
            delegates_list_by_principal: false,
            missing_policies: Vec::new(),
            policies_per_role: 10,
            permission_set_quota: 2000,
            permission_sets_enabled: true,
        }
    }
}

impl Settings {
    /// Returns the plain entry's base URL, once its port is known.
    pub(crate) fn plain_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Whether this is a dual-stack instance: its identity provider is set up for the dual-stack hosts, and a code
    /// that was asked for elsewhere leads to a page that does not know the sign-in (aws/aws-cli#10507).
    pub(crate) fn is_dual_stack(&self) -> bool {
        hosts::host_of(&self.start_url)
            .is_some_and(|host| host.contains(".portal.") && host.ends_with(".app.aws"))
    }

    /// Whether `url` is a start URL of this instance. A trailing slash or `#` makes no difference to AWS.
    pub(crate) fn knows_start_url(&self, url: &str) -> bool {
        let plain = |url: &str| url.trim_end_matches(['/', '#']).to_ascii_lowercase();
        let wanted = plain(url);
        let account_access = &self.account_access;
        let tenant = account_access.portal_url(&self.region).filter(|_| account_access.tenant_start_url);
        self.start_urls().chain(&tenant).any(|known| plain(known) == wanted)
    }

    pub(crate) fn start_urls(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.start_url).chain(&self.more_start_urls)
    }

    pub(crate) fn regions(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.region).chain(&self.more_regions)
    }

    pub(crate) fn serves_region(&self, region: &str) -> bool {
        self.regions().any(|known| known == region)
    }

    /// Whether an account may administer the instance and read the organization.
    pub(crate) fn administers(&self, account: &str) -> bool {
        self.management_account == account
            || self.delegated_administrators.iter().any(|known| known == account)
    }

    /// Refuses what makes no sense, in words for people.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(region) = self.regions().find(|region| !hosts::is_region(region)) {
            return Err(format!("`{region}` is no region"));
        }
        if let Some(url) = self.start_urls().find(|url| hosts::host_of(url).is_none()) {
            return Err(format!("`{url}` is no URL with a host"));
        }
        if !is_instance_id(&self.instance) {
            return Err(format!("`{}` is no id of an instance", self.instance));
        }
        let mut names = std::collections::BTreeSet::new();
        if let Some((user, _)) = self.users.iter().find(|(user, _)| !names.insert(user.to_lowercase())) {
            return Err(format!("there are two users `{user}`"));
        }
        self.account_access.check()?;
        self.check_entitlements()?;
        let is_id = |id: &str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
        let accounts = self.accounts.iter().map(|(id, ..)| id);
        let mut accounts = accounts.chain([&self.management_account]).chain(&self.delegated_administrators);
        match accounts.find(|id| !is_id(id)) {
            Some(id) => Err(format!("account `{id}` is not 12 digits")),
            None => Ok(()),
        }
    }

    /// Returns the directory to start with: what was chosen, and the defaults for what was not.
    pub(crate) fn directory(&self) -> Directory {
        let mut directory = Directory::default();
        let now = clock::real_now();
        for (name, password) in &self.users {
            // That there is no other of this name was checked.
            let _ = directory.add_user(name, password.as_deref(), now);
        }
        if self.users.is_empty() {
            let _ = directory.add_user(DEFAULT_USER.0, Some(DEFAULT_USER.1), now);
        }
        for (id, name, email) in &self.accounts {
            directory.add_account(id, name, email);
        }
        if self.accounts.is_empty() {
            directory.add_account("111122223333", "dev", "dev@example.com");
            directory.add_account("222233334444", "staging", "staging@example.com");
            directory.add_account("333344445555", "prod", "prod@example.com");
            directory.add_account("444455556666", "audit", "audit@example.com");
        }
        if self.permission_sets_enabled {
            self.add_permission_sets(&mut directory);
        }
        let management = &self.management_account;
        if directory.accounts.iter().all(|account| account.id != *management) {
            directory.add_account(management, "management", "management@example.com");
        }
        for (name, members) in &self.groups {
            // That names are there and not there twice was checked.
            let Ok(group) = directory.add_group(name, now) else { continue };
            for member in members {
                if let Some(user) = directory.user(member).map(|user| user.id.clone()) {
                    directory.set_member(&group, &user, true, now);
                }
            }
        }
        for role in &self.iam_roles {
            directory.add_iam_role(role.clone());
        }
        directory
    }

    fn add_permission_sets(&self, directory: &mut Directory) {
        for (name, session_duration) in &self.permission_sets {
            directory.add_permission_set(name, *session_duration);
        }
        if self.permission_sets.is_empty() {
            directory.add_permission_set("PowerUserAccess", Duration::from_hours(1));
            directory.add_permission_set("ReadOnlyAccess", Duration::from_hours(1));
            directory.add_permission_set("AdministratorAccess", Duration::from_hours(12));
        }
        for (user, account, permission_set) in &self.assignments {
            if let Some(user) = directory.principal(&Principal::User(user.clone())) {
                directory.assign(user, account, permission_set);
            }
        }
        if self.assignments.is_empty() && !self.no_assignments {
            directory.assign_everything();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_urls_with_and_without_trimmings() {
        let settings = Settings::default();
        assert!(settings.knows_start_url("https://d-1234567890.awsapps.com/start"));
        assert!(settings.knows_start_url("https://d-1234567890.awsapps.com/start/"));
        assert!(settings.knows_start_url("https://d-1234567890.awsapps.com/start#/"));
        assert!(!settings.knows_start_url("https://d-0000000000.awsapps.com/start"));
    }
}
