//! The policy that denies everything to people by their ids: the only end of role credentials that are given out.
//!
//! AWS advises to have it in place as a service control policy before it is needed, with a placeholder for the id
//! ("Revoking active user permissions with a Deny policy" in the user guide of IAM Identity Center).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The characters that a service control policy may have; the console does not count white space.
pub(crate) const LONGEST_POLICY: usize = 5_120;
const CONDITION_KEY: &str = "identitystore:userId";

/// Returns the statement that denies everything to one user.
pub(crate) fn statement(user: &str) -> Value {
    json!({
        "Sid": "DenyOffboarded",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": { "StringEquals": { CONDITION_KEY: [user] } },
    })
}

/// What is to be done to a policy on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PolicyEdit {
    AlreadyListed,
    /// The whole new text.
    Changed(String),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum DenyPolicyError {
    #[error("it is not a policy in JSON")]
    NotAPolicy(#[from] serde_json::Error),
    #[error("it has no Deny statement with StringEquals on `{CONDITION_KEY}`")]
    NoList,
    #[error("it has {0} Deny statements with StringEquals on `{CONDITION_KEY}`")]
    SeveralLists(usize),
    #[error("with one more user it has {length} characters, and AWS takes {LONGEST_POLICY}")]
    TooLong { length: usize },
}

#[derive(Deserialize)]
struct Policy<'a> {
    #[serde(borrow, rename = "Statement")]
    statement: &'a RawValue,
}

#[derive(Deserialize)]
struct Statement<'a> {
    #[serde(rename = "Effect")]
    effect: String,
    #[serde(borrow, default, rename = "Condition")]
    condition: BTreeMap<String, &'a RawValue>,
}

/// Adds a user to the list of a policy. All other text stays as it is.
pub(crate) fn with_user(policy: &str, user: &str) -> Result<PolicyEdit, DenyPolicyError> {
    let lists = lists(policy)?;
    let list = match lists.as_slice() {
        [] => return Err(DenyPolicyError::NoList),
        [list] => *list,
        several => return Err(DenyPolicyError::SeveralLists(several.len())),
    };
    let Some(longer) = extended(list, user)? else { return Ok(PolicyEdit::AlreadyListed) };
    // The list is a part of the text.
    let start = list.as_ptr().addr() - policy.as_ptr().addr();
    let text = format!("{}{longer}{}", &policy[..start], &policy[start + list.len()..]);
    let length = serde_json::from_str::<Value>(&text)?.to_string().chars().count();
    if length > LONGEST_POLICY {
        return Err(DenyPolicyError::TooLong { length });
    }
    Ok(PolicyEdit::Changed(text))
}

/// Returns the lists of users in the text of a policy.
fn lists(policy: &str) -> Result<Vec<&str>, serde_json::Error> {
    let statement = serde_json::from_str::<Policy<'_>>(policy)?.statement.get();
    let statements: Vec<&RawValue> = one_or_several(statement)?;
    let mut lists = Vec::new();
    for statement in statements {
        let Statement { effect, condition } = serde_json::from_str(statement.get())?;
        if effect != "Deny" {
            continue;
        }
        for (_, keys) in condition.into_iter().filter(|(operator, _)| operator == "StringEquals") {
            let keys: BTreeMap<String, &RawValue> = serde_json::from_str(keys.get())?;
            // Names of condition keys are not case-sensitive.
            let is_list = |key: &String| key.eq_ignore_ascii_case(CONDITION_KEY);
            lists.extend(keys.iter().filter(|(key, _)| is_list(key)).map(|(_, list)| list.get()));
        }
    }
    Ok(lists)
}

/// A policy may have a single element in place of a list of one.
fn one_or_several(text: &str) -> Result<Vec<&RawValue>, serde_json::Error> {
    if text.starts_with('[') { serde_json::from_str(text) } else { Ok(vec![serde_json::from_str(text)?]) }
}

/// Returns the text of a list with one more user; `None` if the user is in it.
fn extended(list: &str, user: &str) -> Result<Option<String>, serde_json::Error> {
    let entries = one_or_several(list)?;
    let texts = entries.iter().map(|entry| serde_json::from_str(entry.get()));
    let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
    if texts.iter().any(|text| text == user) {
        return Ok(None);
    }
    let new = Value::from(user).to_string();
    let has_users = texts.iter().any(|text| is_user_id(text));
    // A list without a user has a placeholder only.
    let kept = entries.iter().filter(|_| has_users).map(|entry| entry.get());
    let items: Vec<&str> = kept.chain([new.as_str()]).collect();
    let inner = list.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or_default();
    let (before, after) = match inner.trim() {
        "" => ("", ""),
        middle => inner.split_once(middle).unwrap_or_default(),
    };
    let between = if before.contains('\n') { before } else { " " };
    Ok(Some(format!("[{before}{}{after}]", items.join(&format!(",{between}")))))
}

