//! How `sync` names profiles and what else it writes: the `[profiles]` table of config.toml.
//!
//! ```toml
//! [profiles]
//! name = "{account_name|kebab}-{role|kebab}"
//! region = "eu-central-1"
//!
//! [profiles.accounts.111122223333]    # the id, also 1111-2222-3333, or the name
//! alias = "prod"
//! region = "us-east-1"
//!
//! [profiles.roles.PowerUserAccess]
//! alias = "power"
//! ```
//! An account's Region beats a role's, and both beat the general one.

mod template;

use std::collections::BTreeMap;

use serde::Deserialize;

use self::template::Field;
pub use self::template::{Template, TemplateError};
use super::RoleName;
use super::plain_name::{plain_name, says_something};
use super::target::account_id;
use crate::ports::identity_center::Account;

/// The template that applies without a setting.
pub const DEFAULT: &str = "{account_name|kebab}-{role|kebab}";

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table of settings")]
pub struct ProfileSettings {
    pub name: Option<String>,
    pub region: Option<String>,
    pub output: Option<String>,
    /// Which profiles `configure` creates.
    pub create: Option<Create>,
    #[serde(default)]
    pub accounts: BTreeMap<String, Choice>,
    #[serde(default)]
    pub roles: BTreeMap<String, Choice>,
}

/// Which profiles `configure` creates by default.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Create {
    All,
    None,
    /// The user chooses.
    Ask,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table with `alias` or `region`")]
pub struct Choice {
    pub alias: Option<String>,
    pub region: Option<String>,
}

impl ProfileSettings {
    /// Replaces what `special` sets: those of one session beat the general ones.
    pub fn override_by(&mut self, special: &Self) {
        fn put<T: Clone>(value: &mut Option<T>, special: Option<&T>) {
            if let Some(special) = special {
                *value = Some(special.clone());
            }
        }
        put(&mut self.name, special.name.as_ref());
        put(&mut self.region, special.region.as_ref());
        put(&mut self.output, special.output.as_ref());
        put(&mut self.create, special.create.as_ref());
        for (mine, theirs) in [(&mut self.accounts, &special.accounts), (&mut self.roles, &special.roles)] {
            for (name, choice) in theirs {
                let mine = mine.entry(name.clone()).or_default();
                put(&mut mine.alias, choice.alias.as_ref());
                put(&mut mine.region, choice.region.as_ref());
            }
        }
    }

    fn account(&self, account: &Account) -> Option<&Choice> {
        let by_name = || self.accounts.get(account.name.as_deref()?);
        // As the console shows it: 1111-2222-3333.
        let is_it = |key: &str| account_id(key).is_some_and(|id| id == account.id);
        let by_id = || self.accounts.iter().find(|(key, _)| is_it(key)).map(|(_, choice)| choice);
        self.accounts.get(&account.id).or_else(by_name).or_else(by_id)
    }

    /// Returns the settings of a role, by its ARN or its name.
    fn role(&self, role: &RoleName) -> Option<&Choice> {
        self.roles.get(role.as_str()).or_else(|| self.roles.get(role.name()))
    }

    pub fn region(&self, account: &Account, role: &RoleName) -> Option<&str> {
        let of_account = self.account(account).and_then(|choice| choice.region.as_deref());
        let of_role = || self.role(role).and_then(|choice| choice.region.as_deref());
        of_account.or_else(of_role).or(self.region.as_deref())
    }

    pub fn template(&self) -> Result<Template, TemplateError> {
        Template::parse(self.name.as_deref().unwrap_or(DEFAULT))
    }

    /// Returns the name of the profile.
    ///
    /// Characters that not every tool accepts become `-`. An account name with no other characters is replaced by the
    /// account's ID, and such an alias of a role by the role's name.
    pub fn profile_name(
        &self,
        template: &Template,
        session: &str,
        account: &Account,
        role: &RoleName,
    ) -> String {
        self.name_of(template, session, account, role, false)
    }

    /// Returns the name with the account's ID in it, for accounts whose names would be the same.
    pub fn profile_name_with_id(
        &self,
        template: &Template,
        session: &str,
        account: &Account,
        role: &RoleName,
    ) -> String {
        self.name_of(template, session, account, role, true)
    }

