//! Checks of Keycloak's side.

use kcaws::app::error::AppError;
use kcaws::cli::doctor::finding::Finding;

use super::context::Context;
use super::failed;
use crate::app::MetadataRecord;
use crate::cli::metadata::words;
use crate::ports::keycloak::{KeycloakClient, KeycloakError};
use crate::realm::client::{ClientChange, ClientPlanError, DesiredClient, name_id_source, plan};
use crate::realm::idp_metadata::{IdpMetadata, MetadataChange, MetadataFinding, Severity, changes, check};
use crate::realm::rights::{GrantedRights, RealmTask};
use crate::realm::service_provider::{AssertionConsumerService, ServiceProvider};

/// Checks that the realm is reachable, and that it knows the service account.
pub(super) fn reached(context: &Context<'_>) -> Vec<Finding> {
    let url = context.file.realm.url();
    let keycloak = match context.keycloak() {
        Ok(keycloak) => keycloak,
        Err(failure) => return vec![failure.finding(&url)],
    };
    let server = keycloak.server_version().ok().flatten();
    let server = server.map_or_else(|| "reached".to_owned(), |version| format!("Keycloak {version} reached"));
    let who = &context.file.realm.client_id;
    let reached = match keycloak.user_count() {
        Ok(users) => Finding::ok(&url, format!("{server} as {who}; {users} users")),
        // The right is what the next check is about.
        Err(KeycloakError::Forbidden { .. }) => Finding::ok(&url, format!("{server} as {who}")),
        Err(error) => return vec![failed(&url, error)],
    };
    let other_name = keycloak.issuer().ok().filter(|issuer| *issuer != url).map(|issuer| {
        let fix =
            "set Keycloak's `hostname`, or [realm] url in the access file, to the address that browsers use";
        Finding::warning(&url, format!("the server calls the realm {issuer}"), fix)
    });
    std::iter::once(reached).chain(other_name).collect()
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
            let fix = "`kcaws admin client plan --metadata FILE` shows it, `client apply` corrects it";
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
    let rotated = rotated(context, &metadata);
    if found.is_empty() && rotated.is_empty() {
        return vec![Finding::ok(&url, "the identity provider's metadata is good for AWS")];
    }
    let finding = |one: &MetadataFinding| {
        let fix = "`kcaws admin metadata` explains it and writes the file for AWS";
        match one.severity() {
            Severity::Error => Finding::error(&url, one.to_string(), fix),
            Severity::Warning => Finding::warning(&url, one.to_string(), fix),
        }
    };
    found.iter().map(finding).chain(rotated).collect()
}

/// Compares the metadata with what was last written for AWS, which cannot be asked.
fn rotated(context: &Context<'_>, now: &IdpMetadata) -> Vec<Finding> {
    let url = context.file.realm.url();
    let record = match MetadataRecord::last(context.app.state(), &url) {
        Ok(record) => record,
        Err(error) => return vec![failed(&url, AppError::from(error))],
    };
    let Some(MetadataRecord { metadata: given, .. }) = record else { return Vec::new() };
    let fix = "run `kcaws admin metadata --out FILE` and upload the file in the console, under Settings, Identity source";
    let finding = |change: &MetadataChange| {
        let is_known =
            |fingerprint: &String| given.certificates.iter().any(|one| one.fingerprint == *fingerprint);
        let is_harmless = match change {
            MetadataChange::EntityId { .. } | MetadataChange::SignInUrls { .. } => false,
            MetadataChange::ActiveCertificate { after, .. } => is_known(after),
            MetadataChange::CertificateAdded { .. } | MetadataChange::CertificateRemoved { .. } => true,
        };
        if is_harmless {
            Finding::warning(&url, words(change), fix)
        } else {
            Finding::error(&url, format!("{}: AWS refuses every login", words(change)), fix)
        }
    };
    changes(&given, now).iter().map(finding).collect()
}
