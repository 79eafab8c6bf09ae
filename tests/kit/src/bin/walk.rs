//! A person's clicks on the simulator's pages, for shells:
//!
//! ```text
//! walk approve URL USER PASSWORD     signs in and presses Allow
//! walk show URL                      opens a page and prints its text
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for shells")]

use std::process::ExitCode;

use kcaws_test_kit::{Page, Walk};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["approve", url, user, password] => approve(url, user, password),
        ["show", url] => tell(&Walk::new().open(url)),
        _ => {
            eprintln!("usage: walk approve URL USER PASSWORD | walk show URL");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn approve(url: &str, user: &str, password: &str) {
    let mut walk = Walk::new();
    let mut page = walk.open(url);
    tell(&page);
    for (button, fields) in [
        ("Confirm", &[][..]),
        ("Sign in", &[("username", user), ("password", password)][..]),
        ("Allow", &[][..]),
    ] {
        if page.has_button(button) {
            println!("[{button}]");
            page = walk.submit(&page, button, fields);
            tell(&page);
        }
    }
}

fn tell(page: &Page) {
    for line in page.text().lines().map(str::trim).filter(|line| !line.is_empty()) {
        println!("{line}");
    }
}
