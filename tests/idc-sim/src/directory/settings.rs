//! The switches of the identity store and its two services, and how the builder sets them.

use crate::builder::Builder;

/// What becomes of the assignments of a user or group that is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrphanedAssignments {
    /// They are deleted too, as the user guide says.
    #[default]
    GoWithThePrincipal,
    /// They remain, and nobody can use them (field reports).
    Remain,
}

/// What `detail` tells about a request that breaks the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScimDetail {
    /// Which attribute, and why: the words that CloudTrail has too.
    #[default]
    Specific,
    /// Always "Request is unparsable, syntactically incorrect, or violates schema."
    Generic,
}

/// What `totalResults` counts in a list that is asked for without a cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScimTotal {
    /// Everything that matches (RFC 7644 section 3.4.2).
    #[default]
    AllMatches,
    /// What is on the page: a client that forgets the cursor does not learn that there is more.
    ThisPage,
}

/// Whether an external id may contain a colon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColonInExternalId {
    /// As the pattern of the Identity Store API has it.
    #[default]
    Accepted,
    /// 400, as one field report has it (suvera/keycloak-scim2-storage#3, of 2022).
    Refused,
}

/// What can be chosen about the identity store; the builder's methods of these names describe it.
#[derive(Clone, Debug)]
pub struct DirectorySettings {
    /// Default [`OrphanedAssignments::GoWithThePrincipal`].
    pub orphaned_assignments: OrphanedAssignments,
    /// Default [`ScimDetail::Specific`].
    pub scim_detail: ScimDetail,
    /// Default [`ScimTotal::AllMatches`].
    pub scim_total: ScimTotal,
    /// Default [`ColonInExternalId::Accepted`].
    pub colon_in_external_id: ColonInExternalId,
    /// Items on a page that was not asked for, and at most. Default 100.
    pub page_size: usize,
    /// Default: `https://scim.aws.com/<tenant>`.
    pub external_id_issuer: Option<String>,
    /// A change of members is a change of the group. Default false.
    pub membership_touches_group: bool,
    /// Part of the SCIM endpoint.
    pub scim_tenant: String,
}

impl Default for DirectorySettings {
    fn default() -> Self {
        Self {
            orphaned_assignments: OrphanedAssignments::default(),
            scim_detail: ScimDetail::default(),
            scim_total: ScimTotal::default(),
            colon_in_external_id: ColonInExternalId::default(),
            page_size: 100,
            external_id_issuer: None,
            membership_touches_group: false,
            scim_tenant: "7c2a9e51f3d-08b6-4d1e-9f42-6a3be7c85d10".into(),
        }
    }
}

impl Builder {
    /// Default [`OrphanedAssignments::GoWithThePrincipal`].
    pub fn orphaned_assignments(mut self, orphans: OrphanedAssignments) -> Self {
        self.settings.directory.orphaned_assignments = orphans;
        self
    }

    /// Default [`ScimDetail::Specific`].
    pub fn scim_detail(mut self, detail: ScimDetail) -> Self {
        self.settings.directory.scim_detail = detail;
        self
    }

    /// Default [`ScimTotal::AllMatches`].
    pub fn scim_total(mut self, total: ScimTotal) -> Self {
        self.settings.directory.scim_total = total;
        self
    }

    /// Default [`ColonInExternalId::Accepted`].
    pub fn colon_in_external_id(mut self, colon: ColonInExternalId) -> Self {
        self.settings.directory.colon_in_external_id = colon;
        self
    }

    /// The size of a page of the Identity Store API and of SCIM, 1 to 100; older copies of the guide say 50.
    /// Default 100.
    pub fn directory_page_size(mut self, size: usize) -> Self {
        self.settings.directory.page_size = size.clamp(1, 100);
        self
    }

    /// The issuer in the external ids of what SCIM has made. Default `https://scim.aws.com/<tenant>`.
    pub fn external_id_issuer(mut self, issuer: &str) -> Self {
        self.settings.directory.external_id_issuer = Some(issuer.to_owned());
        self
    }

    /// A change of members is a change of the group: its `UpdatedAt` and `Revision` move. Default false.
    pub fn membership_touches_group(mut self, yes: bool) -> Self {
        self.settings.directory.membership_touches_group = yes;
        self
    }

    /// The tenant in the SCIM endpoint. Default `7c2a9e51f3d-08b6-4d1e-9f42-6a3be7c85d10`.
    pub fn scim_tenant(mut self, tenant: &str) -> Self {
        tenant.clone_into(&mut self.settings.directory.scim_tenant);
        self
    }
}
