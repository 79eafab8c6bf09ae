//! Finds profiles of other tools that name a portal, an account and a permission set.
//!
//! kcaws can create its own profiles from these; they are only read.
//!
//! | tool | recognized by | place of account and permission set |
//! |---|---|---|
//! | AWS CLI | `sso_session` or `sso_start_url` | `sso_account_id`, `sso_role_name` |
//! | aws-vault | the same | the same keys, or those of the profile that `include_profile` names |
//! | aws-sso-util | `sso_auto_populated`, or its `credential_process` | the same keys, or the options of the line |
//! | granted | `granted_sso_…`, or its `credential_process` | `granted_sso_account_id`, `granted_sso_role_name` |
//! | aws-sso-cli | its `credential_process` | the ARN of the line; its portals are in a file of its own |
//!
//! granted and aws-vault write and read values as go-ini does, in backticks or quotes where there is a `#` in them.

use std::collections::{BTreeMap, HashSet};

use super::answers::is_same_portal;
use crate::profile::document::View;
use crate::profile::draft::is_plain_name;
use crate::profile::kcaws_profile::KcawsProfile;
use crate::profile::plain_name::{plain_name, says_something};
use crate::profile::portal_url;
use crate::profile::sync::WantedProfile;
use crate::profile::{Document, Heading, Place, Role, RoleName, target};
use crate::shell::words::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    AwsCli,
    AwsSsoUtil,
    Granted,
    AwsSsoCli,
}

