//! Errors of logins, of AWS, and of the way there.

use std::io::ErrorKind::{self, AddrInUse, PermissionDenied, WouldBlock};
use std::time::Duration;

use super::super::CommandError;
use super::{all, iam_role, io, no_region, place, role, text, time};
use crate::app::SetupError;
use crate::app::account::AccountNameError;
use crate::app::error::{AppError, LoginPending};
use crate::configure::answers::BadAnswer;
use crate::credentials::CredentialsError;
use crate::platform::http::{HttpSetupError, Unreached};
use crate::platform::loopback::NoPort;
use crate::platform::peer_owner::PeersUnknown;
use crate::platform::picker::PickError;
use crate::platform::proxy::{Flaw, ProxyError};
use crate::platform::roots::{Bundle, RootsError};
use crate::ports::clock::Skew;
use crate::ports::identity_center::{EndpointError, Origin, ServiceError};
use crate::ports::keyring::StoreKind;
use crate::ports::passphrase::TypedError;
use crate::ports::redirects::NoAnswer;
use crate::ports::service_call::{CallError, CallErrorKind, CalledService, RefusalCode};
use crate::profile::ConfigError;
use crate::profile::identity::RoleArn;
use crate::profile::portal_url::BadStartUrl;
use crate::profile::sources::{Source, Taken};
use crate::session::page::PageFault;
use crate::session::record::RecordError;
use crate::session::start_url::{Instance, StartUrlError};
use crate::session::{LoginNeeded, SessionError};

pub(super) fn of_session() -> Vec<CommandError> {
    let (session, store) = (|| text("corp"), StoreKind::SecretService);
    let why = |why| SessionError::LoginNeeded { session: session(), why };
    let record = |what| SessionError::BadRecord { session: session(), store, what };
    let (ours, other) =
        (|| Origin::new("https://oidc.eu-central-1.amazonaws.com"), || Origin::new("https://example.com"));
    let (pinned, found) = (Instance::noted(text("d-1")), Instance::noted(text("d-2")));
    all([
        why(LoginNeeded::NeverLoggedIn),
        why(LoginNeeded::NotRefreshable),
        why(LoginNeeded::RefreshRefused),
        why(LoginNeeded::SessionOver { seen_at: time() }),
        why(LoginNeeded::RefreshLost { since: time() }),
        why(LoginNeeded::RegistrationExpired),
        why(LoginNeeded::TokenRefused),
        why(LoginNeeded::WithoutAccountAccess),
        why(LoginNeeded::AccountAccessRefused),
        SessionError::NoAccountAccess { session: session() },
        SessionError::OtherTenant { session: session(), issuer: text("aa-one"), asked: text("aa-two") },
        SessionError::ForeignEndpoint { session: session(), issuer: ours(), asked: other() },
        SessionError::Denied { reason: None },
        SessionError::CodeExpired,
        SessionError::CodeRefused,
        SessionError::NotBack { after: Duration::from_secs(600) },
        SessionError::NoCode { error: text("server_error"), description: Some(text("try later")) },
        SessionError::NoPort(NoPort::NotOpened(io(AddrInUse))),
        SessionError::NoPort(NoPort::NotOpened(io(WouldBlock))),
        SessionError::NoPort(NoPort::NotOpened(io(PermissionDenied))),
        SessionError::NoPort(NoPort::ForAnybody(PeersUnknown::Platform)),
        record(RecordError::Damaged),
        record(RecordError::FromTheFuture(9)),
        record(RecordError::Foreign),
        SessionError::StoreForgets { store },
        SessionError::Moved { session: session(), to: store },
        SessionError::NoStore { tried: vec![text("the Secret Service is not available")] },
        SessionError::StrangePage { page: text("http://example.com/"), why: PageFault::NotHttps },
        SessionError::PortalChanged { session: session(), pinned, found },
        SessionError::BadPin { session: session() },
        SessionError::NothingListed {
            account_id: text("111122223333"),
            others: 1,
            error: ServiceError::Forbidden,
        },
        SessionError::NothingListed {
            account_id: text("111122223333"),
            others: 0,
            error: ServiceError::Throttled,
        },
    ])
}

