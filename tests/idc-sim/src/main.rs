//! The simulator as a program: for trying kcaws by hand and for shell scripts.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use idc_sim::{
    AccountAccessTrust, AcsUrls, DateHeader, IamRole, IdcSim, PageSize, RefreshRotation, Settings,
    SignatureOn, SlowDown, Throttle, VerificationUri,
};

/// IAM Identity Center on loopback.
#[derive(Parser)]
#[command(version, about)]
#[expect(clippy::struct_excessive_bools, reason = "a command line is flags")]
struct Arguments {
    /// Port of the plain entry (0: a free one).
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Port of the CONNECT proxy (0: a free one).
    #[arg(long, default_value_t = 0)]
    proxy_port: u16,
    /// Writes the proxy's root certificate (PEM) to this file.
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// The instance's region.
    #[arg(long, default_value = "eu-central-1")]
    region: String,
    /// The instance's start URL.
    #[arg(long, default_value = "https://d-1234567890.awsapps.com/start")]
    start_url: String,
    /// A user, as NAME:PASSWORD; repeatable, the first one is the default.
    #[arg(long, value_name = "NAME:PASSWORD", value_parser = two)]
    user: Vec<(String, String)>,
    /// A user without a password, for --idp-metadata; repeatable.
    #[arg(long, value_name = "NAME")]
    external_user: Vec<String>,
    /// An account, as ID:NAME; repeatable.
    #[arg(long, value_name = "ID:NAME", value_parser = two)]
    account: Vec<(String, String)>,
    /// A permission set, as NAME:SECONDS of its session duration; repeatable.
    #[arg(long, value_name = "NAME:SECONDS", value_parser = two)]
    permission_set: Vec<(String, String)>,
    /// ARN of an IAM role that every principal may assume; repeatable.
    #[arg(long, value_name = "ARN")]
    iam_role: Vec<String>,
    /// Tenant of account access (aa-…): all IAM roles trust it, and the default user is entitled to each.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// An MFA device that all IAM roles demand a code of, and the codes, each good once.
    #[arg(long, value_name = "SERIAL=CODE,CODE", value_parser = mfa)]
    mfa: Option<(String, Vec<String>)>,
    /// Approves every login as the default user, at once.
    #[arg(long)]
    auto_approve: bool,
    /// Life of access tokens, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    access_token_life: Option<Duration>,
    /// Life of portal sessions, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    session_life: Option<Duration>,
    /// Life of device codes, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    device_code_life: Option<Duration>,
    /// Life of registrations, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    registration_life: Option<Duration>,
    /// Between two polls, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    interval: Option<Duration>,
    /// Items on a page (default: random).
    #[arg(long, value_name = "ITEMS")]
    page_size: Option<usize>,
    /// Requests a second for each access token at the portal; more is 429.
    #[arg(long, value_name = "PER_SECOND")]
    throttle: Option<f64>,
    /// Requests that may come at once under --throttle.
    #[arg(long, value_name = "REQUESTS", default_value_t = 20)]
    burst: u32,
    /// What becomes of a used refresh token.
    #[arg(long, value_enum, default_value_t = Rotation::OldDies)]
    refresh_rotation: Rotation,
    /// Never answers `slow_down`.
    #[arg(long)]
    no_slow_down: bool,
    /// The Date header shows the real time even when the clock has been moved.
    #[arg(long)]
    real_date: bool,
    /// Verification URIs with a fragment, as newer instances have them.
    #[arg(long)]
    fragment_uri: bool,
    /// Verification URIs at a sign-in host, with no code in them.
    #[arg(long, conflicts_with = "fragment_uri")]
    sign_in_uri: bool,
    /// People sign in by the SAML identity provider (Keycloak, say) with this metadata, not with a password.
    /// It can also be given later: POST /_sim/idp-metadata.
    #[arg(long, value_name = "FILE|URL")]
    idp_metadata: Option<String>,
    /// Writes the SAML service provider's metadata, for the identity provider, to this file.
    #[arg(long, value_name = "FILE")]
    sp_metadata_out: Option<PathBuf>,
    /// The identity store's id, part of the SAML entity ID.
    #[arg(long, value_name = "ID", default_value = "d-1234567890")]
    identity_store: String,
    /// An account that administers the instance beside the management account; repeatable.
    #[arg(long, value_name = "ID")]
    delegated_administrator: Vec<String>,
    /// The organizational unit of an account, as ID:/PATH; repeatable.
    #[arg(long, value_name = "ID:PATH", value_parser = two)]
    account_unit: Vec<(String, String)>,
    /// How long an assignment or a provisioning takes, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    operation_time: Option<Duration>,
    /// One more region to which the instance is replicated; repeatable.
    #[arg(long, value_name = "REGION")]
    add_region: Vec<String>,
    /// The service provider's metadata lists every assertion consumer service, not just the first.
    #[arg(long)]
    every_acs: bool,
    /// A SAML response may be signed as a whole instead of its assertion.
    #[arg(long)]
    response_signature_suffices: bool,
    /// "Attributes for access control" is on: attributes have to keep AWS's rules.
    #[arg(long)]
    access_control_attributes: bool,
    /// How long a disabled user's running session may be used, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    disabled_grace: Option<Duration>,
    /// Stops when stdin closes, besides TERM and INT.
    #[arg(long)]
    until_stdin_closes: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Rotation {
    /// The old one dies at once.
    OldDies,
    /// The old one goes on working.
    OldStays,
    /// No new one is issued.
    NoNewToken,
}

impl From<Rotation> for RefreshRotation {
    fn from(rotation: Rotation) -> Self {
        match rotation {
            Rotation::OldDies => Self::OldDies,
            Rotation::OldStays => Self::OldStays,
            Rotation::NoNewToken => Self::NoNewToken,
        }
    }
}

fn two(text: &str) -> Result<(String, String), String> {
    let (first, second) = text.split_once(':').ok_or("needs a colon")?;
    Ok((first.to_owned(), second.to_owned()))
}

fn mfa(text: &str) -> Result<(String, Vec<String>), String> {
    let (serial, codes) = text.split_once('=').ok_or("SERIAL=CODE,CODE")?;
    Ok((serial.to_owned(), codes.split(',').map(str::to_owned).collect()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| "a number of seconds".to_owned())
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "idc-sim: error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    // Before the first fact is printed: the reader may send a signal at once.
    #[expect(clippy::disallowed_methods, reason = "the simulator looks no host name up")]
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let signals = runtime.block_on(async { Signals::new() })?;
    let sim = settings(arguments)?.start()?;
    if arguments.tenant.is_some() {
        arguments.iam_role.iter().for_each(|arn| sim.entitle(&sim.default_user(), arn));
    }
    if let Some(file) = &arguments.ca_out {
        write(file, sim.ca_pem())?;
    }
    if let Some(file) = &arguments.sp_metadata_out {
        write(file, &sim.sp_metadata())?;
    }
    print_facts(&sim, arguments.ca_out.as_deref())?;
    runtime.block_on(signals.wait(arguments.until_stdin_closes));
    // A reader thread may still wait for stdin.
    runtime.shutdown_background();
    Ok(())
}

/// What was asked for; the rest is as the library has it.
fn settings(arguments: &Arguments) -> Result<Settings, Box<dyn std::error::Error>> {
    let mut settings = Settings {
        port: arguments.port,
        proxy_port: arguments.proxy_port,
        region: arguments.region.clone(),
        more_regions: arguments.add_region.clone(),
        start_url: arguments.start_url.clone(),
        identity_store: arguments.identity_store.clone(),
        users: users(arguments),
        accounts: arguments.account.iter().map(account).collect(),
        delegated_administrators: arguments.delegated_administrator.clone(),
        account_units: arguments.account_unit.clone(),
        iam_roles: arguments.iam_role.iter().map(|arn| iam_role(arn, arguments)).collect(),
        auto_approve: arguments.auto_approve.then_some(Duration::ZERO),
        access_control_attributes: arguments.access_control_attributes,
        refresh_rotation: arguments.refresh_rotation.into(),
        page_size: arguments.page_size.map_or_else(PageSize::default, PageSize::Fixed),
        throttle: arguments.throttle.map(|per_second| Throttle { per_second, burst: arguments.burst }),
        ..Settings::default()
    };
    settings.account_access.tenant.clone_from(&arguments.tenant);
    for (name, life) in &arguments.permission_set {
        settings.permission_sets.push((name.clone(), seconds(life)?));
    }
    for (field, asked) in [
        (&mut settings.access_token_life, arguments.access_token_life),
        (&mut settings.session_life, arguments.session_life),
        (&mut settings.device_code_life, arguments.device_code_life),
        (&mut settings.registration_life, arguments.registration_life),
        (&mut settings.interval, arguments.interval),
        (&mut settings.disabled_grace, arguments.disabled_grace),
        (&mut settings.operation_time, arguments.operation_time),
    ] {
        *field = asked.unwrap_or(*field);
    }
    if arguments.every_acs {
        settings.acs_urls = AcsUrls::Every;
    }
    if arguments.response_signature_suffices {
        settings.signature_on = SignatureOn::AssertionOrResponse;
    }
    if arguments.no_slow_down {
        settings.slow_down = SlowDown::Never;
    }
    if arguments.real_date {
        settings.date_header = DateHeader::RealTime;
    }
    if arguments.fragment_uri {
        settings.verification_uri = VerificationUri::Fragment;
    } else if arguments.sign_in_uri {
        settings.verification_uri = VerificationUri::SignInHost;
    }
    if let Some(place) = &arguments.idp_metadata {
        let metadata = read_metadata(place).map_err(|error| format!("{place}: {error}"))?;
        settings.idp_metadata = Some(metadata);
    }
    Ok(settings)
}

fn users(arguments: &Arguments) -> Vec<(String, Option<String>)> {
    let with_password = arguments.user.iter().map(|(name, password)| (name.clone(), Some(password.clone())));
    with_password.chain(arguments.external_user.iter().map(|name| (name.clone(), None))).collect()
}

fn account((id, name): &(String, String)) -> (String, String, String) {
    (id.clone(), name.clone(), format!("{name}@example.com"))
}

fn iam_role(arn: &str, arguments: &Arguments) -> IamRole {
    let role = match arguments.tenant {
        Some(_) => IamRole::new(arn).account_access(AccountAccessTrust::Granted),
        None => IamRole::new(arn),
    };
    match &arguments.mfa {
        Some((serial, codes)) => role.mfa(serial, &codes.iter().map(String::as_str).collect::<Vec<_>>()),
        None => role,
    }
}

#[expect(clippy::disallowed_methods, reason = "nothing secret, for the parent process")]
fn write(file: &std::path::Path, text: &str) -> io::Result<()> {
    std::fs::write(file, text)
}

/// From a file, or from a server such as Keycloak (`…/realms/NAME/protocol/saml/descriptor`).
fn read_metadata(place: &str) -> Result<String, Box<dyn std::error::Error>> {
    if !place.starts_with("http://") && !place.starts_with("https://") {
        return Ok(std::fs::read_to_string(place)?);
    }
    let config = ureq::Agent::config_builder().proxy(None).timeout_global(Some(Duration::from_secs(30)));
    let agent: ureq::Agent = config.build().into();
    Ok(agent.get(place).call()?.body_mut().with_config().limit(1024 * 1024).read_to_string()?)
}

/// One line per fact, then what to export; everything can be pasted into a POSIX shell.
fn print_facts(sim: &IdcSim, ca_out: Option<&std::path::Path>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "# url {}", sim.url())?;
    writeln!(out, "# proxy {}", sim.proxy_url())?;
    writeln!(out, "# region {}", sim.region())?;
    writeln!(out, "# start-url {}", sim.start_url())?;
    writeln!(out, "# sp-entity-id {}", sim.sp_entity_id())?;
    writeln!(out, "# sp-metadata {}/platform/saml/metadata", sim.url())?;
    for acs in sim.acs_urls() {
        writeln!(out, "# acs-url {acs}")?;
    }
    writeln!(out, "# scim-endpoint {}", sim.scim_endpoint())?;
    writeln!(out, "# default-user {}", sim.default_user())?;
    if let Some(url) = sim.tenant_url() {
        writeln!(out, "# tenant-url {url}")?;
    }
    if let Some(file) = ca_out {
        writeln!(out, "# ca {}", file.display())?;
    }
    for (name, value) in sim.env().into_iter().chain(sim.admin_env()) {
        writeln!(out, "export {name}={value}")?;
    }
    writeln!(out, "# ready")?;
    out.flush()
}

#[cfg(unix)]
struct Signals(tokio::signal::unix::Signal, tokio::signal::unix::Signal);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self(signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?))
    }

    async fn wait(mut self, until_stdin_closes: bool) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
            () = stdin_closed(until_stdin_closes) => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn wait(self, until_stdin_closes: bool) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = stdin_closed(until_stdin_closes) => {}
        }
    }
}

/// Never ends unless asked to watch.
async fn stdin_closed(watch: bool) {
    if !watch {
        return std::future::pending().await;
    }
    #[expect(clippy::disallowed_methods, reason = "the simulator is for machines with threads to spare")]
    let drained = tokio::task::spawn_blocking(|| {
        let mut buffer = [0; 256];
        while io::stdin().read(&mut buffer).is_ok_and(|read| read > 0) {}
    });
    // Whatever ends the reader ends the wait.
    let _ = drained.await;
}
