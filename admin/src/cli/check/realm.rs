//! Checks of Keycloak's side.

use kcaws::cli::doctor::finding::Finding;

use super::context::Context;
use super::failed;
use crate::ports::keycloak::{Keycloak, KeycloakClient, KeycloakError, KeycloakUser, UserDetail};
use crate::realm::client::{ClientChange, ClientPlanError, DesiredClient, name_id_source, plan};
use crate::realm::idp_metadata::{IdpMetadata, MetadataFinding, Severity, check};
use crate::realm::name_id::{NameIdEvidence, name_of, prove};
use crate::realm::rights::{GrantedRights, RealmTask};
use crate::realm::service_provider::{AssertionConsumerService, ServiceProvider};

/// How many people are named in one line.
const NAMED: usize = 5;

/// Checks that the realm is reachable, and that it knows the service account.
pub(super) fn reached(context: &Context<'_>) -> Vec<Finding> {
    let url = context.file.realm.url();
    let keycloak = match context.keycloak() {
        Ok(keycloak) => keycloak,
        Err(failure) => return vec![failure.finding(&url)],
    };
    vec![match keycloak.user_count() {
        Ok(users) => Finding::ok(&url, format!("reached as {}; {users} users", context.file.realm.client_id)),
        // The right is what the next check is about.
        Err(KeycloakError::Forbidden { .. }) => {
            Finding::ok(&url, format!("reached as {}", context.file.realm.client_id))
        }
        Err(error) => failed(&url, error),
    }]
}

/// Checks that the service account has the rights it needs, and no more.
pub(super) fn rights(context: &Context<'_>) -> Vec<Finding> {
    let Ok(keycloak) = context.keycloak() else { return Vec::new() };
    let who = &context.file.realm.client_id;
    let granted = match GrantedRights::probe(keycloak) {
        Ok(granted) => granted,
        Err(error) => return vec![failed(who, error)],
    };
    let missing = granted.missing_for(RealmTask::Check);
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|right| right.as_str()).collect();
        let fix = "assign it in Clients, the service account's client, Service accounts roles: `kcaws admin policy keycloak`";
        return vec![Finding::error(who, format!("lacks {}", names.join(", ")), fix)];
    }
    let beyond = granted.beyond(RealmTask::ALL);
    if beyond.is_empty() {
        return vec![Finding::ok(who, "has the rights that check and sync need")];
    }
    let names: Vec<&str> = beyond.iter().map(|right| right.as_str()).collect();
    vec![Finding::warning(
        who,
        format!("has more rights than kcaws uses: {}", names.join(", ")),
        "take them away",
    )]
}

/// Checks how long the realm lets AWS keep a session.
pub(super) fn sessions(context: &Context<'_>) -> Vec<Finding> {
    let Ok(settings) =
        context.keycloak().map_err(|_| ()).and_then(|keycloak| keycloak.realm().map_err(|_| ()))
    else {
        return Vec::new();
    };
    let name = &context.file.realm.name;
    let hours = settings.sso_session_max_lifespan / 3600;
    let mut found = vec![Finding::ok(
        name,
        format!("AWS ends a portal session after {hours} h at the latest (SSO session max of the realm)"),
    )];
    if settings.duplicate_emails_allowed {
        found.push(Finding::warning(
            name,
            "two users may have the same e-mail address, which is a user name in AWS",
            "turn off Realm settings, Login, Duplicate emails",
        ));
    }
    found
}

/// Checks the SAML client for Identity Center.
pub(super) fn client(context: &Context<'_>) -> Vec<Finding> {
    let Ok(keycloak) = context.keycloak() else { return Vec::new() };
    let Some(client) = context.client() else {
        return vec![Finding::error(
            &context.file.realm.name,
            "there is no SAML client for this instance, or it cannot be read",
            "run `kcaws admin client plan --metadata FILE` with the metadata from the console",
        )];
    };
    let provider = context.provider.clone().unwrap_or_else(|| as_it_is(client));
    let Some(source) = name_id_source(client) else {
        return vec![Finding::error(
            &client.client_id,
            "what it sends as NameID cannot be used by AWS",
            "run `kcaws admin client apply --metadata FILE`",
        )];
    };
    let portal = client.other.get("baseUrl").and_then(|url| url.as_str()).filter(|url| !url.is_empty());
    match plan(keycloak, &DesiredClient::new(&provider, &source, portal)) {
        Ok(plan) if plan.is_empty() => vec![Finding::ok(&client.client_id, "is as AWS needs it")],
        Ok(plan) => {
            let paths: Vec<String> = plan.changes.iter().map(ClientChange::path).collect();
            let fix = "`kcaws admin client plan --metadata FILE` shows it, `client apply` mends it";
            vec![Finding::error(&client.client_id, format!("differs in {}", paths.join(", ")), fix)]
        }
        Err(ClientPlanError::Keycloak(error)) => vec![failed(&client.client_id, error)],
        Err(error @ ClientPlanError::AnotherProtocol { .. }) => vec![Finding::error(
            &client.client_id,
            error.to_string(),
            "remove that client in the admin console if nothing uses it",
        )],
    }
}

