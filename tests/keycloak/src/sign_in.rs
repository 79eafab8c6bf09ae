//! Keycloak's forms without a browser.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use kcaws_test_kit::{Form, Page, PageClient};

use crate::saml::Response;

/// What Keycloak has to say to the service provider, before the browser carries it there.
#[derive(Debug)]
pub struct Answer {
    /// The service provider's address for answers.
    pub acs: String,
    /// The fields of the form: `SAMLResponse`, `RelayState`.
    pub fields: Vec<(String, String)>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The login page again, with this below the field: user name or password is wrong (or the account is locked).
    WrongCredentials(String),
    /// The login page again, with this above the form: the account may not log in.
    Alert(String),
    /// Keycloak's error page: the request is at fault, or something broke.
    Error { status: u16, message: String },
    /// A page that asks for something else, by its name in the theme: `login-login-update-profile`, …
    AnotherPage(String),
}

impl Answer {
    /// `None` for a page that is not Keycloak's answer form.
    fn on(page: &Page) -> Option<Self> {
        let Form { action, fields, .. } = page.form(CONTINUE)?;
        fields.iter().any(|(name, _)| name == "SAMLResponse").then_some(Self { acs: action, fields })
    }

    /// # Panics
    /// When there is no such field.
    pub fn field(&self, name: &str) -> &str {
        &self.fields.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name} in {self:?}")).1
    }

    /// The response as XML.
    ///
    /// # Panics
    /// When it is not Base64.
    pub fn xml(&self) -> String {
        String::from_utf8(BASE64.decode(self.field("SAMLResponse")).expect("Base64")).expect("UTF-8")
    }

    pub fn response(&self) -> Response {
        Response::read(&self.xml())
    }
}

/// The button that people without JavaScript press on the answer form.
const CONTINUE: &str = "Continue";

/// Opens an address of the service provider or of Keycloak, fills in the login form where one comes, and stops in front
/// of the answer form. `client` is the browser: its second sign-in meets the session of the first.
///
/// # Errors
/// What Keycloak shows instead.
pub fn sign_in(client: &mut PageClient, url: &str, user: &str, password: &str) -> Result<Answer, Refusal> {
    outcome(&reach(client, url, user, password))
}

/// As [`sign_in`], and carries the answer to the service provider: the page that it shows then.
///
/// # Errors
/// As [`sign_in`].
pub fn deliver(client: &mut PageClient, url: &str, user: &str, password: &str) -> Result<Page, Refusal> {
    let page = reach(client, url, user, password);
    outcome(&page)?;
    Ok(client.submit(&page, CONTINUE, &[]))
}

fn reach(client: &mut PageClient, url: &str, user: &str, password: &str) -> Page {
    let page = client.open(url);
    let is_login = name(&page) == Some("login-login") && page.has_button("Sign In");
    if is_login {
        client.submit(&page, "Sign In", &[("username", user), ("password", password)])
    } else {
        page
    }
}

fn outcome(page: &Page) -> Result<Answer, Refusal> {
    if let Some(answer) = Answer::on(page) {
        return Ok(answer);
    }
    let said = |element: &str| page.text_in(element);
    Err(if let Some(message) = said("#kc-error-message") {
        Refusal::Error { status: page.status, message }
    } else if let Some(message) = said("#input-error-username") {
        Refusal::WrongCredentials(message)
    } else if let Some(message) = said(".pf-v5-c-alert__title") {
        // Pages that ask for more may have one too.
        if name(page) == Some("login-login") {
            Refusal::Alert(message)
        } else {
            Refusal::AnotherPage(name(page).unwrap_or_default().to_owned())
        }
    } else {
        Refusal::AnotherPage(name(page).unwrap_or(&page.body).to_owned())
    })
}

/// What the theme calls the page.
fn name(page: &Page) -> Option<&str> {
    page.body.split_once("data-page-id=\"")?.1.split('"').next()
}
