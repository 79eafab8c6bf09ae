//! The table of operations. Adding one is a row here and its handler.

use axum::response::Response;

use crate::call::Call;
use crate::hosts::Service;
use crate::state::Sim;
use crate::{
    account_access, aws_json, browser, federation, iam, identity_store, oidc, organizations, portal, saml,
    scim, sso_admin, sts,
};

/// What serves an operation, and what distinguishes it from others with its method and path.
#[derive(Clone, Copy, Debug)]
enum Handler {
    /// `Action` in query or form; `None`: the only one, or the one that takes the rest.
    Http { action: Option<&'static str>, run: fn(&Sim, &Call) -> Response },
    /// `X-Amz-Target`, here without the service's prefix.
    Json { name: &'static str, run: aws_json::Operation },
}

/// One place at which an operation is served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    route: Route,
    service: Service,
    method: &'static str,
    /// A star matches one segment, at the end all that follow.
    path: &'static str,
    handler: Handler,
}

/// Rows of `ROUTE, handler: PLACE, …;` with places `Service METHOD "path"` and, where operations share one,
/// `where Action = "…"` (the operation without it comes last and takes the rest); then rows of
/// `ROUTE, handler: Service "Operation";` for services of JSON 1.1.
macro_rules! operations {
    (
        http {$(
            $(#[$doc:meta])*
            $route:ident, $handler:path:
                $($service:ident $method:ident $path:literal $(where Action = $action:literal)?),+;
        )+}
        json {$($json:ident, $operation:path: $api:ident $name:literal;)+}
    ) => {
        /// Names each operation, for faults and for the request log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Route {
            $(
                $(#[$doc])*
                $(#[doc = concat!("`", stringify!($method), " ", $path, "`")])+
                $route,
            )+
            $(
                #[doc = concat!("`", $name, "` of ", stringify!($api))]
                $json,
            )+
            /// `CONNECT` at the proxy entry; logged when refused. Of the faults a status, a delay and a cut act.
            Connect,
            /// Nothing that AWS has, or not at this host.
            Unknown,
        }

        impl Route {
            /// Every route, for loops.
            pub const ALL: &'static [Self] =
                &[$(Self::$route,)+ $(Self::$json,)+ Self::Connect, Self::Unknown];
        }

        const OPERATIONS: &[Operation] = &[
            $($(Operation {
                route: Route::$route,
                service: Service::$service,
                method: stringify!($method),
                path: $path,
                handler: Handler::Http { action: operations!(@action $($action)?), run: $handler },
            },)+)+
            $(Operation {
                route: Route::$json,
                service: Service::$api,
                method: "POST",
                path: "/",
                handler: Handler::Json { name: $name, run: $operation },
            },)+
        ];
    };
    (@action) => { None };
    (@action $action:literal) => { Some($action) };
}

operations! {
    http {
        RegisterClient, oidc::register::answer: Oidc POST "/client/register";
        StartDeviceAuthorization, oidc::device::answer: Oidc POST "/device_authorization";
        CreateToken, oidc::token::answer: Oidc POST "/token";
        Authorize, oidc::authorize::answer: Oidc GET "/authorize";
        ListAccounts, portal::list_accounts: Portal GET "/assignment/accounts";
        ListAccountRoles, portal::list_account_roles: Portal GET "/assignment/roles";
        GetRoleCredentials, portal::get_role_credentials: Portal GET "/federation/credentials";
        Logout, portal::logout: Portal POST "/logout";
        AccountAccessListRoles, account_access::runtime::list_roles: AccountAccessRuntime GET "/access";
        AccountAccessGetRoleCredentials, account_access::runtime::get_role_credentials:
            AccountAccessRuntime GET "/access/credentials";
        AccountAccessCreateApplication, account_access::control_plane::create_application:
            AccountAccess POST "/applications";
        AccountAccessGetApplication, account_access::control_plane::get_application:
            AccountAccess GET "/applications/*";
        AccountAccessListApplications, account_access::control_plane::list_applications:
            AccountAccess POST "/applications-list";
        AccountAccessDeleteApplication, account_access::control_plane::delete_application:
            AccountAccess DELETE "/applications/*";
        AccountAccessCreateEntitlement, account_access::control_plane::create_entitlement:
            AccountAccess POST "/entitlements";
        AccountAccessGetEntitlement, account_access::control_plane::get_entitlement:
            AccountAccess GET "/entitlements/*";
        AccountAccessListEntitlements, account_access::control_plane::list_entitlements:
            AccountAccess POST "/entitlements-list";
        AccountAccessDeleteEntitlement, account_access::control_plane::delete_entitlement:
            AccountAccess DELETE "/entitlements/*";
        AccountAccessTagResource, account_access::control_plane::tag_resource: AccountAccess POST "/tags/*";
        AccountAccessUntagResource, account_access::control_plane::untag_resource: AccountAccess DELETE "/tags/*";
        AccountAccessListTags, account_access::control_plane::list_tags: AccountAccess GET "/tags/*";
        ConsoleLogin, federation::login:
            SignIn GET "/federation" where Action = "login", SignIn POST "/federation" where Action = "login";
        GetSigninToken, federation::get_signin_token: SignIn GET "/federation", SignIn POST "/federation";
        ConsoleLogout, federation::logout: SignIn GET "/oauth";
        AssumeRole, sts::assume_role: Sts POST "/" where Action = "AssumeRole";
        AssumeRoleWithWebIdentity, sts::assume_role_with_web_identity:
            Sts POST "/" where Action = "AssumeRoleWithWebIdentity";
        GetRole, iam::get_role: Iam POST "/" where Action = "GetRole";
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
        /// The SCIM endpoint, as those below.
        ScimCreateUser, scim::answer: Scim POST "/*/scim/v2/Users";
        ScimListUsers, scim::answer: Scim GET "/*/scim/v2/Users";
        ScimGetUser, scim::answer: Scim GET "/*/scim/v2/Users/*";
        ScimPutUser, scim::answer: Scim PUT "/*/scim/v2/Users/*";
        ScimPatchUser, scim::answer: Scim PATCH "/*/scim/v2/Users/*";
        ScimDeleteUser, scim::answer: Scim DELETE "/*/scim/v2/Users/*";
        ScimCreateGroup, scim::answer: Scim POST "/*/scim/v2/Groups";
        ScimListGroups, scim::answer: Scim GET "/*/scim/v2/Groups";
        ScimGetGroup, scim::answer: Scim GET "/*/scim/v2/Groups/*";
        ScimPatchGroup, scim::answer: Scim PATCH "/*/scim/v2/Groups/*";
        ScimDeleteGroup, scim::answer: Scim DELETE "/*/scim/v2/Groups/*";
        ScimServiceProviderConfig, scim::answer: Scim GET "/*/scim/v2/ServiceProviderConfig";
        ScimListResourceTypes, scim::answer: Scim GET "/*/scim/v2/ResourceTypes";
        ScimListSchemas, scim::answer: Scim GET "/*/scim/v2/Schemas";
        ScimGetSchema, scim::answer: Scim GET "/*/scim/v2/Schemas/*";
    }
    json {
        ListInstances, sso_admin::instance::list: SsoAdmin "ListInstances";
        DescribeInstance, sso_admin::instance::describe: SsoAdmin "DescribeInstance";
        ListRegions, sso_admin::instance::list_regions: SsoAdmin "ListRegions";
        CreatePermissionSet, sso_admin::permission_sets::create: SsoAdmin "CreatePermissionSet";
        DescribePermissionSet, sso_admin::permission_sets::describe: SsoAdmin "DescribePermissionSet";
        UpdatePermissionSet, sso_admin::permission_sets::update: SsoAdmin "UpdatePermissionSet";
        DeletePermissionSet, sso_admin::permission_sets::delete: SsoAdmin "DeletePermissionSet";
        ListPermissionSets, sso_admin::permission_sets::list: SsoAdmin "ListPermissionSets";
        AttachManagedPolicyToPermissionSet, sso_admin::policies::attach_managed:
            SsoAdmin "AttachManagedPolicyToPermissionSet";
        DetachManagedPolicyFromPermissionSet, sso_admin::policies::detach_managed:
            SsoAdmin "DetachManagedPolicyFromPermissionSet";
        ListManagedPoliciesInPermissionSet, sso_admin::policies::list_managed:
            SsoAdmin "ListManagedPoliciesInPermissionSet";
        AttachCustomerManagedPolicyReferenceToPermissionSet, sso_admin::policies::attach_customer:
            SsoAdmin "AttachCustomerManagedPolicyReferenceToPermissionSet";
        DetachCustomerManagedPolicyReferenceFromPermissionSet, sso_admin::policies::detach_customer:
            SsoAdmin "DetachCustomerManagedPolicyReferenceFromPermissionSet";
        ListCustomerManagedPolicyReferencesInPermissionSet, sso_admin::policies::list_customer:
            SsoAdmin "ListCustomerManagedPolicyReferencesInPermissionSet";
        PutInlinePolicyToPermissionSet, sso_admin::policies::put_inline:
            SsoAdmin "PutInlinePolicyToPermissionSet";
        GetInlinePolicyForPermissionSet, sso_admin::policies::get_inline:
            SsoAdmin "GetInlinePolicyForPermissionSet";
        DeleteInlinePolicyFromPermissionSet, sso_admin::policies::delete_inline:
            SsoAdmin "DeleteInlinePolicyFromPermissionSet";
        PutPermissionsBoundaryToPermissionSet, sso_admin::policies::put_boundary:
            SsoAdmin "PutPermissionsBoundaryToPermissionSet";
        GetPermissionsBoundaryForPermissionSet, sso_admin::policies::get_boundary:
            SsoAdmin "GetPermissionsBoundaryForPermissionSet";
        DeletePermissionsBoundaryFromPermissionSet, sso_admin::policies::delete_boundary:
            SsoAdmin "DeletePermissionsBoundaryFromPermissionSet";
        TagResource, sso_admin::tags::tag: SsoAdmin "TagResource";
        UntagResource, sso_admin::tags::untag: SsoAdmin "UntagResource";
        ListTagsForResource, sso_admin::tags::list: SsoAdmin "ListTagsForResource";
        ListPermissionSetsProvisionedToAccount, sso_admin::provisioning::list_permission_sets:
            SsoAdmin "ListPermissionSetsProvisionedToAccount";
        ListAccountsForProvisionedPermissionSet, sso_admin::provisioning::list_accounts:
            SsoAdmin "ListAccountsForProvisionedPermissionSet";
        ProvisionPermissionSet, sso_admin::provisioning::provision: SsoAdmin "ProvisionPermissionSet";
        DescribePermissionSetProvisioningStatus, sso_admin::status::describe_provisioning:
            SsoAdmin "DescribePermissionSetProvisioningStatus";
        ListPermissionSetProvisioningStatus, sso_admin::status::list_provisionings:
            SsoAdmin "ListPermissionSetProvisioningStatus";
        CreateAccountAssignment, sso_admin::assignments::create: SsoAdmin "CreateAccountAssignment";
        DescribeAccountAssignmentCreationStatus, sso_admin::status::describe_creation:
            SsoAdmin "DescribeAccountAssignmentCreationStatus";
        ListAccountAssignmentCreationStatus, sso_admin::status::list_creations:
            SsoAdmin "ListAccountAssignmentCreationStatus";
        DeleteAccountAssignment, sso_admin::assignments::delete: SsoAdmin "DeleteAccountAssignment";
        DescribeAccountAssignmentDeletionStatus, sso_admin::status::describe_deletion:
            SsoAdmin "DescribeAccountAssignmentDeletionStatus";
        ListAccountAssignmentDeletionStatus, sso_admin::status::list_deletions:
            SsoAdmin "ListAccountAssignmentDeletionStatus";
        ListAccountAssignments, sso_admin::assignments::list: SsoAdmin "ListAccountAssignments";
        ListAccountAssignmentsForPrincipal, sso_admin::assignments::list_for_principal:
            SsoAdmin "ListAccountAssignmentsForPrincipal";
        DescribeOrganization, organizations::describe: Organizations "DescribeOrganization";
        ListDelegatedAdministrators, organizations::list_delegated_administrators:
            Organizations "ListDelegatedAdministrators";
        ListOrganizationAccounts, organizations::accounts::list: Organizations "ListAccounts";
        ListAccountsForParent, organizations::accounts::list_for_parent: Organizations "ListAccountsForParent";
        DescribeAccount, organizations::accounts::describe: Organizations "DescribeAccount";
        ListRoots, organizations::units::list_roots: Organizations "ListRoots";
        ListOrganizationalUnitsForParent, organizations::units::list_for_parent:
            Organizations "ListOrganizationalUnitsForParent";
        ListOrganizationTags, organizations::accounts::list_tags: Organizations "ListTagsForResource";
        CreateUser, identity_store::create_user: IdentityStore "CreateUser";
        DescribeUser, identity_store::describe_user: IdentityStore "DescribeUser";
        UpdateUser, identity_store::update_user: IdentityStore "UpdateUser";
        DeleteUser, identity_store::delete_user: IdentityStore "DeleteUser";
        ListUsers, identity_store::list_users: IdentityStore "ListUsers";
        GetUserId, identity_store::get_user_id: IdentityStore "GetUserId";
        CreateGroup, identity_store::create_group: IdentityStore "CreateGroup";
        DescribeGroup, identity_store::describe_group: IdentityStore "DescribeGroup";
        UpdateGroup, identity_store::update_group: IdentityStore "UpdateGroup";
        DeleteGroup, identity_store::delete_group: IdentityStore "DeleteGroup";
        ListGroups, identity_store::list_groups: IdentityStore "ListGroups";
        GetGroupId, identity_store::get_group_id: IdentityStore "GetGroupId";
        CreateGroupMembership, identity_store::create_group_membership: IdentityStore "CreateGroupMembership";
        DescribeGroupMembership, identity_store::describe_group_membership: IdentityStore "DescribeGroupMembership";
        DeleteGroupMembership, identity_store::delete_group_membership: IdentityStore "DeleteGroupMembership";
        GetGroupMembershipId, identity_store::get_group_membership_id: IdentityStore "GetGroupMembershipId";
        ListGroupMemberships, identity_store::list_group_memberships: IdentityStore "ListGroupMemberships";
        ListGroupMembershipsForMember, identity_store::list_group_memberships_for_member: IdentityStore "ListGroupMembershipsForMember";
        IsMemberInGroups, identity_store::is_member_in_groups: IdentityStore "IsMemberInGroups";
        DescribeIdentityStore, identity_store::describe_identity_store: IdentityStore "DescribeIdentityStore";
        ListIdentityStores, identity_store::list_identity_stores: IdentityStore "ListIdentityStores";
        UpdateIdentityStore, identity_store::update_identity_store: IdentityStore "UpdateIdentityStore";
    }
}

impl Operation {
    pub(crate) fn answer(&self, sim: &Sim, call: &Call) -> Response {
        match self.handler {
            Handler::Http { run, .. } => run(sim, call),
            Handler::Json { name, run } => aws_json::answer(sim, call, self.service, name, run),
        }
    }

    /// Whether it is the one that a request at its place means.
    fn is_meant(&self, call: &Call) -> bool {
        let target = call.header("x-amz-target");
        match self.handler {
            Handler::Http { action: Some(action), .. } => call.fields().first("Action") == Some(action),
            Handler::Http { action: None, .. } => target.is_none() || self.path != "/",
            Handler::Json { name, .. } => {
                let prefix = self.service.json_api().map(|api| api.target_prefix);
                let named = target.and_then(|target| target.split_once('.'));
                named.is_some_and(|(service, operation)| prefix == Some(service) && operation == name)
            }
        }
    }
}

impl Route {
    /// The route with this name, as the control endpoints spell it (`"GetRoleCredentials"`).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|route| route.name() == name)
    }

    /// What `X-Amz-Target` is for an operation of JSON 1.1, `SWBExternalService.ListInstances` and so on.
    pub fn target(self) -> Option<String> {
        let row = OPERATIONS.iter().find(|row| row.route == self)?;
        match row.handler {
            Handler::Http { .. } => None,
            Handler::Json { name, .. } => Some(format!("{}.{name}", row.service.json_api()?.target_prefix)),
        }
    }

    /// `"GetRoleCredentials"` and so on.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// The result of a lookup in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    Operation(&'static Operation),
    /// The service is one of JSON 1.1 and does not have the operation.
    UnknownTarget,
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
            Self::UnknownTarget | Self::WrongMethod(_) | Self::WrongHost | Self::Nothing => Route::Unknown,
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
    let mut by_method = at_path.into_iter().filter(is_here).filter(|row| row.method == method);
    match by_method.clone().find(|row| row.is_meant(call)) {
        Some(operation) => Found::Operation(operation),
        None if by_method.next().is_some() => Found::UnknownTarget,
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
        for Operation { route, service, path, .. } in OPERATIONS {
            let (start, text) = match service.json_api() {
                None => (format!("| `{}` |", route.name()), (*path).to_owned()),
                Some(api) => (format!("| `{}` |", api.target_prefix), format!("`{}`", route.name())),
            };
            let mut rows = readme.lines().filter(|line| line.starts_with(&start));
            assert!(rows.any(|row| row.contains(&text)), "{route:?} {path}");
        }
    }
}
