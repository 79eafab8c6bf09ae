//! A request's members, read by name and checked.

use serde_json::{Map, Value};

use crate::aws_json::{self, Refusal};
use crate::directory::page;

use super::Context;
use super::refusal::{Resource, changed_meanwhile, not_found};

/// The members of a request.
#[derive(Debug)]
pub(super) struct Input<'a>(&'a aws_json::Input);

/// Which page of a list a request asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Names the list in its tokens.
    pub(super) list: String,
    pub(super) size: usize,
    after: Option<String>,
}

impl Wanted {
    /// The id behind which the page begins.
    pub(super) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }
}

impl<'a> Input<'a> {
    pub(super) fn of(input: &'a aws_json::Input) -> Self {
        Self(input)
    }

    pub(super) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        self.0.only(known)
    }

    /// Refuses members that the operation does not have, and another store than this one.
    pub(super) fn of_store(&self, context: &Context<'_>, known: &[&str]) -> Result<(), Refusal> {
        let known: Vec<&str> = known.iter().copied().chain(["IdentityStoreId"]).collect();
        self.only(&known)?;
        let id = self.text("IdentityStoreId")?;
        let plain = id.rsplit_once(":identitystore/").map_or(id, |(_, plain)| plain);
        if plain == context.store_id() { Ok(()) } else { Err(not_found(Resource::Store, id)) }
    }

    pub(super) fn members(&self) -> &'a Map<String, Value> {
        self.0.entries()
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members().get(name).filter(|value| !value.is_null())
    }

    /// The text of a member that is required.
    pub(super) fn text(&self, name: &str) -> Result<&'a str, Refusal> {
        self.optional_text(name)?.ok_or_else(|| missing(name))
    }

    pub(super) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::malformed(format!("{name} is not a string"))),
        }
    }

    /// The id of a user, group or membership, of which the ARN is another form.
    pub(super) fn id(&self, name: &str) -> Result<&'a str, Refusal> {
        plain_id(self.text(name)?, name)
    }

    /// `MemberId`: a union, of which only `UserId` exists.
    pub(super) fn member_id(&self) -> Result<&'a str, Refusal> {
        let member = self.get("MemberId").ok_or_else(|| missing("MemberId"))?;
        let members = member.as_object().filter(|members| members.len() == 1);
        let id = members.and_then(|members| members.get("UserId")?.as_str());
        plain_id(id.ok_or_else(|| Refusal::malformed("MemberId has no UserId"))?, "MemberId.UserId")
    }

    /// Refuses to write what was changed since the caller read it.
    pub(super) fn check_revision(&self, current: u64) -> Result<(), Refusal> {
        match self.optional_text("Revision")? {
            Some(revision) if revision != current.to_string() => Err(changed_meanwhile()),
            _ => Ok(()),
        }
    }

    /// `MaxResults` and `NextToken`.
    pub(super) fn page(&self, context: &Context<'_>, list: &str) -> Result<Wanted, Refusal> {
        let most = context.sim.settings.directory.page_size;
        let size = match self.get("MaxResults") {
            None => most,
            Some(value) => {
                let size = value.as_u64().and_then(|size| usize::try_from(size).ok());
                let size = size.filter(|size| (1..=100).contains(size));
                size.ok_or_else(|| Refusal::validation("MaxResults must be from 1 to 100"))?.min(most)
            }
        };
        let token = self.optional_text("NextToken")?;
        let after = token.map(|token| page::after(list, token)).transpose();
        let after = after.map_err(|_| Refusal::validation("The provided NextToken is invalid"))?;
        Ok(Wanted { list: list.to_owned(), size, after })
    }
}

pub(super) fn missing(name: &str) -> Refusal {
    Refusal::constraint(name, "not be null")
}

/// Takes the id out of its ARN and checks its form: a UUID, of older stores with ten digits before it.
pub(super) fn plain_id<'a>(id: &'a str, name: &str) -> Result<&'a str, Refusal> {
    let plain = id.rsplit_once('/').map_or(id, |(_, plain)| plain);
    let parts: Vec<&str> = plain.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let is_uuid = matches!(lengths[..], [8, 4, 4, 4, 12] | [10, 8, 4, 4, 4, 12]);
    if is_uuid && parts.concat().bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(plain);
    }
    let digits =
        "([0-9a-f]{10}-|)[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}";
    Err(Refusal::constraint(name, &format!("satisfy regular expression pattern: {digits}")))
}