    fn name_of(
        &self,
        template: &Template,
        session: &str,
        account: &Account,
        role: &RoleName,
        with_id: bool,
    ) -> String {
        let account_alias = self.account(account).and_then(|choice| choice.alias.as_deref());
        let role_alias = self.role(role).and_then(|choice| choice.alias.as_deref());
        let role_alias = role_alias.filter(|alias| says_something(alias));
        let filled = template.fill(
            &|field| match field {
                Field::AccountName => account_alias.or(account.name.as_deref()).unwrap_or(&account.id),
                Field::AccountId => &account.id,
                Field::Role => role_alias.unwrap_or(role.name()),
                Field::Session => session,
            },
            &|field, filtered| match field {
                Field::AccountName if !says_something(&filtered) => account.id.clone(),
                Field::Role if !says_something(&filtered) => role.name().to_owned(),
                Field::AccountName if with_id && filtered != account.id => {
                    format!("{filtered}-{}", account.id)
                }
                _ => filtered,
            },
        );
        let name = plain_name(&filled);
        if name.is_empty() {
            return account.id.clone();
        }
        let has_account = template.has(Field::AccountName) || template.has(Field::AccountId);
        if with_id && !has_account { format!("{name}-{}", account.id) } else { name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: Option<&str>) -> Account {
        Account { id: "111122223333".into(), name: name.map(str::to_owned), email: None }
    }

    fn named(template: &str, name: Option<&str>, role: &str) -> String {
        let template = Template::parse(template).expect("is a template");
        ProfileSettings::default().profile_name(&template, "corp", &account(name), &role.into())
    }

    #[test]
    fn fields_and_filters_make_names() {
        for (template, name, expected) in [
            (DEFAULT, "My Team 42", "my-team-42-power-user-access"),
            ("{account_name}/{role}", "dev", "dev/PowerUserAccess"),
            ("{session}.{account_id}.{role|lower}", "x", "corp.111122223333.poweruseraccess"),
            ("{account_name|trim_prefix:corp-|replace:a:4}+", "corp-data", "d4t4+"),
            ("{role|kebab|replace:power-user:pu}", "x", "pu-access"),
            ("{account_name}", "evil]\n[default", "evil---default"),
            ("{account_name}", "東京", "111122223333"),
            ("{account_name}", "-x", "x"),
            (DEFAULT, "Büro München", "buro-munchen-power-user-access"),
            (DEFAULT, "Bu\u{308}ro", "buro-power-user-access"),
            (DEFAULT, "Łódź Ærø Straße İzmir", "lodz-aero-strasse-izmir-power-user-access"),
            (DEFAULT, "ＡＢＣ－１", "abc-1-power-user-access"),
            (DEFAULT, "開発", "111122223333-power-user-access"),
            (DEFAULT, "Ελλάδα", "111122223333-power-user-access"),
            (DEFAULT, "!!!", "111122223333-power-user-access"),
            ("{role|kebab}.{account_name}", "本番", "power-user-access.111122223333"),
            ("{account_name|trim_prefix:corp-}", "corp-本番", "111122223333"),
            ("{account_name|replace:ü:ue|kebab}", "Büro", "buero"),
            ("{account_name|kebab|replace:ü:ue}", "Büro", "buero"),
        ] {
            assert_eq!(named(template, Some(name), "PowerUserAccess"), expected, "{template}");
        }
        assert_eq!(named("{account_name}", None, "x"), "111122223333");
    }

    #[test]
    fn the_id_comes_into_a_name_that_several_accounts_would_have() {
        for (template, name, expected) in [
            (DEFAULT, "dev", "dev-111122223333-power-user-access"),
            (DEFAULT, "本番", "111122223333-power-user-access"),
            ("{account_name}", "a b", "a-b-111122223333"),
            ("{role}", "dev", "PowerUserAccess-111122223333"),
            ("{role}.{account_id}", "dev", "PowerUserAccess.111122223333"),
        ] {
            let template = Template::parse(template).expect("is a template");
            let account = account(Some(name));
            let named = ProfileSettings::default();
            assert_eq!(
                named.profile_name_with_id(&template, "corp", &account, &"PowerUserAccess".into()),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn aliases_and_regions_come_from_the_settings() {
        let settings: ProfileSettings = toml::from_str(
            "region = \"a\"\n[accounts.111122223333]\nalias = \"prod\"\n[accounts.dev]\nregion = \"b\"\n\
             [roles.Admin]\nalias = \"root\"\nregion = \"c\"\n",
        )
        .expect("parses");
        let template = settings.template().expect("the default");
        assert_eq!(
            settings.profile_name(&template, "corp", &account(Some("x")), &"Admin".into()),
            "prod-root"
        );
        let foreign: ProfileSettings =
            toml::from_str("[roles.PowerUserAccess]\nalias = \"監査\"\n").expect("parses");
        let power = || "PowerUserAccess".into();
        assert_eq!(
            foreign.profile_name(&template, "corp", &account(Some("audit")), &power()),
            "audit-power-user-access"
        );
        let trimmed = Template::parse("{role|trim_prefix:Power|trim_prefix:User|trim_prefix:Access}");
        let trimmed = trimmed.expect("is a template");
        assert_eq!(foreign.profile_name(&trimmed, "corp", &account(None), &power()), "PowerUserAccess");
        let grouped: ProfileSettings =
            toml::from_str("[accounts.1111-2222-3333]\nalias = \"prod\"\n").expect("parses");
        assert_eq!(
            grouped.profile_name(&template, "corp", &account(Some("x")), &"Admin".into()),
            "prod-admin"
        );
        let dev = Account { id: "222233334444".into(), ..account(Some("dev")) };
        assert_eq!(settings.region(&dev, &"Admin".into()), Some("b"));
        assert_eq!(settings.region(&account(None), &"Admin".into()), Some("c"));
        assert_eq!(settings.region(&account(None), &"Other".into()), Some("a"));
    }
}