pub(super) fn of_start_url() -> Vec<CommandError> {
    let (url, leads_to) = (|| text("https://aws.example.com"), || text("https://example.com/login"));
    let mut errors = all([
        StartUrlError::NotHttps { url: text("http://aws.example.com") },
        StartUrlError::NotAws { url: url(), leads_to: leads_to() },
        StartUrlError::PlainHttp { url: url(), leads_to: text("http://example.com/login") },
        StartUrlError::NoLocation { url: url() },
        StartUrlError::Status { url: url(), status: 404 },
        StartUrlError::Status { url: url(), status: 503 },
        StartUrlError::NoRegion { url: url() },
        StartUrlError::NoAnswer(NoAnswer { host: text("aws.example.com"), why: text("dns error") }),
    ]);
    errors.extend(all([
        BadAnswer::StartUrl(BadStartUrl::NotHttps),
        BadAnswer::StartUrl(BadStartUrl::Credentials),
        BadAnswer::StartUrl(BadStartUrl::OtherPage),
        BadAnswer::StartUrl(BadStartUrl::AccountAccess),
        BadAnswer::StartUrl(BadStartUrl::NoDirectory),
        BadAnswer::StartUrl(BadStartUrl::NoInstance),
        BadAnswer::Region(no_region()),
        BadAnswer::Tenant(text("nonsense")),
        BadAnswer::OtherRegion { in_url: text("eu-central-1"), named: text("us-east-1") },
        BadAnswer::Name(text("-x")),
    ]));
    errors.extend(all([PickError::Nothing, PickError::Terminal(io(ErrorKind::NotFound))]));
    errors
}

pub(super) fn of_service() -> Vec<CommandError> {
    let host = || text("portal.sso.eu-central-1.amazonaws.com");
    let operation = "GetRoleCredentials";
    let key = |reason| ServiceError::KmsKey { operation, reason: text(reason) };
    let refused =
        |code| ServiceError::Refused { operation: "RegisterClient", code: text(code), description: None };
    all([
        ServiceError::AuthorizationPending,
        ServiceError::SlowDown,
        ServiceError::InvalidClient,
        key("KMS_NotFoundException"),
        key("KMS_DisabledException"),
        key("KMS_InvalidStateException"),
        key("KMS_InvalidKeyUsageException"),
        key("KMS_AccessDeniedException"),
        ServiceError::InvalidRequest { operation: "RegisterClient", description: None },
        ServiceError::InvalidScope { operation: "RegisterClient", description: None },
        refused("unauthorized_client"),
        ServiceError::Unauthorized,
        ServiceError::Forbidden,
        ServiceError::NotFound,
        ServiceError::Rejected { operation, code: text("InvalidRequestException"), message: None },
        ServiceError::ServerError { host: host(), status: 503 },
        ServiceError::Unreachable { host: host(), why: text("connection refused") },
        ServiceError::TimedOut { host: host(), after: Duration::from_secs(10) },
        ServiceError::NoTime { host: host() },
        ServiceError::NotUnderstood { host: host(), why: text("it is not JSON") },
        ServiceError::NotAws { host: host(), status: 200 },
        ServiceError::NotAws { host: host(), status: 407 },
        ServiceError::NotAws { host: host(), status: 511 },
    ]
    .map(SessionError::Service))
}

pub(super) fn of_credentials() -> Vec<CommandError> {
    let skew = Some(Skew::of_seconds(7200));
    all([
        CredentialsError::NotAssigned(role()),
        CredentialsError::NoSuchRole(role()),
        CredentialsError::NotAssigned(iam_role()),
        CredentialsError::IamRoleRefused {
            arn: iam_role().role_name.as_str().to_owned(),
            tenant: text("aa-gyxmap389"),
            error: Box::new(ServiceError::NotFound),
        },
        CredentialsError::ExpiredOnArrival { expired_at: time(), skew: None },
        CredentialsError::ExpiredOnArrival { expired_at: time(), skew },
        CredentialsError::EndsTooLate { ends_at: time(), skew: None },
        CredentialsError::EndsTooLate { ends_at: time(), skew },
    ])
}

