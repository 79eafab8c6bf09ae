//! `/<tenant>/scim/v2/<kind>[/<id>]`.

use percent_encoding::percent_decode_str;

use crate::route::Route;

/// Where a request goes, below the endpoint of a tenant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) tenant: String,
    pub(super) kind: String,
    pub(super) id: Option<String>,
}

impl Place {
    pub(super) fn of(path: &str) -> Option<Self> {
        let decoded = percent_decode_str(path).decode_utf8().ok()?;
        let mut parts = decoded.strip_prefix('/')?.split('/');
        let tenant = parts.next().filter(|tenant| !tenant.is_empty())?.to_owned();
        if (parts.next()?, parts.next()?) != ("scim", "v2") {
            return None;
        }
        let kind = parts.next().unwrap_or_default().to_owned();
        let id = parts.next().filter(|id| !id.is_empty()).map(str::to_owned);
        parts.next().is_none().then_some(Self { tenant, kind, id })
    }
}

const KINDS: [&str; 5] = ["Users", "Groups", "ServiceProviderConfig", "ResourceTypes", "Schemas"];

impl Place {
    /// Is there anything of this kind, by whatever method?
    pub(super) fn is_known(&self) -> bool {
        KINDS.contains(&self.kind.as_str())
    }
}

/// Finds the operation of a path of a SCIM endpoint; `None` if it is no such path. A method or kind that AWS does
/// not have is [`Route::Unknown`].
pub(super) fn route(method: &str, path: &str) -> Option<Route> {
    let place = Place::of(path)?;
    Some(match (method, place.kind.as_str(), place.id.is_some()) {
        ("POST", "Users", false) => Route::ScimCreateUser,
        ("GET", "Users", false) => Route::ScimListUsers,
        ("GET", "Users", true) => Route::ScimGetUser,
        ("PUT", "Users", true) => Route::ScimPutUser,
        ("PATCH", "Users", true) => Route::ScimPatchUser,
        ("DELETE", "Users", true) => Route::ScimDeleteUser,
        ("POST", "Groups", false) => Route::ScimCreateGroup,
        ("GET", "Groups", false) => Route::ScimListGroups,
        ("GET", "Groups", true) => Route::ScimGetGroup,
        ("PATCH", "Groups", true) => Route::ScimPatchGroup,
        ("DELETE", "Groups", true) => Route::ScimDeleteGroup,
        ("GET", "ServiceProviderConfig", false) => Route::ScimServiceProviderConfig,
        ("GET", "ResourceTypes", false) => Route::ScimListResourceTypes,
        ("GET", "Schemas", false) => Route::ScimListSchemas,
        ("GET", "Schemas", true) => Route::ScimGetSchema,
        _ => Route::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_the_endpoint() {
        assert_eq!(route("GET", "/t-1/scim/v2/Users"), Some(Route::ScimListUsers));
        assert_eq!(route("GET", "/t-1/scim/v2/Users/"), Some(Route::ScimListUsers));
        assert_eq!(route("PATCH", "/t-1/scim/v2/Groups/x"), Some(Route::ScimPatchGroup));
        assert_eq!(route("GET", "/t-1/scim/v2/Schemas/urn%3Ax"), Some(Route::ScimGetSchema));
        assert_eq!(route("PUT", "/t-1/scim/v2/Groups/x"), Some(Route::Unknown));
        assert_eq!(route("POST", "/t-1/scim/v2/Bulk"), Some(Route::Unknown));
        for path in ["/scim/v2/Users", "/t-1/scim/v1/Users", "/t-1/scim/v2/Users/x/y", "/token"] {
            assert_eq!(route("GET", path), None, "{path}");
        }
    }
}
