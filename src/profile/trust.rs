//! Certificates that `~/.aws/config` names: `ca_bundle`, as the AWS CLI reads it.

use std::path::{Path, PathBuf};

use super::document::{Document, Heading};
use super::role::Role;
use crate::platform::roots::Bundle;

const KEY: &str = "ca_bundle";

impl Document {
    /// Returns the files of the default and of the current profile.
    ///
    /// They are added to the platform's roots, so an unreadable one affects nothing else.
    pub fn ca_bundles(&self, in_force: Option<&str>, home: Option<&Path>) -> Vec<Bundle> {
        let mut bundles: Vec<Bundle> = Vec::new();
        for name in std::iter::once("default").chain(in_force) {
            let Some(section) = self.section(&Heading::Profile(name.to_owned())) else { continue };
            let Some(path) = section.get(KEY).map(|path| expanded(path, home)) else { continue };
            if !bundles.iter().any(|known| known.path == path) {
                let named_by = format!("`{KEY}` at {}", section.place_of(KEY));
                bundles.push(Bundle { path, named_by, is_optional: true });
            }
        }
        bundles
    }

    /// Returns the profile with certificates of its own whose tools request this role.
    pub fn trusting_profile(&self, session: &str, role: &Role) -> Option<String> {
        let names = self.names(|heading| match heading {
            Heading::Profile(name) => Some(name),
            _ => None,
        });
        names.into_iter().find(|name| {
            let section = self.section(&Heading::Profile(name.clone()));
            section.is_some_and(|section| section.get(KEY).is_some())
                && self.own(name).is_some_and(|own| own.session == session && own.role == *role)
        })
    }
}

fn expanded(path: &str, home: Option<&Path>) -> PathBuf {
    match (Path::new(path).strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
[default]
ca_bundle = ~/company.pem
[profile dev]
credential_process = kcaws credential-process --session corp --account 111122223333 --role Admin
ca_bundle = /etc/dev.pem
[profile same]
ca_bundle = ~/company.pem
[profile other]
region = eu-central-1
";

    fn document() -> Document {
        Document::parse(Path::new("/home/me/.aws/config"), CONFIG).expect("parses")
    }

    #[test]
    fn the_default_profile_and_the_one_in_force_are_trusted_and_no_other() {
        let of = |in_force| -> Vec<String> {
            let bundles = document().ca_bundles(in_force, Some(Path::new("/home/me")));
            bundles.iter().map(|bundle| bundle.path.display().to_string().replace('\\', "/")).collect()
        };
        assert_eq!(of(None), ["/home/me/company.pem"]);
        assert_eq!(of(Some("dev")), ["/home/me/company.pem", "/etc/dev.pem"]);
        assert_eq!(of(Some("same")), ["/home/me/company.pem"]);
        assert_eq!(of(Some("other")), ["/home/me/company.pem"]);
        let named = &document().ca_bundles(Some("dev"), None)[1].named_by;
        assert_eq!(named, "`ca_bundle` at /home/me/.aws/config:5");
    }

    #[test]
    fn a_tool_names_a_role_and_means_the_profile_that_asks_for_it() {
        let of = |role: &str| {
            let role = Role { account_id: "111122223333".into(), role_name: role.into() };
            document().trusting_profile("corp", &role)
        };
        assert_eq!(of("Admin").as_deref(), Some("dev"));
        assert_eq!(of("ReadOnly"), None);
    }
}
