//! Signature Version 4, the receiving side: really recomputes the signature.
//!
//! Source: AWS IAM user guide, "Create a signed AWS API request".

use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sha2::{Digest as _, Sha256};

use crate::call::Call;
use crate::clock::{basic_iso8601, parse_basic_iso8601};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Everything but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A parsed `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub(crate) access_key_id: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
    signed_headers: Vec<String>,
    signature: String,
}

/// Why a signature was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignatureError {
    /// No `Authorization` header.
    Missing,
    /// Not Signature Version 4, or a part of it is missing.
    Incomplete(String),
    /// Date, scope or signature do not fit.
    DoesNotMatch(String),
}

impl Authorization {
    pub(crate) fn of(call: &Call) -> Result<Self, SignatureError> {
        let header = call.header("authorization").ok_or(SignatureError::Missing)?;
        let incomplete =
            |what: &str| SignatureError::Incomplete(format!("Authorization header requires {what}"));
        let rest = header.strip_prefix(ALGORITHM).ok_or_else(|| incomplete(ALGORITHM))?;
        let part = |name: &str| {
            let mut parts = rest.split(',').map(str::trim);
            parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
        };
        let credential = part("Credential").ok_or_else(|| incomplete("'Credential' parameter."))?;
        let signed_headers = part("SignedHeaders").ok_or_else(|| incomplete("'SignedHeaders' parameter."))?;
        let signature = part("Signature").ok_or_else(|| incomplete("'Signature' parameter."))?;
        let scope: Vec<&str> = credential.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = scope[..] else {
            return Err(incomplete("a 'Credential' of five parts that ends in aws4_request."));
        };
        Ok(Self {
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: signed_headers.split(';').map(str::to_owned).collect(),
            signature,
        })
    }

    /// Recomputes the signature with `secret_access_key` and compares; `skew` is how far the date of the
    /// request may be from `now`, both ways.
    pub(crate) fn verify(
        &self,
        call: &Call,
        secret_access_key: &str,
        now: SystemTime,
        skew: Duration,
    ) -> Result<(), SignatureError> {
        for name in ["host", "x-amz-date"] {
            if !self.signed_headers.iter().any(|signed| signed == name) {
                let text = format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.");
                return Err(SignatureError::DoesNotMatch(text));
            }
        }
        let stamp = call.header("x-amz-date").unwrap_or_default();
        check_date(stamp, &self.date, now, skew)?;
        let request = canonical_request(call, &self.signed_headers)?;
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let to_sign = format!("{ALGORITHM}\n{stamp}\n{scope}\n{}", hex(&Sha256::digest(request)));
        let key = signing_key(secret_access_key, &self.date, &self.region, &self.service);
        if hex(&hmac(&key, to_sign.as_bytes())) == self.signature {
            return Ok(());
        }
        Err(SignatureError::DoesNotMatch(
            "The request signature we calculated does not match the signature you provided. Check your AWS \
             Secret Access Key and signing method. Consult the service documentation for details."
                .into(),
        ))
    }
}

fn check_date(stamp: &str, scope_date: &str, now: SystemTime, skew: Duration) -> Result<(), SignatureError> {
    let Some(signed_at) = parse_basic_iso8601(stamp) else {
        let text = "Date must be in ISO-8601 'basic format'. Got an x-amz-date that is not.";
        return Err(SignatureError::Incomplete(text.into()));
    };
    if !stamp.starts_with(scope_date) {
        let text = format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: {stamp}"
        );
        return Err(SignatureError::DoesNotMatch(text));
    }
    let minutes = skew.as_secs() / 60;
    let server = basic_iso8601(now);
    let (earliest, latest) = (now - skew, now + skew);
    if signed_at < earliest {
        let limit = basic_iso8601(earliest);
        let text =
            format!("Signature expired: {stamp} is now earlier than {limit} ({server} - {minutes} min.)");
        return Err(SignatureError::DoesNotMatch(text));
    }
    if signed_at > latest {
        let limit = basic_iso8601(latest);
        let text = format!(
            "Signature not yet current: {stamp} is still later than {limit} ({server} + {minutes} min.)"
        );
        return Err(SignatureError::DoesNotMatch(text));
    }
    Ok(())
}

fn canonical_request(call: &Call, signed_headers: &[String]) -> Result<String, SignatureError> {
    let mut headers = String::new();
    for name in signed_headers {
        let values: Vec<String> = call
            .headers
            .get_all(name.as_str())
            .iter()
            .map(|value| collapse(&String::from_utf8_lossy(value.as_bytes())))
            .collect();
        if values.is_empty() {
            let text = format!("The signed header {name} is not in the request.");
            return Err(SignatureError::DoesNotMatch(text));
        }
        headers.push_str(name);
        headers.push(':');
        headers.push_str(&values.join(","));
        headers.push('\n');
    }
    Ok(format!(
        "{}\n{}\n{}\n{headers}\n{}\n{}",
        call.method,
        canonical_path(&call.path),
        canonical_query(&call.query),
        signed_headers.join(";"),
        hex(&Sha256::digest(&call.body)),
    ))
}

/// Trims, and makes runs of spaces one space.
fn collapse(value: &str) -> String {
    value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Every segment encoded once more, as for every service but S3.
fn canonical_path(path: &str) -> String {
    let path = if path.is_empty() { "/" } else { path };
    path.split('/').map(|segment| escape(segment.as_bytes())).collect::<Vec<_>>().join("/")
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (recode(name), recode(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn recode(encoded: &str) -> String {
    escape(&percent_encoding::percent_decode_str(encoded).collect::<Vec<u8>>())
}

fn escape(bytes: &[u8]) -> String {
    percent_encode(bytes, ESCAPED).to_string()
}

fn signing_key(secret_access_key: &str, date: &str, region: &str, service: &str) -> Vec<u8> {
    let start = format!("AWS4{secret_access_key}").into_bytes();
    [date, region, service, "aws4_request"].iter().fold(start, |key, part| hmac(&key, part.as_bytes()))
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Two lower-case digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    /// The key of AWS's published Signature Version 4 test suite.
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const SKEW: Duration = Duration::from_mins(5);

    fn call(method: &str, query: &str, headers: &[(&str, &str)], body: &str) -> Call {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).expect("name"),
                HeaderValue::from_str(value).expect("value"),
            );
        }
        Call {
            headers: map,
            body: Bytes::copy_from_slice(body.as_bytes()),
            ..Call::to(method, &format!("/?{query}"))
        }
    }

    fn suite_call(
        method: &str,
        query: &str,
        extra: &[(&str, &str)],
        signed: &str,
        signature: &str,
        body: &str,
    ) -> Call {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders={signed}, Signature={signature}"
        );
        let mut headers = vec![
            ("host", "example.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
            ("authorization", &authorization),
        ];
        headers.extend_from_slice(extra);
        call(method, query, &headers, body)
    }

    fn verify_at(call: &Call, now: &str) -> Result<(), SignatureError> {
        let now = parse_basic_iso8601(now).expect("a date");
        Authorization::of(call)?.verify(call, SECRET, now, SKEW)
    }

    /// Cases `get-vanilla`, `get-vanilla-query-order-key-case` and `post-x-www-form-urlencoded` of the suite.
    #[test]
    fn the_published_vectors() {
        let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let call = suite_call("GET", "", &[], "host;x-amz-date", vanilla, "");
        assert_eq!(verify_at(&call, "20150830T123600Z"), Ok(()));

        let ordered = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
        let call = suite_call("GET", "Param2=value2&Param1=value1", &[], "host;x-amz-date", ordered, "");
        assert_eq!(verify_at(&call, "20150830T123600Z"), Ok(()));

        let form = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a";
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let call = suite_call("POST", "", &kind, "content-type;host;x-amz-date", form, "Param1=value1");
        assert_eq!(verify_at(&call, "20150830T123600Z"), Ok(()));
    }

    #[test]
    fn anything_touched_is_refused() {
        let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let good = suite_call("GET", "", &[], "host;x-amz-date", vanilla, "");
        let mut touched = vec![good.clone(); 4];
        touched[0].method = "POST".into();
        touched[1].query = "a=b".into();
        touched[2].body = Bytes::from_static(b"x");
        touched[3].headers.insert("host", HeaderValue::from_static("other.amazonaws.com"));
        for call in touched {
            assert!(matches!(verify_at(&call, "20150830T123600Z"), Err(SignatureError::DoesNotMatch(_))));
        }
    }

    #[test]
    fn old_and_early_dates() {
        let vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let call = suite_call("GET", "", &[], "host;x-amz-date", vanilla, "");
        assert_eq!(verify_at(&call, "20150830T124059Z"), Ok(()));
        let Err(SignatureError::DoesNotMatch(late)) = verify_at(&call, "20150830T124101Z") else {
            panic!("accepted")
        };
        assert!(late.starts_with("Signature expired: 20150830T123600Z is now earlier than"), "{late}");
        let Err(SignatureError::DoesNotMatch(early)) = verify_at(&call, "20150830T123059Z") else {
            panic!("accepted")
        };
        assert!(early.starts_with("Signature not yet current:"), "{early}");
    }

    #[test]
    fn incomplete_headers() {
        assert_eq!(Authorization::of(&call("GET", "", &[], "")), Err(SignatureError::Missing));
        for bad in [
            "Bearer x",
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request",
            "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=1",
        ] {
            let outcome = Authorization::of(&call("GET", "", &[("authorization", bad)], ""));
            assert!(matches!(outcome, Err(SignatureError::Incomplete(_))), "{bad}");
        }
    }
}