pub(super) fn of_network() -> Vec<CommandError> {
    let bundle =
        || Bundle { path: "/home/alice/ca.pem".into(), named_by: text("AWS_CA_BUNDLE"), is_optional: false };
    let proxy = |flaw| SetupError::Http(HttpSetupError::Proxy(ProxyError { variable: "HTTPS_PROXY", flaw }));
    let mut errors = all([
        SetupError::Http(RootsError::Unreadable { bundle: bundle(), source: io(PermissionDenied) }.into()),
        SetupError::Http(RootsError::NoCertificate { bundle: bundle() }.into()),
        proxy(Flaw::Scheme),
        proxy(Flaw::Password),
        proxy(Flaw::Host),
        proxy(Flaw::Port),
        proxy(Flaw::Bytes),
        SetupError::Runtime(io(WouldBlock)),
    ]);
    let (url, setting) = (|| text("http://sso.example.com"), || text("AWS_ENDPOINT_URL_SSO"));
    let (issuer, asked) =
        (Origin::new("https://portal.sso.eu-central-1.amazonaws.com"), Origin::new("https://example.com"));
    errors.extend(all([
        EndpointError::NotAUrl { setting: setting(), url: text("sso") },
        EndpointError::PlainHttp { setting: setting(), url: url() },
        EndpointError::UserInfo { setting: setting(), url: url() },
        EndpointError::MoreThanAPath { setting: setting(), url: url() },
        EndpointError::Foreign { issuer, asked },
        EndpointError::Rules(text("FIPS and a custom endpoint are not supported together")),
    ]));
    for (service, host) in [
        (CalledService::Sts, "sts.eu-central-1.amazonaws.com"),
        (CalledService::Signin, "signin.aws.amazon.com"),
    ] {
        let unreached = Unreached { at: text(host), why: text("connection refused") };
        errors.extend(all([
            CallErrorKind::Refused { status: 403, code: Some(RefusalCode::ExpiredToken) },
            CallErrorKind::Refused { status: 403, code: None },
            CallErrorKind::Overloaded { status: 503 },
            CallErrorKind::Unreachable(unreached),
            CallErrorKind::NotAws { status: 200 },
            CallErrorKind::NotUnderstood,
        ]
        .map(|kind| CallError { service, host: text(host), kind })));
    }
    errors
}

pub(super) fn of_app() -> Vec<CommandError> {
    let not_ours = || Box::new(ConfigError::NotOurs { place: place(), name: text("dev") });
    let taken = Taken { source: Source::Process, key: "credential_process", place: place() };
    let needed = || SessionError::LoginNeeded { session: text("corp"), why: LoginNeeded::NeverLoggedIn };
    let pending = |why| AppError::LoginPending { error: Box::new(AppError::Session(needed())), why };
    let page = text("https://device.example.com/");
    let denied = |has_mfa| {
        let role = RoleArn::parse("arn:aws:iam::111122223333:role/deploy").expect("an ARN");
        AppError::RoleDenied { role, has_mfa }
    };
    all([
        AppError::NotOurs { error: not_ours(), taken },
        AppError::NoRole { profile: text("dev") },
        AppError::NotARegion { place: place(), error: no_region() },
        AppError::Account(AccountNameError::None { name: text("prd"), meant: text("did you mean `prod`? ") }),
        AppError::Account(AccountNameError::Several {
            name: text("prod"),
            ids: vec![text("111122223333"), text("444455556666")],
        }),
        AppError::NearName {
            error: Box::new(AppError::Credentials(CredentialsError::NoSuchRole(role()))),
            meant: text("did you mean `ReadOnlyAccess`? "),
        },
        pending(LoginPending::NotOpened { session: text("corp"), page }),
        pending(LoginPending::CoolingDown),
        pending(LoginPending::NotStarted),
        pending(LoginPending::Unfinished),
        AppError::MfaNeeded { serial: text("arn:aws:iam::111122223333:mfa/alice"), profile: text("dev") },
        AppError::MfaNotRead(TypedError::Empty),
        AppError::BadMfaCode,
        denied(true),
        denied(false),
    ])
}
