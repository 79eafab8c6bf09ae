//! `GetCallerIdentity` with signatures, good ones and others, and the signer that other tests of STS use.

use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use idc_sim::IdcSim;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::client::{ALICE, Answer, Client, DEV};

pub(crate) const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// What a request is signed with.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: String,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    pub(crate) at: SystemTime,
}

pub(crate) fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl Signer {
    pub(crate) fn for_role(sim: &IdcSim, client: &Client) -> Self {
        let token = sim.seed_login(ALICE).access_token;
        let path = format!("/federation/credentials?account_id={DEV}&role_name=PowerUserAccess");
        Self::of(sim, &client.portal(&path, &token).json()["roleCredentials"])
    }

    /// Signs with what the portal answered.
    pub(crate) fn of(sim: &IdcSim, credentials: &Value) -> Self {
        let text = |name: &str| credentials[name].as_str().expect("a string").to_owned();
        Self {
            access_key_id: text("accessKeyId"),
            secret_access_key: text("secretAccessKey"),
            session_token: text("sessionToken"),
            region: "eu-central-1",
            service: "sts",
            at: sim.now(),
        }
    }

    /// Signs with what an `AssumeRole` answered.
    pub(crate) fn for_session(&self, answer: &Answer) -> Self {
        let text = |name: &str| {
            let (_, rest) = answer.body.split_once(&format!("<{name}>")).expect(name);
            rest.split_once('<').expect(name).0.to_owned()
        };
        Self {
            access_key_id: text("AccessKeyId"),
            secret_access_key: text("SecretAccessKey"),
            session_token: text("SessionToken"),
            ..self.clone()
        }
    }

    fn stamp(&self) -> String {
        idc_sim::rfc3339(self.at).replace(['-', ':'], "")
    }

    /// The value of `Authorization`.
    fn authorization(&self, host: &str, body: &str) -> String {
        let (stamp, signed) = (self.stamp(), "content-type;host;x-amz-date;x-amz-security-token");
        let date = &stamp[..8];
        let canonical = format!(
            "POST\n/\n\ncontent-type:{FORM}\nhost:{host}\nx-amz-date:{stamp}\nx-amz-security-token:{}\n\n{signed}\n{}",
            self.session_token,
            hex(&Sha256::digest(body)),
        );
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let start = format!("AWS4{}", self.secret_access_key).into_bytes();
        let parts = [date, self.region, self.service, "aws4_request"];
        let key = parts.iter().fold(start, |key, part| hmac(&key, part));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={}",
            self.access_key_id,
            hex(&hmac(&key, &to_sign)),
        )
    }

    pub(crate) fn ask(&self, client: &Client, body: &str) -> Answer {
        let host = client.base.split("//").nth(1).unwrap_or_default();
        self.send(client, &self.authorization(host, body), body)
    }

    fn send(&self, client: &Client, authorization: &str, body: &str) -> Answer {
        let headers = [
            ("content-type", FORM),
            ("x-amz-date", &self.stamp()),
            ("x-amz-security-token", &self.session_token),
            ("authorization", authorization),
        ];
        client.send("POST", "/", &headers, body)
    }
}

#[track_caller]
pub(crate) fn assert_error(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/xml");
    assert!(answer.body.contains(&format!("<Code>{code}</Code>")), "{answer:?}");
}

#[test]
fn credentials_of_a_role_prove_who_one_is() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let answer = Signer::for_role(&sim, &client).ask(&client, BODY);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("<Account>111122223333</Account>"));
    let start = "<Arn>arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_PowerUserAccess_";
    let (_, rest) = answer.body.split_once(start).expect("the ARN");
    assert_eq!(&rest[16..], &format!("/{ALICE}</Arn>{}", rest.split_once("</Arn>").expect("an end").1));
    // The role keeps its name from one session to the next.
    let again = Signer::for_role(&sim, &client).ask(&client, BODY);
    assert!(again.body.contains(&format!("{start}{}", &rest[..16])));
}

#[test]
fn whatever_is_tampered_with_is_refused_by_its_own_code() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let good = Signer::for_role(&sim, &client);
    let host = client.base.split("//").nth(1).unwrap_or_default();
    let authorization = good.authorization(host, BODY);

    let other_body = good.send(&client, &authorization, "Action=GetCallerIdentity&Version=2011-06-15&x=y");
    assert_error(&other_body, 403, "SignatureDoesNotMatch");
    let flipped = authorization.replace("Signature=", "Signature=0");
    assert_error(&good.send(&client, &flipped, BODY), 403, "SignatureDoesNotMatch");
    let wrong_key = Signer { secret_access_key: "x".repeat(40), ..good.clone() };
    assert_error(&wrong_key.ask(&client, BODY), 403, "SignatureDoesNotMatch");
    let wrong_service = Signer { service: "sso", ..good.clone() };
    assert_error(&wrong_service.ask(&client, BODY), 403, "SignatureDoesNotMatch");
    let no_region = Signer { region: "Europe", ..good.clone() };
    assert_error(&no_region.ask(&client, BODY), 403, "SignatureDoesNotMatch");
    let stranger = Signer { access_key_id: "ASIAXXXXXXXXXXXXXXXX".into(), ..good.clone() };
    assert_error(&stranger.ask(&client, BODY), 403, "InvalidClientTokenId");
    let other_token = Signer { session_token: "x".into(), ..good.clone() };
    assert_error(&other_token.ask(&client, BODY), 403, "InvalidClientTokenId");
    assert_error(
        &client.post_form("/", &[], &[("Action", "GetCallerIdentity")]),
        403,
        "MissingAuthenticationToken",
    );
    assert_error(&good.send(&client, "AWS4-HMAC-SHA256 Credential=x", BODY), 400, "IncompleteSignature");
    assert_error(&good.ask(&client, "Action=GetSessionToken&Version=2011-06-15"), 400, "InvalidAction");
    assert_error(&good.ask(&client, "Action=AssumeRole&Version=2010-01-01"), 400, "InvalidAction");
}

