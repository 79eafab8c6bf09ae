//! Finds who a profile is: the permission set, or the role assumed from one, that every SDK would act as.
//!
//! The SDKs disagree about which of several sources in one profile counts (`sources`), so each family is asked. If they
//! agree on something that kcaws provides, that is the identity; everything else is an error with the place that
//! decides. Nothing is executed to find out.

use super::document::{Document, Heading, View};
use super::role::Role;
use super::sources::{self, Family, ROLE_KEYS, Source};
use super::target::{SsoSession, Target, kcaws_arguments, option_value};
use super::{ConfigError, Place};

/// The longest session of a role assumed with another role's credentials.
///
/// AWS IAM user guide, "Roles terms and concepts: role chaining".
pub const LONGEST_CHAINED_SESSION: u32 = 3600;
/// `DurationSeconds` of AssumeRole (AWS STS API reference).
const SHORTEST_SESSION: u32 = 900;
/// The longest chain of profiles that refer to one another.
const LONGEST_WAY: usize = 50;

/// What a profile acts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub session: SsoSession,
    /// The permission set of the credentials; `None` if the profile names a session only.
    pub permission_set: Option<Role>,
    /// Roles assumed in order; the profile acts as the last of them.
    pub chain: Vec<AssumedRole>,
    /// The profile's own Region, as tools read it.
    pub region: Option<String>,
}

/// One step of role chaining, as configured in the profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumedRole {
    pub arn: RoleArn,
    pub external_id: Option<String>,
    pub session_name: Option<String>,
    /// Seconds, 900 to 43,200.
    pub duration: Option<u32>,
    pub mfa_serial: Option<String>,
    /// The Region whose STS is asked.
    pub region: Option<String>,
}

/// `arn:aws:iam::111122223333:role/path/Name`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleArn {
    text: String,
    role: Role,
}

impl RoleArn {
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account_id, resource] = parts[..] else { return None };
        let (_, name) =
            resource.strip_prefix("role/").map(|path| path.rsplit_once('/').unwrap_or(("", path)))?;
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_name = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
        };
        let is_fine = partition.starts_with("aws") && is_plain(text) && is_name(name);
        let role = Role::parse(account_id, name).ok().filter(|_| is_fine)?;
        Some(Self { text: text.to_owned(), role })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the account and the name without its path.
    pub fn role(&self) -> &Role {
        &self.role
    }
}

impl Identity {
    /// Returns the role that tools act as: the last one of the chain, or else the permission set.
    pub fn acts_as(&self) -> Option<&Role> {
        self.chain.last().map(|step| step.arn.role()).or(self.permission_set.as_ref())
    }

    /// Returns whether AWS would see the same caller. Names of sessions and Regions do not count.
    fn is_same_caller(&self, other: &Self) -> bool {
        let place = |identity: &Self| (identity.session.start_url.clone(), identity.session.region.clone());
        place(self) == place(other)
            && self.permission_set == other.permission_set
            && self.chain == other.chain
    }
}

impl AssumedRole {
    pub(super) fn of(section: &View<'_>) -> Result<Self, ConfigError> {
        let bad = |key: &str, what: &str| section.bad_value(key, &format!("{key} {what}"));
        let value = |key: &str| section.get(key).map(str::to_owned);
        for key in ROLE_KEYS.iter().chain(&["region"]) {
            section.visible(key)?;
        }
        let arn = value("role_arn").and_then(|arn| RoleArn::parse(&arn));
        let arn = arn.ok_or_else(|| bad("role_arn", "is not the ARN of an IAM role"))?;
        let duration = value("duration_seconds").map(|text| text.parse::<u32>());
        let duration = match duration {
            None => None,
            Some(Ok(seconds @ SHORTEST_SESSION..=43_200)) => Some(seconds),
            Some(_) => return Err(bad("duration_seconds", "is not a number from 900 to 43200")),
        };
        Ok(Self {
            arn,
            external_id: value("external_id"),
            session_name: value("role_session_name"),
            duration,
            mfa_serial: value("mfa_serial"),
            region: value("region"),
        })
    }
}

/// How one family of SDKs reads a profile.
enum Found {
    Ours(Identity),
    /// A source in which kcaws has no part.
    Elsewhere(Place),
    /// No source at all.
    Nothing(Place),
}

/// What a family uses from one of the profiles on its way.
struct Step {
    profile: String,
    taken: Option<sources::Taken>,
}

impl Found {
    /// Returns the identity of a target; the Region is added later.
    fn of(Target { session, role }: Target) -> Self {
        Self::Ours(Identity { session, permission_set: role, chain: Vec::new(), region: None })
    }
}

/// The files that SDKs read profiles from.
#[derive(Clone, Copy)]
pub struct ProfileFiles<'a> {
    pub config: &'a Document,
    /// `~/.aws/credentials`, whose sections have no prefix.
    pub credentials: Option<&'a Document>,
}

