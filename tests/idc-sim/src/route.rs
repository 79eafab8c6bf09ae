//! The table of operations. Adding one is a row here and its handler.

use axum::response::Response;

use crate::call::Call;
use crate::hosts::Service;
use crate::state::Sim;
use crate::{browser, federation, oidc, portal, saml, sts};

type Handler = fn(&Sim, &Call) -> Response;

/// One place at which an operation is served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) route: Route,
    service: Service,
    method: &'static str,
    /// A star stands for one segment, at the end for the rest.
    path: &'static str,
    /// `Action` in query or form, where several operations share method and path.
    action: Option<&'static str>,
    pub(crate) handler: Handler,
}

/// Rows of `NAME, handler: PLACE, …;` with places `Service METHOD "path"` and, where operations share one,
/// `where Action = "…"`; the operation without goes last there and takes the rest.
macro_rules! operations {
    ($(
        $(#[$doc:meta])*
        $route:ident, $handler:path:
            $($service:ident $method:ident $path:literal $(where Action = $action:literal)?),+;
    )+) => {
        /// Names each operation, for faults and for the request log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Route {
            $(
                $(#[$doc])*
                $(#[doc = concat!("`", stringify!($method), " ", $path, "`")])+
                $route,
            )+
            /// `CONNECT` at the proxy entry; logged when refused. Of the faults a status, a delay and a cut act.
            Connect,
            /// Nothing that AWS has, or not at this host.
            Unknown,
        }

        impl Route {
            /// Every route, for loops.
            pub const ALL: &'static [Self] = &[$(Self::$route,)+ Self::Connect, Self::Unknown];
        }

        const OPERATIONS: &[Operation] = &[$($(Operation {
            route: Route::$route,
            service: Service::$service,
            method: stringify!($method),
            path: $path,
            action: operations!(@action $($action)?),
            handler: $handler,
        },)+)+];
    };
    (@action) => { None };
    (@action $action:literal) => { Some($action) };
}

operations! {
    RegisterClient, oidc::register::answer: Oidc POST "/client/register";
    StartDeviceAuthorization, oidc::device::answer: Oidc POST "/device_authorization";
    CreateToken, oidc::token::answer: Oidc POST "/token";
    Authorize, oidc::authorize::answer: Oidc GET "/authorize";
    ListAccounts, portal::list_accounts: Portal GET "/assignment/accounts";
    ListAccountRoles, portal::list_account_roles: Portal GET "/assignment/roles";
    GetRoleCredentials, portal::get_role_credentials: Portal GET "/federation/credentials";
    Logout, portal::logout: Portal POST "/logout";
    ConsoleLogin, federation::login:
        SignIn GET "/federation" where Action = "login", SignIn POST "/federation" where Action = "login";
    GetSigninToken, federation::get_signin_token: SignIn GET "/federation", SignIn POST "/federation";
    ConsoleLogout, federation::logout: SignIn GET "/oauth";
    AssumeRole, sts::assume_role: Sts POST "/" where Action = "AssumeRole";
    AssumeRoleWithWebIdentity, sts::assume_role_with_web_identity:
        Sts POST "/" where Action = "AssumeRoleWithWebIdentity";
    GetCallerIdentity, sts::get_caller_identity: Sts POST "/";
    /// The page that takes the user code.
    DevicePage, browser::device_page:
        Device GET "/", Device GET "/device", Start GET "/start/device", SignIn GET "/platform/authorize";
    /// The sign-in form.
    SignIn, browser::sign_in: Start GET "/start/sign-in", Start POST "/start/sign-in";
    /// The SAML service provider's metadata.
    SamlMetadata, saml::metadata::answer: SignIn GET "/platform/saml/metadata";
    /// Where the browser leaves for the identity provider.
    SamlLogin, saml::request::login: SignIn GET "/platform/saml/login";
    /// The assertion consumer service.
    SamlAcs, saml::acs::answer: SignIn POST "/platform/saml/acs/*";
    /// The page with Allow and Deny.
    Consent, browser::consent: Start GET "/start/consent", Start POST "/start/consent";
    /// The portal's first page.
    StartPage, browser::start_page: Start GET "/start", Start GET "/start/";
    /// A company's own host.
    Vanity, browser::vanity: Vanity GET "/aws";
    /// Where the first page's script goes for a shortcut link, `#/console?…`.
    PortalConsole, federation::by_shortcut: Start GET "/start/console";
}

impl Route {
    /// The route with this name, as the control endpoints spell it (`"GetRoleCredentials"`).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|route| route.name() == name)
    }

    /// `"GetRoleCredentials"` and so on.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// What the table says about a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    Operation(&'static Operation),
    /// The path exists at this service, the method does not.
    WrongMethod(Service),
    /// The path belongs to another service than the host.
    WrongHost,
    Nothing,
}

impl Found {
    pub(crate) fn route(self) -> Route {
        match self {
            Self::Operation(operation) => operation.route,
            Self::WrongMethod(_) | Self::WrongHost | Self::Nothing => Route::Unknown,
        }
    }
}

/// Looks a request up.
pub(crate) fn find(call: &Call) -> Found {
    // RFC 9110 section 9.3.2: HEAD is GET without the body.
    let method = if call.method == "HEAD" { "GET" } else { &call.method };
    let at_path: Vec<_> = OPERATIONS.iter().filter(|row| is_at(row.path, &call.path)).collect();
    let is_here = |row: &&Operation| call.service.is_none_or(|service| service == row.service);
    let Some(here) = at_path.iter().copied().find(is_here) else {
        return if at_path.is_empty() { Found::Nothing } else { Found::WrongHost };
    };
    let fields = call.fields();
    let is_meant = |row: &&Operation| {
        row.method == method && row.action.is_none_or(|action| fields.first("Action") == Some(action))
    };
    match at_path.into_iter().filter(is_here).find(is_meant) {
        Some(operation) => Found::Operation(operation),
        None => Found::WrongMethod(here.service),
    }
}

fn is_at(row: &str, path: &str) -> bool {
    let (row, takes_rest) = row.strip_suffix("/*").map_or((row, false), |folder| (folder, true));
    let mut segments = path.split('/');
    row.split('/').all(|wanted| segments.next().is_some_and(|segment| wanted == "*" || wanted == segment))
        && segments.next().is_some() == takes_rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(service: Option<Service>, method: &str, path: &str) -> String {
        match find(&Call { service, ..Call::to(method, path) }) {
            Found::Operation(operation) => operation.route.name(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn one_base_url_serves_everything_and_a_host_its_own_paths() {
        for (service, method, path, expected) in [
            (None, "POST", "/token", "CreateToken"),
            (None, "POST", "/", "GetCallerIdentity"),
            (None, "HEAD", "/start", "StartPage"),
            (None, "GET", "/federation?Action=login", "ConsoleLogin"),
            (None, "POST", "/?Action=AssumeRole", "AssumeRole"),
            (None, "POST", "/platform/saml/acs/tenant/4", "SamlAcs"),
            (None, "POST", "/assignment/accounts", "WrongMethod(Portal)"),
            (None, "GET", "/nothing", "Nothing"),
            (Some(Service::Oidc), "POST", "/token", "CreateToken"),
            (Some(Service::Portal), "POST", "/token", "WrongHost"),
            (Some(Service::Sts), "GET", "/", "WrongMethod(Sts)"),
        ] {
            assert_eq!(found(service, method, path), expected, "{service:?} {method} {path}");
        }
    }

    #[test]
    fn names_go_both_ways() {
        for route in Route::ALL {
            assert_eq!(Route::from_name(&route.name()), Some(*route));
        }
    }

    #[test]
    fn the_readme_has_every_row() {
        let readme = include_str!("../README.md");
        for Operation { route, path, .. } in OPERATIONS {
            let row = readme.lines().find(|line| line.starts_with(&format!("| `{}` |", route.name())));
            assert!(row.is_some_and(|row| row.contains(path)), "{route:?} {path}");
        }
    }
}