#[test]
fn a_signature_is_good_for_five_minutes_and_credentials_for_their_hour() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let now = Signer::for_role(&sim, &client);
    for offset in [-240, 240] {
        let shifted = Signer { at: offset_by(now.at, offset), ..now.clone() };
        assert_eq!(shifted.ask(&client, BODY).status, 200, "{offset}");
    }
    for (offset, text) in [(-360, "Signature expired"), (360, "Signature not yet current")] {
        let answer = Signer { at: offset_by(now.at, offset), ..now.clone() }.ask(&client, BODY);
        assert_error(&answer, 403, "SignatureDoesNotMatch");
        assert!(answer.body.contains(text), "{answer:?}");
    }
    sim.advance(Duration::from_secs(3601));
    let late = Signer { at: sim.now(), ..now };
    assert_error(&late.ask(&client, BODY), 403, "ExpiredToken");
}

fn offset_by(time: SystemTime, seconds: i64) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { time - by } else { time + by }
}

#[test]
fn at_a_host_of_its_own_the_region_counts() {
    let sim = IdcSim::builder().start();
    let signer = Signer::for_role(&sim, &Client::new(&sim));
    let here = Client::by_proxy(&sim, "https://sts.eu-central-1.amazonaws.com");
    assert_eq!(signer.ask(&here, BODY).status, 200);
    let elsewhere = Client::by_proxy(&sim, "https://sts.us-east-1.amazonaws.com");
    assert_error(&signer.ask(&elsewhere, BODY), 403, "SignatureDoesNotMatch");
    let global = Client::by_proxy(&sim, "https://sts.amazonaws.com");
    assert_eq!(Signer { region: "us-east-1", ..signer }.ask(&global, BODY).status, 200);
}

#[test]
fn a_signed_header_that_was_changed_or_left_out_breaks_the_signature() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    let good = Signer::for_role(&sim, &client);
    let host = client.base.split("//").nth(1).unwrap_or_default();
    let authorization = good.authorization(host, BODY);
    let usual = [
        ("content-type", FORM),
        ("x-amz-date", &good.stamp()),
        ("x-amz-security-token", &good.session_token),
        ("authorization", &authorization),
    ];
    assert_eq!(client.send("POST", "/", &usual, BODY).status, 200);
    let without = |name: &str| usual.iter().copied().filter(|(known, _)| *known != name).collect::<Vec<_>>();
    let with = |name: &'static str, value: &'static str| {
        let mut headers = without(name);
        headers.push((name, value));
        headers
    };
    for headers in [
        with("content-type", "application/x-www-form-urlencoded"),
        with("host", "localhost"),
        without("x-amz-security-token"),
    ] {
        assert_error(&client.send("POST", "/", &headers, BODY), 403, "SignatureDoesNotMatch");
    }
    assert_error(&client.send("POST", "/", &without("x-amz-date"), BODY), 400, "IncompleteSignature");
    assert_error(&client.send("POST", "/?a=b", &usual, BODY), 403, "SignatureDoesNotMatch");
    // A header that must be signed and is not.
    let unsigned = authorization.replace("host;", "");
    let headers = [usual[0], usual[1], usual[2], ("authorization", unsigned.as_str())];
    assert_error(&client.send("POST", "/", &headers, BODY), 403, "SignatureDoesNotMatch");
}

#[test]
fn the_day_of_the_scope_is_the_day_of_the_request() {
    let sim = IdcSim::builder().signature_skew(Duration::from_hours(48)).start();
    let client = Client::new(&sim);
    let good = Signer::for_role(&sim, &client);
    let yesterday = Signer { at: offset_by(good.at, -86_400), ..good.clone() };
    assert_eq!(yesterday.ask(&client, BODY).status, 200);
    let host = client.base.split("//").nth(1).unwrap_or_default();
    let answer = good.send(&client, &yesterday.authorization(host, BODY), BODY);
    assert_error(&answer, 403, "SignatureDoesNotMatch");
    assert!(answer.body.contains("Date in Credential scope does not match"), "{answer:?}");
}

#[test]
fn an_arn_names_its_partition() {
    let sim = IdcSim::builder().region("us-gov-west-1").start();
    let client = Client::new(&sim);
    let answer = Signer { region: "us-gov-west-1", ..Signer::for_role(&sim, &client) }.ask(&client, BODY);
    assert!(answer.body.contains("<Arn>arn:aws-us-gov:sts::111122223333:assumed-role/"), "{answer:?}");
    assert!(answer.body.contains(&format!(":{ALICE}</UserId>")), "{answer:?}");
}