/// Returns a service provider with the addresses that the client has, when AWS's metadata is not at hand.
fn as_it_is(client: &KeycloakClient) -> ServiceProvider {
    let default = client.attributes.get("saml_assertion_consumer_url_post");
    let service = |location: &String| AssertionConsumerService {
        location: location.clone(),
        index: None,
        is_default: (Some(location) == default).then_some(true),
    };
    ServiceProvider {
        entity_id: client.client_id.clone(),
        services: client.redirect_uris.iter().map(service).collect(),
        name_id_formats: Vec::new(),
    }
}

/// Checks the metadata that AWS is given: addresses and certificates.
pub(super) fn metadata(context: &Context<'_>) -> Vec<Finding> {
    let Ok(keycloak) = context.keycloak() else { return Vec::new() };
    let url = context.file.realm.url();
    let text = match keycloak.descriptor() {
        Ok(text) => text,
        Err(error) => return vec![failed(&url, error)],
    };
    let metadata = match IdpMetadata::parse(&text) {
        Ok(metadata) => metadata,
        Err(error) => {
            return vec![Finding::error(
                &url,
                error.to_string(),
                "see the server's log; a proxy may answer in its place",
            )];
        }
    };
    let found = check(&metadata, &url, context.app.clock.now());
    if found.is_empty() {
        return vec![Finding::ok(&url, "the identity provider's metadata is good for AWS")];
    }
    let finding = |one: &MetadataFinding| {
        let fix = "`kcaws admin metadata` explains it and writes the file for AWS";
        match one.severity() {
            Severity::Error => Finding::error(&url, one.to_string(), fix),
            Severity::Warning => Finding::warning(&url, one.to_string(), fix),
        }
    };
    found.iter().map(finding).collect()
}

/// Checks that every user has a name for AWS, and proves one of them.
pub(super) fn name_id(context: &Context<'_>) -> Vec<Finding> {
    let (Ok(keycloak), Some(client)) = (context.keycloak(), context.client()) else { return Vec::new() };
    let Some(source) = name_id_source(client) else { return Vec::new() };
    let (mut nameless, mut count, mut first) = (Vec::new(), 0_usize, None);
    let read = keycloak.users(UserDetail::Full, &mut |user| {
        if !user.enabled {
            return;
        }
        if name_of(&source, &user).is_some() {
            first = first.take().or(Some(user));
            return;
        }
        count += 1;
        if nameless.len() < NAMED {
            nameless.push(user.username);
        }
    });
    if let Err(error) = read {
        return vec![failed(&context.file.realm.name, error)];
    }
    let mut found = Vec::new();
    if count > 0 {
        let more = if count > nameless.len() { ", …" } else { "" };
        found.push(Finding::warning(
            &context.file.realm.name,
            format!(
                "{count} enabled users have no {source} and cannot sign in to AWS: {}{more}",
                nameless.join(", ")
            ),
            "give them one; the others are not affected",
        ));
    }
    match subject(context, keycloak, first) {
        Ok(Some(user)) => found.push(proven(keycloak, client, &user)),
        Ok(None) => {}
        Err(finding) => found.push(finding),
    }
    found
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

fn proven(keycloak: &dyn Keycloak, client: &KeycloakClient, user: &KeycloakUser) -> Finding {
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
    match proof.name_id {
        Some(name) if proof.has_email_format => {
            Finding::ok(&user.username, format!("AWS gets the name {name} ({how})"))
        }
        Some(name) => Finding::error(
            &user.username,
            format!("AWS gets the name {name} in a format other than emailAddress ({how})"),
            "run `kcaws admin client apply --metadata FILE`",
        ),
        None => Finding::error(
            &user.username,
            format!("AWS gets no name ({how})"),
            "give the user an e-mail address",
        ),
    }
}
