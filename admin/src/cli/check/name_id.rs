//! Checks that AWS gets the name that Identity Center knows a person by.

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;

use kcaws::cli::doctor::finding::Finding;

use super::context::Context;
use super::failed;
use crate::app::AdminError;
use crate::pacing::DEFAULT_RATE;
use crate::ports::aws_call::AwsError;
use crate::ports::keycloak::{Keycloak, KeycloakClient, KeycloakUser, UserDetail};
use crate::realm::client::{NameIdSource, name_id_source};
use crate::realm::name_id::{NameIdEvidence, name_of, prove};
use crate::sync::call::{CallError, Calls, REALM_RATE};
use crate::sync::read_fault::{PlanError, ReadFault};
use crate::sync::scope::Field;
use crate::sync::source::{self, KeycloakRealm};
use crate::sync::user_names::{KnownAs, UserNames};

/// How many people are named in one line.
const NAMED: usize = 5;

/// Checks that every user has a name for AWS that AWS knows, and proves one of them.
pub(super) fn name_id(context: &Context<'_>) -> Vec<Finding> {
    let (Ok(keycloak), Some(client)) = (context.keycloak(), context.client()) else { return Vec::new() };
    let Some(source) = name_id_source(client) else { return Vec::new() };
    let people = match People::read(keycloak, &source) {
        Ok(people) => people,
        Err(error) => return vec![failed(&context.file.realm.name, error)],
    };
    let mut found = Vec::new();
    found.extend(nameless(context, &source, &people.nameless));
    found.extend(other_setting(context, &source));
    let names = user_names(context).unwrap_or_else(|finding| {
        found.push(finding);
        None
    });
    if let Some(names) = names.as_ref().filter(|_| context.user.is_none()) {
        found.extend(compared(context, keycloak, &people, names).unwrap_or_else(|finding| vec![finding]));
    }
    match subject(context, keycloak, people.first) {
        Ok(Some(user)) => found.push(proven(context, keycloak, client, &user, names.as_ref())),
        Ok(None) => {}
        Err(finding) => found.push(finding),
    }
    found
}

/// The enabled users of the realm, by their names for AWS.
#[derive(Default)]
struct People {
    named: Vec<Named>,
    nameless: Few,
    /// The first who has a name.
    first: Option<KeycloakUser>,
}

struct Named {
    id: String,
    name_id: String,
}

/// How many there are, and some of them.
#[derive(Default)]
struct Few {
    count: usize,
    shown: Vec<String>,
}

impl Few {
    fn add(&mut self, one: impl Into<String>) {
        self.count += 1;
        if self.shown.len() < NAMED {
            self.shown.push(one.into());
        }
    }

    fn text(&self) -> String {
        let more = if self.count > self.shown.len() { ", …" } else { "" };
        format!("{}{more}", self.shown.join(", "))
    }
}

impl People {
    fn read(keycloak: &dyn Keycloak, source: &NameIdSource) -> Result<Self, AdminError> {
        let mut people = Self::default();
        keycloak.users(UserDetail::Full, &mut |user| {
            if !user.enabled {
                return;
            }
            match name_of(source, &user) {
                Some(name_id) => {
                    people.named.push(Named { id: user.id.clone(), name_id });
                    people.first = people.first.take().or(Some(user));
                }
                None => people.nameless.add(user.username),
            }
        })?;
        Ok(people)
    }
}

fn nameless(context: &Context<'_>, source: &NameIdSource, nameless: &Few) -> Option<Finding> {
    let why = format!(
        "{} enabled users have no {source} and cannot sign in to AWS: {}",
        nameless.count,
        nameless.text()
    );
    let fix = "give them one; the others are not affected";
    (nameless.count > 0).then(|| Finding::warning(&context.file.realm.name, why, fix))
}

/// Compares what the sync writes as user names with what the client sends.
fn other_setting(context: &Context<'_>, source: &NameIdSource) -> Option<Finding> {
    let field = &context.file.directory.as_ref()?.user_name;
    let is_same = match (field, source) {
        (Field::Email, NameIdSource::Email) | (Field::UserName, NameIdSource::Username) => true,
        (Field::Attribute(written), NameIdSource::Attribute(sent)) => written == sent,
        _ => false,
    };
    if is_same {
        return None;
    }
    let field = String::from(field.clone());
    let why = format!("the SAML client sends {source} as the name, but the sync writes {field}");
    let fix = format!(
        "set user_name = \"{source}\" in [directory], or run `kcaws admin client apply --name-id {field} --metadata FILE`"
    );
    Some(Finding::error("[directory]", why, fix))
}

/// Reads the user names in Identity Center; `None` if the instance is not known, which is another check's.
fn user_names(context: &Context<'_>) -> Result<Option<UserNames>, Finding> {
    let (Ok(instance), Ok(aws)) = (context.instance(), context.app.aws(context.file)) else {
        return Ok(None);
    };
    let store = aws.identity_store(&instance.identity_store_id, false);
    let calls = Calls::new(&*context.app.clock, DEFAULT_RATE);
    let subject = &instance.identity_store_id;
    UserNames::read(&store, &calls).map(Some).map_err(|fault| match fault {
        ReadFault::Call { source: CallError::Denied(source), .. } if is_missing_right(&*source) => {
            Finding::warning(
                subject,
                "the user names in Identity Center were not compared: AWS denied identitystore:ListUsers",
                "`kcaws admin policy aws --read-only` prints the rights that are needed",
            )
        }
        other => failed(subject, AdminError::from(PlanError::from(other))),
    })
}