impl Tool {
    pub fn name(self) -> &'static str {
        match self {
            Self::AwsCli => "AWS CLI",
            Self::AwsSsoUtil => "aws-sso-util",
            Self::Granted => "granted",
            Self::AwsSsoCli => "aws-sso-cli",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Portal {
    StartUrl {
        url: String,
        region: Option<String>,
    },
    /// By its name in aws-sso-cli.
    Named(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherProfile {
    pub name: String,
    pub tool: Tool,
    pub place: Place,
    pub portal: Portal,
    pub role: Role,
    pub region: Option<String>,
    pub output: Option<String>,
}

/// A profile of another tool that has too little for a kcaws profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unparsed {
    pub name: String,
    pub place: Place,
    pub why: &'static str,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub profiles: Vec<OtherProfile>,
    pub unclear: Vec<Unparsed>,
}

/// What an import writes, and what it leaves out.
#[derive(Debug, Default)]
pub struct Import {
    /// By name.
    pub wanted: Vec<WantedProfile>,
    pub unclear: Vec<Unparsed>,
    /// Those of other portals.
    pub elsewhere: Vec<OtherProfile>,
}

pub fn find(document: &Document) -> Found {
    let mut found = Found::default();
    for name in document.profile_names() {
        let Some(section) = document.section(&Heading::Profile(name.clone())) else { continue };
        match read(document, &name, &section) {
            None => {}
            Some(Ok(foreign)) => found.profiles.push(foreign),
            Some(Err((place, why))) => found.unclear.push(Unparsed { name, place, why }),
        }
    }
    found
}

/// Returns the portals that `found` names, each once, with the Region configured beside it.
pub fn portals(found: &Found) -> Vec<(String, Option<String>)> {
    let mut portals: Vec<(String, Option<String>)> = Vec::new();
    for foreign in &found.profiles {
        let Portal::StartUrl { url, region } = &foreign.portal else { continue };
        match portals.iter_mut().find(|(known, _)| is_same_portal(known, url)) {
            Some((_, known)) => *known = known.take().or_else(|| region.clone()),
            None => portals.push((url.clone(), region.clone())),
        }
    }
    portals
}

/// Returns how many profiles belong to this portal.
pub fn of_portal(found: &Found, start_url: &str) -> usize {
    let is_its = |one: &&OtherProfile| matches!(&one.portal, Portal::StartUrl { url, .. } if is_same_portal(url, start_url));
    found.profiles.iter().filter(is_its).count()
}

/// Returns profiles of `session` with the same account, permission set, Region and output, under names with `suffix`.
pub fn import(found: Found, session: &str, start_url: &str, suffix: &str) -> Import {
    let mut import = Import { unclear: found.unclear, ..Import::default() };
    let named: HashSet<&Portal> = found
        .profiles
        .iter()
        .map(|one| &one.portal)
        .filter(|portal| matches!(portal, Portal::Named(_)))
        .collect();
    let is_one_of_several = named.len() > 1;
    let mut wanted: BTreeMap<String, WantedProfile> = BTreeMap::new();
    for foreign in &found.profiles {
        let unclear = |why| Unparsed { name: foreign.name.clone(), place: foreign.place.clone(), why };
        match &foreign.portal {
            Portal::StartUrl { url, .. } if !is_same_portal(url, start_url) => {
                import.elsewhere.push(foreign.clone());
                continue;
            }
            Portal::Named(_) if is_one_of_several => {
                import.unclear.push(unclear(
                    "aws-sso-cli has several portals here, and only its own file distinguishes them",
                ));
                continue;
            }
            _ => {}
        }
        let theirs = if says_something(&foreign.name) { &foreign.name } else { &foreign.role.account_id };
        let name = plain_name(&format!("{theirs}{suffix}"));
        if wanted.contains_key(&name) {
            import.unclear.push(unclear("another profile would get the same new name"));
            continue;
        }
        let own = KcawsProfile { session: session.to_owned(), role: foreign.role.clone() };
        let (region, output) = (foreign.region.clone(), foreign.output.clone());
        wanted.insert(name.clone(), WantedProfile { name, own, region, output, rivals: Vec::new() });
    }
    import.wanted = wanted.into_values().collect();
    import
}

/// Returns `None` if it is not a profile of such a tool.
fn read(
    document: &Document,
    name: &str,
    section: &View<'_>,
) -> Option<Result<OtherProfile, (Place, &'static str)>> {
    let line = section.get("credential_process").map(words).unwrap_or_default();
    let values = Values::of(document, name, &line);
    let get = |key| values.get(key);
    let has_sso = get("sso_session").is_some() || get("sso_start_url").is_some();
    let tool = match line.first().map(|program| program_name(program)) {
        Some("kcaws") => return None,
        Some("aws-sso") => Tool::AwsSsoCli,
        Some("granted" | "dgranted") => Tool::Granted,
        Some("aws-sso-util" | "aws-sso-credential-process") => Tool::AwsSsoUtil,
        _ if get("granted_sso_start_url").is_some() || get("granted_sso_account_id").is_some() => {
            Tool::Granted
        }
        _ if section.get("sso_auto_populated").is_some() => Tool::AwsSsoUtil,
        // It assumes a role with the other profile's credentials, so it is not a permission set.
        _ if section.get("role_arn").is_some() || !has_sso => return None,
        _ => Tool::AwsCli,
    };
    let read = || {
        let (portal, account, role) = match tool {
            Tool::AwsSsoCli => {
                of_aws_sso(&line).map_err(|why| (section.place_of("credential_process"), why))?
            }
            Tool::Granted => of_keys(document, &values, "granted_sso_", &[]).or_else(|error| {
                if has_sso { of_keys(document, &values, "sso_", &[]) } else { Err(error) }
            })?,
            Tool::AwsSsoUtil => of_keys(document, &values, "sso_", &line)?,
            Tool::AwsCli => of_keys(document, &values, "sso_", &[])?,
        };
        if let Portal::StartUrl { url, .. } = &portal
            && portal_url::portal(url).is_none()
        {
            return Err((section.place(), "its start URL is not that of an access portal"));
        }
        let Some(account) = target::account_id(&account) else {
            return Err((section.place(), "its account ID does not have 12 digits"));
        };
        // Those tools know permission sets only.
        let role = RoleName::parse(&role).ok().filter(|role| role.arn().is_none());
        let role = role.ok_or((section.place(), "AWS accepts no permission set of that name"))?;
        Ok(OtherProfile {
            name: name.to_owned(),
            tool,
            place: section.place(),
            portal,
            role: Role { account_id: account, role_name: role },
            region: get("region").filter(|region| is_plain_name(region)),
            output: get("output").filter(|output| is_plain_name(output)),
        })
    };
    Some(read())
}

/// A profile's own section, followed by those that it inherits from.
struct Values<'a>(Vec<View<'a>>);

impl<'a> Values<'a> {
    fn of(document: &'a Document, name: &str, line: &[String]) -> Self {
        let mut names = vec![name.to_owned()];
        let mut sections = Vec::new();
        // `granted credential-process --profile dev` gives the same as `dev`.
        let mut next = option_value(line, &["--profile"]).filter(|other| other != name);
        let mut at = 0;
        while let Some(name) = names.get(at).cloned() {
            at += 1;
            let Some(section) = document.section(&Heading::Profile(name)) else { continue };
            let included = section.get("include_profile").map(|name| unquoted(name).to_owned());
            for other in next.take().into_iter().chain(included) {
                if !names.contains(&other) && names.len() < MOST_INCLUDED {
                    names.push(other);
                }
            }
            sections.push(section);
        }
        Self(sections)
    }

    fn get(&self, key: &str) -> Option<String> {
        let value = self.0.iter().find_map(|section| section.get(key));
        value.map(|value| unquoted(value).to_owned()).filter(|value| !value.is_empty())
    }

    fn place_of(&self, key: &str) -> Place {
        self.0.iter().find(|section| section.get(key).is_some()).unwrap_or(&self.0[0]).place_of(key)
    }
}

/// Users nest a few.
const MOST_INCLUDED: usize = 16;

/// Returns the value without the quotes that go-ini writes around it and removes on reading.
pub fn unquoted(value: &str) -> &str {
    let within = |quote: &str| value.strip_prefix(quote)?.strip_suffix(quote);
    ["\"\"\"", "`", "\"", "'"].into_iter().find_map(within).map_or(value, str::trim)
}

type Parts = (Portal, String, String);

/// Reads `sso_account_id` and so on, or an option of the line such as `--account-id`.
fn of_keys(
    document: &Document,
    values: &Values<'_>,
    prefix: &str,
    line: &[String],
) -> Result<Parts, (Place, &'static str)> {
    let get = |key: &str, option: &str| {
        values.get(&format!("{prefix}{key}")).or_else(|| option_value(line, &[option]))
    };
    let complaint = |why| (values.0[0].place(), why);
    let portal = if let Some(session) = values.get("sso_session").filter(|_| prefix == "sso_") {
        let of_session = document.section(&Heading::SsoSession(session));
        let of_session = of_session
            .ok_or((values.place_of("sso_session"), "its [sso-session …] section does not exist"))?;
        let get = |key| of_session.get(key).map(|value| unquoted(value).to_owned());
        let url = get("sso_start_url");
        let url = url.ok_or((of_session.place(), "its [sso-session …] section has no sso_start_url"))?;
        Portal::StartUrl { url, region: get("sso_region") }
    } else {
        let url = get("start_url", "--start-url").ok_or(complaint("it has no start URL"))?;
        Portal::StartUrl { url, region: get("region", "--region") }
    };
    let account = get("account_id", "--account-id").ok_or(complaint("it has no account ID"))?;
    let role = get("role_name", "--role-name").ok_or(complaint("it has no permission set"))?;
    Ok((portal, account, role))
}

/// Parses a line like `aws-sso -u open -S "Default" process --arn arn:aws:iam::111122223333:role/Admin`.
fn of_aws_sso(line: &[String]) -> Result<Parts, &'static str> {
    if !line.iter().any(|word| word == "process") {
        return Err("it runs aws-sso without `process`");
    }
    let portal = Portal::Named(option_value(line, &["-S", "--sso"]).unwrap_or_else(|| "Default".to_owned()));
    if let Some(arn) = option_value(line, &["-a", "--arn"]) {
        let parts: Vec<&str> = arn.split(':').collect();
        let [_, _, "iam", "", account, role] = parts.as_slice() else {
            return Err("its ARN is not that of a role");
        };
        let role = role.strip_prefix("role/").filter(|role| !role.is_empty());
        return Ok((portal, (*account).to_owned(), role.ok_or("its ARN is not that of a role")?.to_owned()));
    }
    match (option_value(line, &["-A", "--account"]), option_value(line, &["-R", "--role"])) {
        (Some(account), Some(role)) => Ok((portal, account, role)),
        _ => Err("it has no account ID and no permission set"),
    }
}

/// Returns the value after the first of `names`: `--name value` or `--name=value`.
fn option_value(line: &[String], names: &[&str]) -> Option<String> {
    line.iter().enumerate().find_map(|(at, word)| {
        let rest = names.iter().find_map(|name| word.strip_prefix(name))?;
        match rest {
            "" => line.get(at + 1).cloned(),
            rest => rest.strip_prefix('=').map(str::to_owned),
        }
    })
}

fn program_name(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".exe").unwrap_or(name)
}

#[cfg(test)]
mod tests;
