//! Minting: every secret is random, shaped like AWS's, and carries [`SECRET_MARK`] so that a test can
//! grep for leaks whatever the value was.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Stands literally inside every secret value that the simulator hands out.
pub const SECRET_MARK: &str = "SIMSECRET";

const BASE64URL: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";
/// The consonants of RFC 8628 section 6.1: no vowels, so no words.
const CONSONANTS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A number below `bound`.
///
/// The modulo bias does not matter here: nothing outside a test relies on these numbers.
pub(crate) fn below(bound: usize) -> usize {
    let mut bytes = [0; 4];
    fill(&mut bytes);
    usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(0) % bound.max(1)
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system gives random bytes");
}

fn text(alphabet: &[u8], length: usize) -> String {
    let mut bytes = vec![0; length];
    fill(&mut bytes);
    bytes.iter().map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])).collect()
}

/// `aoaAAAAA…`, 1.0 to 1.5 KB.
pub(crate) fn access_token() -> String {
    format!("aoaAAAAA{SECRET_MARK}{}", text(BASE64URL, 1020 + below(440)))
}

/// `aorAAAAA…`, 1.0 to 1.5 KB.
pub(crate) fn refresh_token() -> String {
    format!("aorAAAAA{SECRET_MARK}{}", text(BASE64URL, 1020 + below(440)))
}

/// 16 random bytes and the region, base64url, as seen in public debug logs (aws/aws-cli#5971).
pub(crate) fn client_id(region: &str) -> String {
    let mut bytes = vec![0; 16];
    fill(&mut bytes);
    bytes.extend_from_slice(region.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Shaped like a JWT of about 2 KB (aws/aws-cli#5971); the mark is in its third part.
pub(crate) fn client_secret() -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"kid":"key-1566968136","alg":"HS384"}"#);
    let payload = URL_SAFE_NO_PAD.encode(format!(r#"{{"serialized":"{}"}}"#, text(BASE64URL, 1380)));
    format!("{header}.{payload}.{SECRET_MARK}{}", text(BASE64URL, 64 - SECRET_MARK.len()))
}

/// 86 characters of base64url (aws/aws-cli#5971).
pub(crate) fn device_code() -> String {
    format!("{SECRET_MARK}{}", text(BASE64URL, 86 - SECRET_MARK.len()))
}

/// 4-4 consonants, as in `PMPJ-VZCJ`.
pub(crate) fn user_code() -> String {
    format!("{}-{}", text(CONSONANTS, 4), text(CONSONANTS, 4))
}

pub(crate) fn authorization_code() -> String {
    format!("{SECRET_MARK}{}", text(BASE64URL, 120))
}

/// `ASIA…`, 20 characters: a temporary key.
pub(crate) fn access_key_id() -> String {
    format!("ASIA{}", text(BASE32, 16))
}

/// `AKIA…`, 20 characters: a key of an IAM user.
pub(crate) fn long_term_key_id() -> String {
    format!("AKIA{}", text(BASE32, 16))
}

/// `AIDA…`, 21 characters: the id of an IAM user.
pub(crate) fn user_id() -> String {
    format!("AIDA{}", text(BASE32, 17))
}

/// `AROA…`, 21 characters: the id of a role.
pub(crate) fn role_id() -> String {
    format!("AROA{}", text(BASE32, 17))
}

/// 40 characters.
pub(crate) fn secret_access_key() -> String {
    format!("{}{SECRET_MARK}{}", text(BASE64, 12), text(BASE64, 28 - SECRET_MARK.len()))
}

/// About 900 characters that look like base64.
pub(crate) fn session_token() -> String {
    format!("IQoJb3JpZ2luX2Vj{SECRET_MARK}{}==", text(BASE64, 873))
}

/// 500 to 620 characters (awslabs/ssosync, `template.yaml`).
pub(crate) fn scim_token() -> String {
    format!("{SECRET_MARK}{}", text(BASE64URL, 500 + below(100)))
}

/// A tenant's id: a UUID with three more digits in its first part.
pub(crate) fn scim_tenant() -> String {
    format!("{}{}", hex(3), uuid())
}

pub(crate) fn signin_token() -> String {
    format!("{SECRET_MARK}{}", text(BASE64URL, 700))
}

/// The value of a browser's session cookie: who has it is signed in.
pub(crate) fn cookie() -> String {
    format!("{SECRET_MARK}{}", text(BASE64URL, 43))
}

/// An opaque handle that is no secret (page tokens, authorization requests, form tokens).
pub(crate) fn handle() -> String {
    text(BASE64URL, 32)
}

/// `aws_` and 32 characters: the ID of a SAML request.
pub(crate) fn request_id() -> String {
    format!("aws_{}", text(ALPHANUMERIC, 32))
}

/// Opaque, and longer than the 80 bytes that SAML bindings, section 3.4.3, allow: AWS's is too.
pub(crate) fn relay_state() -> String {
    text(BASE64URL, 360)
}

/// `length` hexadecimal digits.
pub(crate) fn hex(length: usize) -> String {
    text(HEX, length)
}

/// A version 4 UUID, for request ids.
pub(crate) fn uuid() -> String {
    let digits = hex(32);
    format!("{}-{}-4{}-a{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_marks() {
        for token in [access_token(), refresh_token()] {
            assert!((1024..=1536).contains(&token.len()), "{}", token.len());
            assert!(token.contains(SECRET_MARK));
        }
        let secret = client_secret();
        assert!((1900..=2100).contains(&secret.len()), "{}", secret.len());
        assert!(secret.split('.').nth(2).is_some_and(|part| part.contains(SECRET_MARK)));
        assert_eq!(secret_access_key().len(), 40);
        assert!(secret_access_key().contains(SECRET_MARK));
        assert_eq!(session_token().len(), 900);
        assert_eq!(device_code().len(), 86);
        assert_eq!(access_key_id().len(), 20);
        assert_eq!(uuid().len(), 36);
    }

    #[test]
    fn user_codes_are_consonants() {
        let code = user_code();
        assert_eq!(code.len(), 9);
        assert_eq!(code.as_bytes()[4], b'-');
        assert!(code.bytes().all(|byte| byte == b'-' || CONSONANTS.contains(&byte)));
    }

    #[test]
    fn the_region_is_inside_the_client_id() {
        let bytes = URL_SAFE_NO_PAD.decode(client_id("us-west-2")).expect("base64url");
        assert_eq!(&bytes[16..], b"us-west-2");
    }
}