impl ProfileFiles<'_> {
    /// Returns who a profile is to every SDK.
    ///
    /// Errors: [`ConfigError::NotOurs`] if kcaws has no part in it, [`ConfigError::TakenElsewhere`] if only some SDKs
    /// would use kcaws, and the errors of a profile that refers to others.
    pub fn identity(&self, profile: &str) -> Result<Identity, ConfigError> {
        let (mut ours, mut elsewhere) = (None, None);
        // Families that find something else come first, since what they use is the problem.
        let (mut trails, mut of_ours) = (Vec::new(), Vec::new());
        let mut is_same = true;
        for family in Family::ALL {
            let mut trail = Vec::new();
            match self.resolve(family, profile, &mut trail)? {
                Found::Ours(identity) => {
                    is_same &= ours.as_ref().is_none_or(|first: &Identity| first.is_same_caller(&identity));
                    ours.get_or_insert(identity);
                    of_ours.push((family, trail));
                }
                Found::Elsewhere(place) | Found::Nothing(place) => {
                    elsewhere.get_or_insert(place);
                    trails.push((family, trail));
                }
            }
        }
        trails.extend(of_ours);
        match (ours, elsewhere) {
            (Some(identity), None) if is_same => {
                self.check_additions(&trails)?;
                Ok(Identity { region: self.region(profile)?, ..identity })
            }
            (None, Some(place)) => Err(ConfigError::NotOurs { place, name: profile.to_owned() }),
            _ => Err(where_they_differ(&trails).unwrap_or_else(|| self.no_such_profile(profile))),
        }
    }

    /// Returns the profile's own Region; SDKs read both files as one, and `~/.aws/credentials` wins.
    fn region(&self, profile: &str) -> Result<Option<String>, ConfigError> {
        let sections = [sources::in_credentials(self.credentials, profile), self.section(profile)];
        for section in sections.into_iter().flatten() {
            if let Some(region) = section.visible("region")? {
                return Ok(Some(region.to_owned()));
            }
        }
        Ok(None)
    }

    /// Refuses a profile to which Python's parser adds something that changes who it is.
    fn check_additions(&self, trails: &[(Family, Vec<Step>)]) -> Result<(), ConfigError> {
        let mut steps = trails.iter().flat_map(|(_, trail)| trail);
        let added = steps.find_map(|Step { profile, .. }| {
            Some((profile, sources::added_by_python(self.config, self.credentials, profile)?))
        });
        added.map_or(Ok(()), |(profile, sources::Taken { key, place, .. })| {
            Err(ConfigError::TakenElsewhere { place, name: profile.clone(), key, family: Family::Botocore })
        })
    }

    /// Follows one family from profile to profile, and adds what it uses in each to `trail`.
    fn resolve(&self, family: Family, profile: &str, trail: &mut Vec<Step>) -> Result<Found, ConfigError> {
        let section = self.section(profile);
        let Some(place) = section.as_ref().map(View::place).or_else(|| self.place_in_credentials(profile))
        else {
            return Err(self.no_such_profile(profile));
        };
        // Any of its lines may have been the one that decides.
        if let Some(error) =
            section.as_ref().and_then(View::damage).or_else(|| self.damage_in_credentials(profile))
        {
            return Err(error);
        }
        let taken = self.taken_as_source(family, profile, !trail.is_empty());
        trail.push(Step { profile: profile.to_owned(), taken: taken.clone() });
        let Some(taken) = taken else { return Ok(Found::Nothing(place)) };
        if let Some(place) = self.overridden(profile, taken.source) {
            return Ok(Found::Elsewhere(place));
        }
        match (taken.source, &section) {
            (Source::AssumeRole, Some(section)) => self.chained(family, profile, section, taken, trail),
            (Source::Process, Some(section)) => self.of_line(family, profile, section, taken, trail),
            (Source::Sso | Source::SsoRole, Some(_)) => self.config.target_by_keys(profile).map(Found::of),
            _ => Ok(Found::Elsewhere(taken.place)),
        }
    }

    /// Returns what the family uses from a profile that another one refers to.
    ///
    /// Keys of its own come first there, according to botocore, Rust and JavaScript.
    fn taken_as_source(&self, family: Family, profile: &str, is_source: bool) -> Option<sources::Taken> {
        let keys = (is_source && family != Family::Go).then(|| self.own_keys(profile)).flatten();
        keys.or_else(|| sources::taken(family, self.config, self.credentials, profile))
    }

    fn own_keys(&self, profile: &str) -> Option<sources::Taken> {
        let found = |source| sources::find(source, self.config, self.credentials, profile);
        found(Source::CredentialsFile).or_else(|| found(Source::ConfigKeys))
    }

    fn chained(
        &self,
        family: Family,
        profile: &str,
        section: &View<'_>,
        taken: sources::Taken,
        trail: &mut Vec<Step>,
    ) -> Result<Found, ConfigError> {
        let has = |key| section.get(key).is_some();
        // A longer chain is a mistake, or meant to exhaust the stack.
        if trail.len() > LONGEST_WAY {
            let what = format!("source_profile leads through more than {LONGEST_WAY} profiles");
            return Err(ConfigError::BadValue { place: section.place_of("source_profile"), what });
        }
        if has("web_identity_token_file") {
            return Ok(Found::Elsewhere(taken.place));
        }
        let name = profile.to_owned();
        let source = match (section.visible("source_profile")?, has("credential_source")) {
            (Some(_), true) => {
                return Err(ConfigError::TwoSources { place: section.place_of("credential_source"), name });
            }
            (None, true) => return Ok(Found::Elsewhere(taken.place)),
            (None, false) => return Err(ConfigError::NoSource { place: taken.place, name }),
            (Some(source), false) => source,
        };
        let place = section.place_of("source_profile");
        let source_profile = source.to_owned();
        if !self.has(source) {
            return Err(ConfigError::NoSuchSource { place, name, source_profile });
        }
        // With keys of its own a profile may assume the role without another one.
        if source == profile
            && let Some(keys) = self.own_keys(profile)
        {
            return Ok(Found::Elsewhere(keys.place));
        }
        if let Some(error) = circle(trail, source, &place) {
            return Err(error);
        }
        Ok(match self.resolve(family, source, trail)? {
            Found::Nothing(_) | Found::Ours(Identity { permission_set: None, .. }) => {
                return Err(ConfigError::EmptySource { place, name, source_profile });
            }
            Found::Elsewhere(place) => Found::Elsewhere(place),
            Found::Ours(mut identity) => {
                identity.chain.push(AssumedRole::of(section)?);
                Found::Ours(identity)
            }
        })
    }

    fn of_line(
        &self,
        family: Family,
        profile: &str,
        section: &View<'_>,
        taken: sources::Taken,
        trail: &mut Vec<Step>,
    ) -> Result<Found, ConfigError> {
        let line = section.get("credential_process").and_then(kcaws_arguments);
        let Some(line) = line else {
            let ours = self.config.target_by_line(profile)?;
            return Ok(ours.map_or(Found::Elsewhere(taken.place), Found::of));
        };
        let Some(other) = option_value(&line, "--profile") else {
            return Ok(self.config.target_by_line(profile)?.map_or(Found::Elsewhere(taken.place), Found::of));
        };
        if trail.iter().any(|step| step.profile == other) {
            return Err(ConfigError::Circular { place: taken.place, name: profile.to_owned() });
        }
        // The line runs kcaws, which resolves the other profile as a profile of its own.
        self.resolve(family, other, trail)
    }

    /// Returns the key's place in the credentials file, which takes precedence, if the source is there.
    fn overridden(&self, profile: &str, source: Source) -> Option<Place> {
        let keys = match source {
            Source::AssumeRole => ROLE_KEYS,
            Source::Sso | Source::SsoRole => source.keys(),
            _ => &[],
        };
        let section = sources::in_credentials(self.credentials, profile)?;
        keys.iter().find(|key| section.get(key).is_some()).map(|key| section.place_of(key))
    }

    /// Returns whether either file has the profile.
    pub fn has(&self, profile: &str) -> bool {
        self.section(profile).is_some() || self.place_in_credentials(profile).is_some()
    }

    pub(super) fn section(&self, profile: &str) -> Option<View<'_>> {
        self.config.section(&Heading::Profile(profile.to_owned()))
    }

    fn place_in_credentials(&self, profile: &str) -> Option<Place> {
        sources::in_credentials(self.credentials, profile).map(|section| section.place())
    }

    fn damage_in_credentials(&self, profile: &str) -> Option<ConfigError> {
        sources::in_credentials(self.credentials, profile)?.damage()
    }

    fn no_such_profile(&self, profile: &str) -> ConfigError {
        self.config.no_such_profile(profile)
    }
}

