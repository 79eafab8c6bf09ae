//! Setting a simulator up.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::ca::CertificateAuthority;
use crate::clock;
use crate::directory::{Directory, Principal};
use crate::handle::IdcSim;
use crate::hosts;
use crate::iam::IamRole;
use crate::proxy;
use crate::saml::metadata::IdentityProviderMetadata;
use crate::state::Sim;
use crate::switches::{
    AcsUrls, DateHeader, DenialAnswer, LogoutEnds, MissingSessionEnd, PageSize, RefreshRotation, Settings,
    SignatureOn, SlowDown, Throttle, VerificationUri,
};

/// Made by [`IdcSim::builder`]; every choice has a default.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until `start`"]
pub struct Builder {
    pub(crate) settings: Settings,
    users: Vec<(String, Option<String>)>,
    accounts: Vec<(String, String, String)>,
    permission_sets: Vec<(String, Duration)>,
    assignments: Vec<(String, String, String)>,
    unassigned: bool,
    iam_roles: Vec<IamRole>,
    idp_metadata: Option<String>,
    port: u16,
    proxy_port: u16,
}

impl Builder {
    /// The instance's (primary) region. Default `eu-central-1`.
    pub fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.settings.region);
        self
    }

    /// One more region to which the instance is replicated.
    pub fn add_region(mut self, region: &str) -> Self {
        self.settings.more_regions.push(region.to_owned());
        self
    }

    /// Default `https://d-1234567890.awsapps.com/start`.
    pub fn start_url(mut self, url: &str) -> Self {
        url.clone_into(&mut self.settings.start_url);
        self
    }

    /// One more start URL (an alias, another region's) of the same instance.
    pub fn add_start_url(mut self, url: &str) -> Self {
        self.settings.more_start_urls.push(url.to_owned());
        self
    }

    /// A company's own host, `https://<host>/aws`, that redirects to `target` (a vanity start URL).
    pub fn vanity(mut self, host: &str, target: &str) -> Self {
        self.settings.vanity.push((host.to_owned(), target.to_owned()));
        self
    }

    /// A user of the built-in sign-in form. The first one is the default user; without any there is
    /// `alice@example.com` with the password `wonderland`.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.users.push((name.to_owned(), Some(password.to_owned())));
        self
    }

    /// A user whom only the external identity provider can let in.
    pub fn external_user(mut self, name: &str) -> Self {
        self.users.push((name.to_owned(), None));
        self
    }

    /// An account. Without any there are four: `dev` 111122223333, `staging` 222233334444,
    /// `prod` 333344445555, `audit` 444455556666.
    pub fn account(mut self, id: &str, name: &str, email: &str) -> Self {
        self.accounts.push((id.to_owned(), name.to_owned(), email.to_owned()));
        self
    }

    /// A permission set and how long its role credentials live. Without any there are
    /// `PowerUserAccess` (1 h), `ReadOnlyAccess` (1 h) and `AdministratorAccess` (12 h).
    pub fn permission_set(mut self, name: &str, session_duration: Duration) -> Self {
        self.permission_sets.push((name.to_owned(), session_duration));
        self
    }

    /// Gives a user a permission set in an account. Without any assignment every user has every
    /// permission set in every account.
    pub fn assign(mut self, user: &str, account: &str, permission_set: &str) -> Self {
        self.assignments.push((user.to_owned(), account.to_owned(), permission_set.to_owned()));
        self
    }

    /// Nobody is assigned anything: the portal lists no accounts.
    pub fn no_assignments(mut self) -> Self {
        self.unassigned = true;
        self
    }

    /// An IAM role that `AssumeRole` can assume. Default none.
    pub fn iam_role(mut self, role: IamRole) -> Self {
        self.iam_roles.push(role);
        self
    }

    /// Default [`PageSize::Random`].
    pub fn page_size(mut self, size: PageSize) -> Self {
        self.settings.page_size = size;
        self
    }

    /// A token bucket for every access token at the portal: `burst` requests at once, then
    /// `per_second`; more is 429. Default none. AWS was seen at about 20 a second.
    pub fn throttle(mut self, per_second: f64, burst: u32) -> Self {
        self.settings.throttle = Some(Throttle { per_second, burst });
        self
    }

    /// Of logins with `sso:account:access`. Default 1 h.
    pub fn access_token_life(mut self, life: Duration) -> Self {
        self.settings.access_token_life = life;
        self
    }

    /// Of the access-portal session. Default 8 h.
    pub fn session_life(mut self, life: Duration) -> Self {
        self.settings.session_life = life;
        self
    }

    /// Default 10 min.
    pub fn device_code_life(mut self, life: Duration) -> Self {
        self.settings.device_code_life = life;
        self
    }

    /// Default 10 min.
    pub fn authorization_code_life(mut self, life: Duration) -> Self {
        self.settings.authorization_code_life = life;
        self
    }

    /// Default 90 days.
    pub fn registration_life(mut self, life: Duration) -> Self {
        self.settings.registration_life = life;
        self
    }

    /// Of the console's sign-in token. Default 15 min.
    pub fn signin_token_life(mut self, life: Duration) -> Self {
        self.settings.signin_token_life = life;
        self
    }

    /// Between two polls of a device code, in whole seconds. Default 1 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.settings.interval = interval;
        self
    }

    /// How far a signature's date may be from the clock. Default 5 min.
    pub fn signature_skew(mut self, skew: Duration) -> Self {
        self.settings.signature_skew = skew;
        self
    }

    /// Default [`RefreshRotation::OldDies`].
    pub fn refresh_rotation(mut self, rotation: RefreshRotation) -> Self {
        self.settings.refresh_rotation = rotation;
        self
    }

    /// Default [`DateHeader::FollowsClock`].
    pub fn date_header(mut self, date_header: DateHeader) -> Self {
        self.settings.date_header = date_header;
        self
    }

    /// Default [`SlowDown::AfterTwoPolls`].
    pub fn slow_down(mut self, slow_down: SlowDown) -> Self {
        self.settings.slow_down = slow_down;
        self
    }

    /// Default [`DenialAnswer::AccessDenied`].
    pub fn denial(mut self, denial: DenialAnswer) -> Self {
        self.settings.denial = denial;
        self
    }

    /// Default [`LogoutEnds::SignInSession`].
    pub fn logout_ends(mut self, ends: LogoutEnds) -> Self {
        self.settings.logout_ends = ends;
        self
    }

    /// Default [`VerificationUri::DeviceHost`].
    pub fn verification_uri(mut self, uri: VerificationUri) -> Self {
        self.settings.verification_uri = uri;
        self
    }

    /// Approve every device code, and every visit to `/authorize`, as the default user at once.
    /// Default false.
    pub fn auto_approve(mut self, yes: bool) -> Self {
        self.settings.auto_approve = yes.then_some(Duration::ZERO);
        self
    }

    /// Approve every device code as the default user once it is this old.
    pub fn auto_approve_after(mut self, delay: Duration) -> Self {
        self.settings.auto_approve = Some(delay);
        self
    }

    /// `RegisterClient` tells `authorizationEndpoint` and `tokenEndpoint` instead of nulls. Default false.
    pub fn announce_endpoints(mut self, yes: bool) -> Self {
        self.settings.announce_endpoints = yes;
        self
    }

    /// May a console session outlast the permission set's session duration? Default true.
    pub fn long_console_sessions(mut self, yes: bool) -> Self {
        self.settings.long_console_sessions = yes;
        self
    }

    /// May a browser hold several console sessions? Default true.
    pub fn multi_session(mut self, yes: bool) -> Self {
        self.settings.multi_session = yes;
        self
    }

    /// The external identity provider's SAML metadata; without it people sign in with a password.
    pub fn idp_metadata(mut self, metadata: &str) -> Self {
        self.idp_metadata = Some(metadata.to_owned());
        self
    }

    /// The identity store's id, part of the SAML entity ID. Default `d-1234567890`.
    pub fn identity_store(mut self, id: &str) -> Self {
        id.clone_into(&mut self.settings.identity_store);
        self
    }

    /// Default [`AcsUrls::One`].
    pub fn acs_urls(mut self, urls: AcsUrls) -> Self {
        self.settings.acs_urls = urls;
        self
    }

    /// Default [`SignatureOn::Assertion`].
    pub fn signature_on(mut self, signature_on: SignatureOn) -> Self {
        self.settings.signature_on = signature_on;
        self
    }

    /// Default [`MissingSessionEnd::OwnSetting`].
    pub fn missing_session_end(mut self, end: MissingSessionEnd) -> Self {
        self.settings.missing_session_end = end;
        self
    }

    /// How far the identity provider's clock may be off. Default 30 s.
    pub fn saml_tolerance(mut self, tolerance: Duration) -> Self {
        self.settings.saml_tolerance = tolerance;
        self
    }

    /// "Attributes for access control" is on: an assertion's attributes have to keep AWS's rules. Default false.
    pub fn access_control_attributes(mut self, yes: bool) -> Self {
        self.settings.access_control_attributes = yes;
        self
    }

    /// How long a disabled user's running session may still be used; zero: not at all. Default 1 h.
    pub fn disabled_grace(mut self, grace: Duration) -> Self {
        self.settings.disabled_grace = grace;
        self
    }

    /// The plain entry's port on 127.0.0.1; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The proxy entry's port on 127.0.0.1; 0, the default, takes a free one.
    pub fn proxy_port(mut self, port: u16) -> Self {
        self.proxy_port = port;
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
    pub fn try_start(mut self) -> io::Result<IdcSim> {
        self.check()?;
        let provider = self.idp_metadata.as_deref().map(IdentityProviderMetadata::read).transpose();
        let provider = provider.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let ca = Arc::new(CertificateAuthority::new().map_err(io::Error::other)?);
        let directory = self.directory(clock::real_now())?;
        let plain = listen(self.port)?;
        let proxy = listen(self.proxy_port)?;
        let (port, proxy_port) = (plain.local_addr()?.port(), proxy.local_addr()?.port());
        self.settings.plain_url = format!("http://127.0.0.1:{port}");
        #[expect(clippy::disallowed_methods, reason = "the simulator looks no host name up")]
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("idc-sim")
            .enable_all()
            .build()?;
        let sim = Arc::new(Sim::new(self.settings, directory));
        sim.state().saml.provider = provider;
        {
            let _inside = runtime.enter();
            let plain = tokio::net::TcpListener::from_std(plain)?;
            let proxy = tokio::net::TcpListener::from_std(proxy)?;
            runtime.spawn(proxy::serve_plain(Arc::clone(&sim), plain));
            runtime.spawn(proxy::serve_proxy(Arc::clone(&sim), Arc::clone(&ca), proxy));
        }
        Ok(IdcSim::new(sim, &ca, runtime, port, proxy_port))
    }

    fn check(&self) -> io::Result<()> {
        let wrong = |text: String| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        for region in std::iter::once(&self.settings.region).chain(&self.settings.more_regions) {
            if !hosts::is_region(region) {
                return wrong(format!("`{region}` is no region"));
            }
        }
        for url in std::iter::once(&self.settings.start_url).chain(&self.settings.more_start_urls) {
            if hosts::host_of(url).is_none() {
                return wrong(format!("`{url}` is no URL with a host"));
            }
        }
        for (id, ..) in &self.accounts {
            if id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
                return wrong(format!("account `{id}` is not 12 digits"));
            }
        }
        Ok(())
    }

    /// Fills in the defaults.
    fn directory(&mut self, now: SystemTime) -> io::Result<Directory> {
        let owned = |text: &str| text.to_owned();
        let wrong = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
        if self.users.is_empty() {
            self.users.push((owned("alice@example.com"), Some(owned("wonderland"))));
        }
        if self.accounts.is_empty() {
            for (id, name) in [
                ("111122223333", "dev"),
                ("222233334444", "staging"),
                ("333344445555", "prod"),
                ("444455556666", "audit"),
            ] {
                self.accounts.push((owned(id), owned(name), format!("{name}@example.com")));
            }
        }
        if self.permission_sets.is_empty() {
            for (name, hours) in [("PowerUserAccess", 1), ("ReadOnlyAccess", 1), ("AdministratorAccess", 12)]
            {
                self.permission_sets.push((owned(name), Duration::from_hours(hours)));
            }
        }
        let mut directory = Directory::default();
        for (name, password) in &self.users {
            let added = directory.add_user(name, password.as_deref(), now);
            added.map_err(|_| wrong(format!("there are two users {name}")))?;
        }
        for (id, name, email) in &self.accounts {
            directory.add_account(id, name, email);
        }
        for (name, session_duration) in &self.permission_sets {
            directory.add_permission_set(name, *session_duration);
        }
        for (user, account, permission_set) in &self.assignments {
            let principal = directory.principal(&Principal::User(user.clone()));
            let principal = principal.ok_or_else(|| wrong(format!("no user {user}")))?;
            directory.assign(principal, account, permission_set);
        }
        if self.assignments.is_empty() && !self.unassigned {
            directory.assign_everything();
        }
        for role in self.iam_roles.drain(..) {
            directory.add_iam_role(role);
        }
        Ok(directory)
    }
}

/// Loopback only: the simulator hands out what looks like secrets to whoever asks.
fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
