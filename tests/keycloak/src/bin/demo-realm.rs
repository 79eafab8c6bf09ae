//! A Keycloak with one realm, for shells: the realm and the simulator know each other, one person lives there.
//!
//! ```text
//! demo-realm SIMULATOR-URL SERVICE-PROVIDER-METADATA USER EMAIL PASSWORD
//! ```
//! Prints `keycloak URL`, `realm URL` and `ready`, each when it is so, and ends everything when standard input ends.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, reason = "a program for shells")]

use std::process::ExitCode;

use kcaws_test_keycloak::Server;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [simulator, metadata, user, email, password] = arguments.as_slice() else {
        eprintln!("usage: demo-realm SIMULATOR-URL SERVICE-PROVIDER-METADATA USER EMAIL PASSWORD");
        return ExitCode::from(2);
    };
    let server = match Server::start() {
        Ok(server) => server,
        Err(error) => {
            eprintln!("Keycloak does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("keycloak {}", server.url());
    let realm = server.realm();
    realm.create_user(user, email, password);
    println!("realm {}", realm.url());
    // Each side is given the other's metadata, as an administrator would in both consoles.
    realm.connect(&std::fs::read_to_string(metadata).unwrap());
    ureq::post(format!("{simulator}/_sim/idp-metadata")).send(realm.descriptor()).unwrap();
    println!("ready");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    ExitCode::SUCCESS
}
