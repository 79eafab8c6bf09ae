//! Writes `[realm]` and `[identity_center]` into an access file, and leaves everything else as it is, comments included.

use toml_edit::{DocumentMut, Item, Table, value};

use super::{IdentityCenterSettings, RealmSettings, VERSION};

/// Returns the text of the file with these settings; `before` is empty for a new file.
pub(crate) fn with_settings(
    before: &str,
    realm: &RealmSettings,
    center: &IdentityCenterSettings,
) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = before.parse()?;
    if !document.contains_key("version") {
        document["version"] = value(VERSION);
    }
    let url = realm.url.as_str().trim_end_matches('/');
    set(
        &mut document,
        "realm",
        &[("url", Some(url)), ("name", Some(&realm.name)), ("client_id", Some(&realm.client_id))],
    );
    let (instance, endpoint) =
        (center.instance.to_string(), center.scim_endpoint.as_ref().map(url::Url::as_str));
    set(
        &mut document,
        "identity_center",
        &[
            ("region", Some(&center.region)),
            ("instance", Some(&instance)),
            ("scim_endpoint", endpoint),
            ("profile", center.profile.as_deref()),
        ],
    );
    Ok(document.to_string())
}

fn set(document: &mut DocumentMut, table: &str, keys: &[(&str, Option<&str>)]) {
    let table = document.entry(table).or_insert(Item::Table(Table::new()));
    for (key, text) in keys {
        match text {
            // The same value keeps its quotes and its comment.
            Some(text) if table.get(key).and_then(Item::as_str) == Some(text) => {}
            Some(text) => table[*key] = value(*text),
            None => {
                if let Some(table) = table.as_table_like_mut() {
                    table.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::access_file::AccessFile;

    const FILE: &str = "# Ours\nversion = 1\n\n[realm]\nurl = 'https://sso.example.com' # the old one\nname = \"corp\"\nclient_id = \"kcaws-admin\"\n\n[identity_center]\nregion = \"eu-central-1\"\ninstance = \"ssoins-1234567890abcdef\"\nprofile = \"org-admin\"\n";

    fn settings(text: &str) -> (RealmSettings, IdentityCenterSettings) {
        let file = AccessFile::parse(Path::new("access.toml"), text).expect("reads");
        (file.realm, file.identity_center)
    }

    #[test]
    fn a_new_file_is_read_back_as_the_same() {
        let (realm, center) = settings(FILE);
        let text = with_settings("", &realm, &center).expect("writes");
        assert!(text.starts_with("version = 1\n"), "{text}");
        assert_eq!(settings(&text), (realm, center));
    }

    #[test]
    fn what_does_not_change_is_left_as_it_is() {
        let (realm, mut center) = settings(FILE);
        assert_eq!(with_settings(FILE, &realm, &center).expect("writes"), FILE);
        center.profile = None;
        center.region = "us-east-1".to_owned();
        let changed = with_settings(FILE, &realm, &center).expect("writes");
        let expected = FILE.replace("eu-central-1", "us-east-1").replace("profile = \"org-admin\"\n", "");
        assert_eq!(changed, expected);
    }
}
