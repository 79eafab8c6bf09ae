//! The binary against the simulator: every command, every answer of AWS's that has a row in a table.
//! Tokens lie in the kernel keyring here; the desktop's keyring has its own suite (`tests/e2e`).

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "test code")]

mod fixture;
mod test_account_access;
mod test_accounts;
mod test_arrows;
mod test_auto_login;
mod test_bounds;
mod test_chained;
mod test_config;
mod test_configure;
mod test_configure_terminal;
mod test_console;
mod test_console_browser;
mod test_console_ways;
mod test_console_where;
mod test_credential_process;
mod test_crowd;
mod test_docs;
mod test_docs_examples;
mod test_docs_json;
mod test_doctor;
mod test_dual_stack;
mod test_endpoints;
mod test_explain;
mod test_grammar;
mod test_help;
mod test_import;
mod test_in_between;
mod test_kms_key;
mod test_login;
mod test_login_page;
mod test_login_person;
mod test_login_pkce;
mod test_login_qr;
mod test_logout;
mod test_name_servers;
mod test_offboarding;
mod test_picker;
mod test_portals;
mod test_project;
mod test_proxy;
mod test_readme;
mod test_refusals;
mod test_settings;
mod test_snapshots;
mod test_start_url;
mod test_status;
mod test_store;
mod test_supply_chain;
mod test_terminal;
mod test_two_users;
mod test_warm;
mod test_whoami;
mod test_whose_home;