fn is_missing_right(source: &(dyn Error + Send + Sync + 'static)) -> bool {
    matches!(source.downcast_ref(), Some(AwsError::Denied { .. }))
}

/// Compares the names of those who are meant to be in AWS with the user names there.
fn compared(
    context: &Context<'_>,
    keycloak: &dyn Keycloak,
    people: &People,
    names: &UserNames,
) -> Result<Vec<Finding>, Finding> {
    let scope = scope(context, keycloak)?;
    let (mut known, mut unknown, mut disabled) = (0, Few::default(), Few::default());
    let mut other_cases = Vec::new();
    let is_meant = |person: &&Named| scope.as_ref().is_none_or(|scope| scope.contains(person.id.as_str()));
    for person in people.named.iter().filter(is_meant) {
        match names.find(&person.name_id) {
            KnownAs::Itself => known += 1,
            KnownAs::Disabled => disabled.add(&person.name_id),
            KnownAs::OtherCase(other) => other_cases.push(other_case(&person.name_id, other)),
            KnownAs::Nobody => unknown.add(&person.name_id),
        }
    }
    let (subject, mut found) = ("Identity Center", other_cases);
    if disabled.count > 0 {
        let why = format!("{} users are disabled in AWS only: {}", disabled.count, disabled.text());
        found.push(Finding::warning(subject, why, "`kcaws admin sync plan` shows whether it enables them"));
    }
    let (missing, fix) = (unknown.count, "`kcaws admin sync plan` shows who would be added");
    let why = format!("AWS has no user of the names of {missing}, and refuses them: {}", unknown.text());
    if missing > 0 && scope.is_some() {
        found.push(Finding::error(subject, why, fix));
    } else if missing > 0 && known == 0 {
        found.push(Finding::warning(
            subject,
            why,
            "add [directory] to the access file, and run `kcaws admin sync plan`",
        ));
    } else {
        found.push(Finding::ok(subject, format!("{known} of {} users are known to AWS", known + missing)));
    }
    Ok(found)
}

/// Returns the IDs of those who are in scope; `None` if the access file does not say.
fn scope(context: &Context<'_>, keycloak: &dyn Keycloak) -> Result<Option<HashSet<Arc<str>>>, Finding> {
    let Some(settings) = &context.file.directory else { return Ok(None) };
    let calls = Calls::new(&*context.app.clock, REALM_RATE);
    let snapshot = source::read(&KeycloakRealm(keycloak), &calls, settings)
        .map_err(|error| failed("[directory]", AdminError::from(error)))?;
    Ok(Some(snapshot.people.into_iter().map(|person| person.id).collect()))
}

fn other_case(name: &str, other: &str) -> Finding {
    Finding::error(
        name,
        format!("AWS knows this user as {other}: capitals count, and AWS refuses the login"),
        "give the user in Identity Center the same name: `kcaws admin sync plan --adopt` shows it",
    )
}

/// Returns the user whose name is proven: the one asked for, else the first who has one.
fn subject(
    context: &Context<'_>,
    keycloak: &dyn Keycloak,
    first: Option<KeycloakUser>,
) -> Result<Option<KeycloakUser>, Finding> {
    let Some(wanted) = context.user else { return Ok(first) };
    let by_name = keycloak.user_by_name(wanted).map_err(|error| failed(wanted, error))?;
    let by_email = || keycloak.users_by_email(wanted).map_err(|error| failed(wanted, error));
    let found = match by_name {
        Some(user) => Some(user),
        None => by_email()?.into_iter().next(),
    };
    let missing = || {
        Finding::error(
            wanted,
            "there is no such user in the realm",
            "use the exact user name or e-mail address",
        )
    };
    found.map(Some).ok_or_else(missing)
}

fn proven(
    context: &Context<'_>,
    keycloak: &dyn Keycloak,
    client: &KeycloakClient,
    user: &KeycloakUser,
    names: Option<&UserNames>,
) -> Finding {
    let proof = match prove(keycloak, client, user) {
        Ok(proof) => proof,
        Err(error) => {
            return Finding::error(&user.username, error.to_string(), "see `kcaws admin client plan`");
        }
    };
    let how = match proof.evidence {
        NameIdEvidence::ExampleResponse => "by an example of Keycloak's response",
        NameIdEvidence::ClientMappers => "by the client's mappers: this server makes no example",
    };
    let Some(name) = proof.name_id else {
        let why = format!("AWS gets no name ({how})");
        return Finding::error(&user.username, why, "give the user an e-mail address");
    };
    if !proof.has_email_format {
        return Finding::error(
            &user.username,
            format!("AWS gets the name {name} in a format other than emailAddress ({how})"),
            "run `kcaws admin client apply --metadata FILE`",
        );
    }
    // Of everybody else, the comparison speaks.
    let asked = names.filter(|_| context.user.is_some());
    let refused = asked.and_then(|names| refused(&user.username, &name, names));
    refused.unwrap_or_else(|| Finding::ok(&user.username, format!("AWS gets the name {name} ({how})")))
}

/// Returns why AWS refuses a user whom Keycloak lets in.
fn refused(user: &str, name: &str, names: &UserNames) -> Option<Finding> {
    match names.find(name) {
        KnownAs::Itself => None,
        KnownAs::OtherCase(other) => Some(other_case(name, other)),
        KnownAs::Disabled => Some(Finding::error(
            user,
            format!("AWS gets the name {name}, and the user is disabled there"),
            "`kcaws admin sync explain USER` shows why",
        )),
        KnownAs::Nobody => Some(Finding::error(
            user,
            format!("AWS gets the name {name}, has no user of that name, and refuses the login"),
            "put the user into a group of [directory], then `kcaws admin sync apply`; `kcaws admin sync explain USER` shows the groups",
        )),
    }
}
