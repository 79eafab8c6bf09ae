//! What is wrong with a response: what CloudTrail says of it, and which page the user sees.

/// The page of a refusal. AWS has three, and none of them tells the reason (AWS user guide, "Troubleshooting").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UserPage {
    Unexpected,
    NotYou,
    InvalidMfa,
}

impl UserPage {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Unexpected => "An unexpected error has occurred",
            Self::NotYou => "It's not you, it is us",
            Self::InvalidMfa => "Invalid MFA credentials",
        }
    }
}

/// Declares the refusals: name, page, CloudTrail's `errorMessage`.
macro_rules! refusals {
    ($($name:ident $page:ident $message:literal)+) => {
        /// Why a response is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Refusal { $($name),+ }

        impl Refusal {
            #[cfg(test)]
            pub(super) const ALL: &[Self] = &[$(Self::$name),+];

            /// CloudTrail's `errorMessage`.
            pub(super) fn message(self) -> &'static str {
                match self { $(Self::$name => $message),+ }
            }

            pub(super) fn page(self) -> UserPage {
                match self { $(Self::$name => UserPage::$page),+ }
            }
        }
    };
}

refusals! {
    // These two are AWS's own words (goauthentik/authentik#4554 and other public reports).
    NameIdFormat NotYou "Response contains invalid name id policy format"
    RequestId Unexpected "Not a valid response for the provided request id"
    // The rest is plain English of ours: AWS's words are not known.
    NoProvider Unexpected "No external identity provider is configured"
    TooLarge Unexpected "Response is too large"
    NotBase64 Unexpected "Response is not base64"
    NotXml Unexpected "Response is not well-formed XML"
    DocumentType Unexpected "Response contains a document type declaration"
    NotAResponse Unexpected "Message is not a SAML 2.0 response"
    Incomplete Unexpected "Response lacks a required part or repeats it"
    Status Unexpected "Response does not report success"
    Encrypted Unexpected "Response contains an encrypted assertion"
    AssertionCount Unexpected "Response does not contain exactly one assertion"
    AssertionPlace Unexpected "Assertion is not a child of the response"
    Unsigned Unexpected "Assertion is not signed"
    SignaturePlace Unexpected "Signature is neither of the response nor of its assertion"
    SignatureCoverage Unexpected "Signature does not cover the element that it is in"
    SignatureAlgorithm Unexpected "Signature is not RSA-SHA256 over exclusive canonical XML"
    RepeatedId Unexpected "Response contains an ID twice"
    Signature NotYou "Signature is not valid"
    Issuer Unexpected "Issuer is not the identity provider"
    Destination Unexpected "Destination is not this assertion consumer service"
    RelayState Unexpected "RelayState is not the one that was sent"
    Replayed Unexpected "Assertion has been used before"
    NoConfirmation Unexpected "Assertion has no bearer confirmation"
    Recipient Unexpected "Recipient is not this assertion consumer service"
    Audience Unexpected "Audience is not this service provider"
    NotYetValid NotYou "Assertion is not valid yet"
    Expired NotYou "Assertion has expired"
    NoNameId Unexpected "Assertion has no NameID"
    NameIdMarkup Unexpected "NameID is not plain text"
    TooManyAttributes Unexpected "Assertion has more than 50 attributes"
    RepeatedAttribute Unexpected "Assertion has two attributes with the same name"
    MultiValuedAttribute Unexpected "Assertion has an attribute with several values"
    StructuredAttribute Unexpected "Assertion has an attribute with XML in its value"
    AttributeNameFormat Unexpected "Assertion has an attribute whose name format is not a SAML one"
    UnknownUser InvalidMfa "User does not exist"
    OtherCase Unexpected "NameID differs from the user name in upper and lower case"
    DisabledUser Unexpected "User is disabled"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_words_of_its_own_and_the_readme_has_them() {
        let readme = include_str!("../../README.md");
        for (index, refusal) in Refusal::ALL.iter().enumerate() {
            assert!(Refusal::ALL[..index].iter().all(|known| known.message() != refusal.message()));
            assert!(readme.contains(refusal.message()), "{}", refusal.message());
        }
    }
}