/// Returns the error that the last profile of the trail refers to one that is already on it.
fn circle(trail: &[Step], to: &str, place: &Place) -> Option<ConfigError> {
    let start = trail.iter().position(|step| step.profile == to)?;
    let names = trail[start..].iter().map(|step| step.profile.clone());
    let circle: Vec<String> = names.chain([to.to_owned()]).collect();
    let name = trail.last()?.profile.clone();
    Some(ConfigError::CircularSource { place: place.clone(), name, circle })
}

/// Returns the first profile in which families differ, and what one of them uses there in place of a kcaws line.
fn where_they_differ(trails: &[(Family, Vec<Step>)]) -> Option<ConfigError> {
    let source = |step: &Step| step.taken.as_ref().map(|taken| taken.source);
    let longest = trails.iter().map(|(_, trail)| trail.len()).max()?;
    let at = (0..longest).find(|at| {
        let mut here = trails.iter().map(|(_, trail)| trail.get(*at).map(source));
        let first = here.next();
        here.any(|one| Some(one) != first)
    })?;
    let found = |&(family, ref trail): &(Family, Vec<Step>)| {
        let step = trail.get(at)?;
        let taken = step.taken.as_ref().filter(|taken| taken.source != Source::Process)?;
        let (place, key, name) = (taken.place.clone(), taken.key, step.profile.clone());
        Some(ConfigError::TakenElsewhere { place, name, key, family })
    };
    trails.iter().find_map(found)
}

#[cfg(test)]
mod tests;
