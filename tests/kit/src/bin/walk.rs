//! A person's clicks on the simulator's pages and on Keycloak's, for shells:
//!
//! ```text
//! walk COOKIES approve URL USER PASSWORD     signs in and presses Allow
//! walk COOKIES show URL                      opens a page and prints its text
//! walk COOKIES press URL BUTTON              opens a page and presses a button
//! ```
//! COOKIES is a file: what the browser keeps from one walk to the next.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program for shells"
)]

use std::process::ExitCode;

use kcaws_test_kit::{Page, PageClient};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [cookies, what @ ..] = arguments.as_slice() else { return usage() };
    let mut client = PageClient::with_cookies(&std::fs::read_to_string(cookies).unwrap_or_default());
    match what {
        ["approve", url, user, password] => approve(&mut client, url, user, password),
        ["show", url] => tell(&client.open(url)),
        ["press", url, button] => {
            let page = client.open(url);
            tell(&page);
            press(&mut client, &page, button, &[]);
        }
        _ => return usage(),
    }
    std::fs::write(cookies, client.cookies()).unwrap();
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: walk COOKIES approve URL USER PASSWORD | COOKIES show URL | COOKIES press URL BUTTON");
    ExitCode::from(2)
}

/// Pages that one of them does not show are passed over.
fn approve(client: &mut PageClient, url: &str, user: &str, password: &str) {
    let credentials = &[("username", user), ("password", password)][..];
    let mut page = client.open(url);
    tell(&page);
    for (button, fields) in [
        ("Confirm", &[][..]),
        ("Sign in", credentials), // the simulator's own form
        ("Sign In", credentials), // Keycloak's
        ("Continue", &[]),        // its answer, which scripts send by themselves
        ("Allow", &[]),
    ] {
        if page.has_button(button) {
            page = press(client, &page, button, fields);
        }
    }
}

fn press(client: &mut PageClient, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
    println!("[{button}]");
    let next = client.submit(page, button, fields);
    tell(&next);
    next
}

fn tell(page: &Page) {
    for line in page.text().lines().map(str::trim).filter(|line| !line.is_empty()) {
        println!("{line}");
    }
}
