//! A realm with a service account, and an administrator's machine.

use std::path::PathBuf;

use kcaws_test_keycloak::{Realm, Server};
use kcaws_test_kit::{TestCommand, TestEnv};

pub(crate) const ENTITY_ID: &str = "https://eu-central-1.signin.aws.amazon.com/platform/saml/d-1234567890";
pub(crate) const ACS: &str = "https://eu-central-1.signin.aws/platform/saml/acs/4e52542de036a8ac";
const SECRET: &str = "client-secret-of-the-service-account";

pub(crate) struct Office<'s> {
    pub(crate) realm: Realm<'s>,
    pub(crate) env: TestEnv,
}

impl<'s> Office<'s> {
    /// Creates a realm whose service account has these roles.
    pub(crate) fn new(server: &'s Server, roles: &[&str]) -> Self {
        let realm = server.realm();
        realm.create_service_account("kcaws-admin", SECRET, roles);
        let env = TestEnv::new().with_secret_mark(SECRET);
        let office = Self { realm, env };
        office.env.write_home_file("secret", SECRET);
        office.env.set_env("KCAWS_KEYCLOAK_SECRET_FILE", office.env.home().join("secret"));
        office.write_access_file(server.url(), office.realm.name());
        office
    }

    pub(crate) fn write_access_file(&self, url: &str, realm: &str) {
        let text = format!(
            r#"version = 1

[realm]
url = "{url}"
name = "{realm}"
client_id = "kcaws-admin"

[identity_center]
region = "eu-central-1"
instance = "ssoins-1234567890abcdef"
"#
        );
        self.env.write_home_file("access.toml", text);
    }

    /// Writes AWS's metadata and returns the path.
    pub(crate) fn aws_metadata(&self) -> PathBuf {
        let text = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY_ID}"><md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat><md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{ACS}" index="0" isDefault="true"/></md:SPSSODescriptor></md:EntityDescriptor>"#
        );
        self.env.write_home_file("aws.xml", text)
    }

    /// Returns a command line of the program, split at blanks.
    pub(crate) fn admin(&self, line: &str) -> TestCommand {
        let command = self.env.command(env!("CARGO_BIN_EXE_kcaws-admin")).args(line.split(' '));
        command.timeout(std::time::Duration::from_mins(3))
    }
}
