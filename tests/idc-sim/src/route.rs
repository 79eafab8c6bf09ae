//! The table of routes: which operation a method and path mean, at which service.

use crate::hosts::Service;

/// Names each operation, for faults and for the request log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// `POST /client/register`
    RegisterClient,
    /// `POST /device_authorization`
    StartDeviceAuthorization,
    /// `POST /token`
    CreateToken,
    /// `GET /authorize`
    Authorize,
    /// `GET /assignment/accounts`
    ListAccounts,
    /// `GET /assignment/roles`
    ListAccountRoles,
    /// `GET /federation/credentials`
    GetRoleCredentials,
    /// `POST /logout`
    Logout,
    /// `GET|POST /federation?Action=getSigninToken`
    GetSigninToken,
    /// `GET /federation?Action=login`
    ConsoleLogin,
    /// `GET /oauth?Action=logout`
    ConsoleLogout,
    /// `POST /` with `Action=GetCallerIdentity`
    GetCallerIdentity,
    /// `POST /` with `Action=AssumeRole`
    AssumeRole,
    /// `POST /` with `Action=AssumeRoleWithWebIdentity`
    AssumeRoleWithWebIdentity,
    /// The page that takes the user code.
    DevicePage,
    /// The sign-in form.
    SignIn,
    /// The SAML service provider's metadata.
    SamlMetadata,
    /// Where the browser leaves for the identity provider.
    SamlLogin,
    /// The assertion consumer service.
    SamlAcs,
    /// The page with Allow and Deny.
    Consent,
    /// The portal's first page.
    StartPage,
    /// `GET /aws` at a company's own host.
    Vanity,
    /// `GET /start/console`: where the first page's script goes for a shortcut link, `#/console?…`.
    PortalConsole,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.CreateGroup`
    CreateGroup,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.CreateGroupMembership`
    CreateGroupMembership,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.CreateUser`
    CreateUser,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.DeleteGroup`
    DeleteGroup,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.DeleteGroupMembership`
    DeleteGroupMembership,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.DeleteUser`
    DeleteUser,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.DescribeGroup`
    DescribeGroup,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.DescribeGroupMembership`
    DescribeGroupMembership,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.DescribeIdentityStore`
    DescribeIdentityStore,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.DescribeUser`
    DescribeUser,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.GetGroupId`
    GetGroupId,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.GetGroupMembershipId`
    GetGroupMembershipId,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.GetUserId`
    GetUserId,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.IsMemberInGroups`
    IsMemberInGroups,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.ListGroupMemberships`
    ListGroupMemberships,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.ListGroupMembershipsForMember`
    ListGroupMembershipsForMember,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.ListGroups`
    ListGroups,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.ListIdentityStores`
    ListIdentityStores,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.ListUsers`
    ListUsers,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.UpdateGroup`
    UpdateGroup,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.UpdateIdentityStore`
    UpdateIdentityStore,
    /// `POST /` with `X-Amz-Target: AWSIdentityStore.UpdateUser`
    UpdateUser,
    /// SCIM.
    ScimCreateUser,
    /// SCIM.
    ScimGetUser,
    /// SCIM.
    ScimListUsers,
    /// SCIM.
    ScimPutUser,
    /// SCIM.
    ScimPatchUser,
    /// SCIM.
    ScimDeleteUser,
    /// SCIM.
    ScimCreateGroup,
    /// SCIM.
    ScimGetGroup,
    /// SCIM.
    ScimListGroups,
    /// SCIM.
    ScimPatchGroup,
    /// SCIM.
    ScimDeleteGroup,
    /// SCIM.
    ScimServiceProviderConfig,
    /// SCIM.
    ScimListResourceTypes,
    /// SCIM.
    ScimListSchemas,
    /// SCIM.
    ScimGetSchema,
    /// `CONNECT` at the proxy entry; logged when refused. Of the faults a status, a delay and a cut act.
    Connect,
    /// Nothing that AWS has, or not at this host.
    Unknown,
}

impl Route {
    /// Every route, for loops.
    pub const ALL: [Self; 62] = [
        Self::RegisterClient,
        Self::StartDeviceAuthorization,
        Self::CreateToken,
        Self::Authorize,
        Self::ListAccounts,
        Self::ListAccountRoles,
        Self::GetRoleCredentials,
        Self::Logout,
        Self::GetSigninToken,
        Self::ConsoleLogin,
        Self::ConsoleLogout,
        Self::GetCallerIdentity,
        Self::AssumeRole,
        Self::AssumeRoleWithWebIdentity,
        Self::DevicePage,
        Self::SignIn,
        Self::SamlMetadata,
        Self::SamlLogin,
        Self::SamlAcs,
        Self::Consent,
        Self::StartPage,
        Self::Vanity,
        Self::PortalConsole,
        Self::CreateGroup,
        Self::CreateGroupMembership,
        Self::CreateUser,
        Self::DeleteGroup,
        Self::DeleteGroupMembership,
        Self::DeleteUser,
        Self::DescribeGroup,
        Self::DescribeGroupMembership,
        Self::DescribeIdentityStore,
        Self::DescribeUser,
        Self::GetGroupId,
        Self::GetGroupMembershipId,
        Self::GetUserId,
        Self::IsMemberInGroups,
        Self::ListGroupMemberships,
        Self::ListGroupMembershipsForMember,
        Self::ListGroups,
        Self::ListIdentityStores,
        Self::ListUsers,
        Self::UpdateGroup,
        Self::UpdateIdentityStore,
        Self::UpdateUser,
        Self::ScimCreateUser,
        Self::ScimGetUser,
        Self::ScimListUsers,
        Self::ScimPutUser,
        Self::ScimPatchUser,
        Self::ScimDeleteUser,
        Self::ScimCreateGroup,
        Self::ScimGetGroup,
        Self::ScimListGroups,
        Self::ScimPatchGroup,
        Self::ScimDeleteGroup,
        Self::ScimServiceProviderConfig,
        Self::ScimListResourceTypes,
        Self::ScimListSchemas,
        Self::ScimGetSchema,
        Self::Connect,
        Self::Unknown,
    ];

    /// The route with this name, as the control endpoints spell it (`"GetRoleCredentials"`).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.name() == name)
    }

    /// `"GetRoleCredentials"` and so on.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// A star stands for the rest of a path.
const TABLE: &[(Route, Service, &str, &str)] = &[
    (Route::RegisterClient, Service::Oidc, "POST", "/client/register"),
    (Route::StartDeviceAuthorization, Service::Oidc, "POST", "/device_authorization"),
    (Route::CreateToken, Service::Oidc, "POST", "/token"),
    (Route::Authorize, Service::Oidc, "GET", "/authorize"),
    (Route::ListAccounts, Service::Portal, "GET", "/assignment/accounts"),
    (Route::ListAccountRoles, Service::Portal, "GET", "/assignment/roles"),
    (Route::GetRoleCredentials, Service::Portal, "GET", "/federation/credentials"),
    (Route::Logout, Service::Portal, "POST", "/logout"),
    // Which of the two is meant is told by `Action`.
    (Route::GetSigninToken, Service::SignIn, "GET", "/federation"),
    (Route::GetSigninToken, Service::SignIn, "POST", "/federation"),
    (Route::ConsoleLogout, Service::SignIn, "GET", "/oauth"),
    // As is which of three this is.
    (Route::GetCallerIdentity, Service::Sts, "POST", "/"),
    (Route::DevicePage, Service::Device, "GET", "/"),
    (Route::DevicePage, Service::Device, "GET", "/device"),
    (Route::DevicePage, Service::Start, "GET", "/start/device"),
    (Route::DevicePage, Service::SignIn, "GET", "/platform/authorize"),
    (Route::SignIn, Service::Start, "GET", "/start/sign-in"),
    (Route::SignIn, Service::Start, "POST", "/start/sign-in"),
    (Route::SamlMetadata, Service::SignIn, "GET", "/platform/saml/metadata"),
    (Route::SamlLogin, Service::SignIn, "GET", "/platform/saml/login"),
    (Route::SamlAcs, Service::SignIn, "POST", "/platform/saml/acs/*"),
    (Route::Consent, Service::Start, "GET", "/start/consent"),
    (Route::Consent, Service::Start, "POST", "/start/consent"),
    (Route::StartPage, Service::Start, "GET", "/start"),
    (Route::StartPage, Service::Start, "GET", "/start/"),
    (Route::Vanity, Service::Vanity, "GET", "/aws"),
    (Route::PortalConsole, Service::Start, "GET", "/start/console"),
];

/// What the table says about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Route(Route),
    /// The path exists at this service, the method does not.
    WrongMethod(Service),
    /// The path belongs to another service than the host.
    WrongHost,
    Nothing,
}

/// Looks a request up. `service` is that of the host, or `None` where one base URL serves everything.
pub(crate) fn find(service: Option<Service>, method: &str, path: &str) -> Found {
    // RFC 9110 section 9.3.2: HEAD is GET without the body.
    let method = if method == "HEAD" { "GET" } else { method };
    let at_path: Vec<_> = TABLE.iter().filter(|row| is_at(row.3, path)).collect();
    if at_path.is_empty() {
        return Found::Nothing;
    }
    let here: Vec<_> = at_path.into_iter().filter(|row| service.is_none_or(|host| host == row.1)).collect();
    match (here.iter().find(|row| row.2 == method), here.first()) {
        (Some(row), _) => Found::Route(row.0),
        (None, Some(row)) => Found::WrongMethod(row.1),
        (None, None) => Found::WrongHost,
    }
}

fn is_at(row: &str, path: &str) -> bool {
    row == path || row.strip_suffix('*').is_some_and(|folder| path.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_base_url_serves_everything() {
        assert_eq!(find(None, "POST", "/token"), Found::Route(Route::CreateToken));
        assert_eq!(find(None, "POST", "/"), Found::Route(Route::GetCallerIdentity));
        assert_eq!(find(None, "HEAD", "/start"), Found::Route(Route::StartPage));
        assert_eq!(find(None, "POST", "/assignment/accounts"), Found::WrongMethod(Service::Portal));
        assert_eq!(find(None, "GET", "/nothing"), Found::Nothing);
    }

    #[test]
    fn a_host_serves_its_own_paths() {
        assert_eq!(find(Some(Service::Oidc), "POST", "/token"), Found::Route(Route::CreateToken));
        assert_eq!(find(Some(Service::Portal), "POST", "/token"), Found::WrongHost);
        assert_eq!(find(Some(Service::Sts), "GET", "/"), Found::WrongMethod(Service::Sts));
    }

    #[test]
    fn names_go_both_ways() {
        for route in Route::ALL {
            assert_eq!(Route::from_name(&route.name()), Some(route));
        }
    }

    #[test]
    fn the_readme_has_every_row() {
        let readme = include_str!("../README.md");
        for (route, _, _, path) in TABLE {
            let row = readme.lines().find(|line| line.starts_with(&format!("| `{}` |", route.name())));
            assert!(row.is_some_and(|row| row.contains(path)), "{route:?} {path}");
        }
    }
}