/// Returns whether a text is the id of a user in an identity store.
fn is_user_id(text: &str) -> bool {
    // API reference of the Identity Store: `([0-9a-f]{10}-|)` and a UUID.
    let uuid = match text.split_once('-') {
        Some((store, uuid)) if store.len() == 10 => uuid,
        _ => text,
    };
    let groups: Vec<&str> = uuid.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "9067642ac7-11111111-2222-3333-4444-555555555555";
    const BOB: &str = "f0d40882-9081-70ab-1a3e-0c0f0d6f2f11";

    /// A policy whose list is written as given, in an odd order and layout.
    fn policy(list: &str) -> String {
        format!(
            "{{\n\t\"Statement\" : [\n\t\t{{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}},\n\t\t\
             {{ \"Sid\": \"Gone\", \"Effect\": \"Deny\", \"Action\": [\"*\"], \"Resource\": \"*\",\n\
             \"Condition\": {{\"StringEquals\": {{\"identitystore:UserId\": {list} }}}} }}\n\t],\n\t\
             \"Version\": \"2012-10-17\"\n}}\n"
        )
    }

    fn changed(list: &str, user: &str) -> String {
        match with_user(&policy(list), user).expect("a policy") {
            PolicyEdit::Changed(text) => text,
            PolicyEdit::AlreadyListed => panic!("not listed before"),
        }
    }

    #[test]
    fn only_the_list_changes() {
        for (before, after) in [
            ("\"Add user ID here\"", format!("[\"{BOB}\"]")),
            ("[\"PLACEHOLDER\"]", format!("[\"{BOB}\"]")),
            ("[]", format!("[\"{BOB}\"]")),
            (&format!("\"{ALICE}\""), format!("[\"{ALICE}\", \"{BOB}\"]")),
            (&format!("[\"{ALICE}\"]"), format!("[\"{ALICE}\", \"{BOB}\"]")),
            (
                &format!("[\n  \"{ALICE}\",\n  \"x\"\n ]"),
                format!("[\n  \"{ALICE}\",\n  \"x\",\n  \"{BOB}\"\n ]"),
            ),
        ] {
            assert_eq!(changed(before, BOB), policy(&after), "{before}");
            assert_eq!(with_user(&policy(&after), BOB).expect("a policy"), PolicyEdit::AlreadyListed);
        }
    }

    #[test]
    fn a_single_statement_is_as_good_as_a_list() {
        let text = json!({ "Version": "2012-10-17", "Statement": statement(ALICE) }).to_string();
        let PolicyEdit::Changed(text) = with_user(&text, BOB).expect("a policy") else { panic!("changes") };
        let policy: Value = serde_json::from_str(&text).expect("JSON");
        let list = &policy["Statement"]["Condition"]["StringEquals"][CONDITION_KEY];
        assert_eq!(*list, json!([ALICE, BOB]));
    }

    #[test]
    fn what_cannot_be_edited_is_refused() {
        assert!(matches!(with_user("{", BOB), Err(DenyPolicyError::NotAPolicy(_))));
        assert!(matches!(with_user(&policy("[7]"), BOB), Err(DenyPolicyError::NotAPolicy(_))));
        let allows = policy("[]").replace("Deny", "Allow");
        assert!(matches!(with_user(&allows, BOB), Err(DenyPolicyError::NoList)));
        let twice = json!({ "Statement": [statement(ALICE), statement(ALICE)] }).to_string();
        assert!(matches!(with_user(&twice, BOB), Err(DenyPolicyError::SeveralLists(2))));
    }

    #[test]
    fn the_limit_of_aws_counts_without_white_space() {
        let fits = format!("[{}\"{ALICE}\"]", " ".repeat(LONGEST_POLICY));
        assert!(changed(&fits, BOB).len() > LONGEST_POLICY);
        let ids: Vec<String> =
            (0..140).map(|at| format!("\"{at:08}-2222-3333-4444-555555555555\"")).collect();
        let full = format!("[{}]", ids.join(","));
        assert!(
            matches!(with_user(&policy(&full), BOB), Err(DenyPolicyError::TooLong { length }) if length > 5_120)
        );
    }
}
