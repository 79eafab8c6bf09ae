//! A Keycloak with one realm, for shells.
//!
//! ```text
//! demo-realm SIMULATOR-URL SERVICE-PROVIDER-METADATA USER EMAIL PASSWORD
//! demo-realm --admin SIMULATOR-URL PASSWORD CLIENT-SECRET USER...
//! ```
//! In the first form the realm and the simulator know each other. In the second they do not: the realm has the service
//! account `kcaws-admin` and the group `/aws/PowerUser` of these users, whose addresses are USER@example.com; keys for AWS
//! and a SCIM token are printed, and a line `trust FILE` on standard input gives the simulator that metadata.
//!
//! Prints `keycloak URL`, `realm URL` and `ready`, each when it is so, and ends everything when standard input ends.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, reason = "a program for shells")]

use std::io::BufRead;
use std::process::ExitCode;

use kcaws_test_keycloak::{Realm, Server};
use serde_json::{Value, json};

/// What `kcaws admin` needs for all of its commands.
const ROLES: [&str; 6] =
    ["manage-clients", "manage-events", "manage-users", "view-events", "view-realm", "view-users"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let server = match arguments.as_slice() {
        ["--admin", _, _, _, _, ..] | [_, _, _, _, _] => Server::start(),
        _ => {
            eprintln!("usage: demo-realm SIMULATOR-URL SERVICE-PROVIDER-METADATA USER EMAIL PASSWORD");
            eprintln!("       demo-realm --admin SIMULATOR-URL PASSWORD CLIENT-SECRET USER...");
            return ExitCode::from(2);
        }
    };
    let server = match server {
        Ok(server) => server,
        Err(error) => {
            eprintln!("Keycloak does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("keycloak {}", server.url());
    let realm = server.realm();
    match arguments.as_slice() {
        ["--admin", simulator, password, secret, users @ ..] => {
            println!("realm {}", realm.url());
            unconnected(&realm, simulator, password, secret, users);
        }
        [simulator, metadata, user, email, password] => {
            realm.create_user(user, email, password);
            println!("realm {}", realm.url());
            // Each side is given the other's metadata, as an administrator would in both consoles.
            realm.connect(&std::fs::read_to_string(metadata).unwrap());
            trust(simulator, &realm.descriptor());
            println!("ready");
            std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
        }
        _ => unreachable!("looked at before"),
    }
    ExitCode::SUCCESS
}

fn unconnected(realm: &Realm<'_>, simulator: &str, password: &str, secret: &str, users: &[&str]) {
    realm.create_service_account("kcaws-admin", secret, &ROLES);
    realm.admin("POST", "/groups", Some(&json!({ "name": "aws" })));
    let id = |path: &str| realm.admin("GET", &format!("/group-by-path/{path}"), None)["id"].clone();
    let below = format!("/groups/{}/children", id("aws").as_str().unwrap());
    realm.admin("POST", &below, Some(&json!({ "name": "PowerUser" })));
    let group = id("aws/PowerUser");
    for name in users {
        let user = realm.create_user(name, &format!("{name}@example.com"), password);
        realm.admin("PUT", &format!("/users/{}/groups/{}", user.id(), group.as_str().unwrap()), None);
    }
    let key = control(simulator, "access-key", "{}");
    println!("access-key-id {}", key["access_key_id"].as_str().unwrap());
    println!("secret-access-key {}", key["secret_access_key"].as_str().unwrap());
    let scim = control(simulator, "scim-token", "");
    println!("scim-endpoint {}", scim["endpoint"].as_str().unwrap());
    println!("scim-token {}", scim["token"].as_str().unwrap());
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let file = line.strip_prefix("trust ").expect("the only line there is");
        trust(simulator, &std::fs::read_to_string(file).unwrap());
        println!("trusted");
    }
}

/// Makes the realm the identity source.
fn trust(simulator: &str, metadata: &str) {
    control(simulator, "idp-metadata", metadata);
}

fn control(simulator: &str, path: &str, body: &str) -> Value {
    let mut answer = ureq::post(format!("{simulator}/_sim/{path}")).send(body).unwrap();
    serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap_or_default()
}
