//! Policies of a permission set, compared by what they mean.

use std::fmt;

use serde_json::{Map, Value};

/// A policy document in JSON. Two are equal if they allow and deny the same, whatever their order and spelling.
#[derive(Clone, Debug)]
pub(crate) struct PolicyDocument {
    /// As it is written, without blanks.
    text: String,
    normal: Value,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PolicyError {
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("it is not a policy: an object with Statement is expected")]
    NotAPolicy,
    #[error("it has {0} characters without blanks; AWS takes {MOST_CHARACTERS}")]
    TooLong(usize),
    #[error("it has {0} bytes; AWS takes {MOST_BYTES}")]
    TooManyBytes(usize),
    #[error("it has the character {0:?}; AWS takes Latin-1 only")]
    NotLatin1(char),
}

/// Quota of AWS, "Inline policy size" of IAM Identity Center.
const MOST_CHARACTERS: usize = 10_240;
/// API reference of `PutInlinePolicyToPermissionSet`.
const MOST_BYTES: usize = 32_768;
/// Members of a statement that are a text or a list of texts, where one text is a list of one.
const LISTS: [&str; 4] = ["Action", "NotAction", "Resource", "NotResource"];

impl PolicyDocument {
    /// Reads a document that AWS returned.
    pub(crate) fn parse(text: &str) -> Result<Self, PolicyError> {
        let value = serde_json::from_str(text).map_err(|error| PolicyError::NotJson(error.to_string()))?;
        Self::of(&value)
    }

    pub(crate) fn of(value: &Value) -> Result<Self, PolicyError> {
        let normal = normal(value).ok_or(PolicyError::NotAPolicy)?;
        Ok(Self { text: value.to_string(), normal })
    }

    /// Checks what AWS would refuse.
    pub(crate) fn within_limits(self) -> Result<Self, PolicyError> {
        let characters = self.text.chars().filter(|letter| !letter.is_whitespace()).count();
        if characters > MOST_CHARACTERS {
            return Err(PolicyError::TooLong(characters));
        }
        if self.text.len() > MOST_BYTES {
            return Err(PolicyError::TooManyBytes(self.text.len()));
        }
        match self.text.chars().find(|letter| !is_latin1(*letter)) {
            Some(letter) => Err(PolicyError::NotLatin1(letter)),
            None => Ok(self),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the document as a value, for the access file.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

impl PartialEq for PolicyDocument {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Eq for PolicyDocument {}

impl fmt::Display for PolicyDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pretty = serde_json::to_string_pretty(&self.value());
        f.write_str(pretty.as_deref().unwrap_or(&self.text))
    }
}

/// Returns whether AWS takes the letter in descriptions and policies.
pub(crate) fn is_latin1(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{ff}')
}

fn normal(policy: &Value) -> Option<Value> {
    let mut policy = policy.as_object()?.clone();
    let statements = match policy.remove("Statement")? {
        Value::Array(statements) => statements,
        one @ Value::Object(_) => vec![one],
        _ => return None,
    };
    let statements: Option<Vec<Value>> = statements.iter().map(normal_statement).collect();
    policy.insert("Statement".to_owned(), sorted(statements?));
    Some(Value::Object(policy))
}

fn normal_statement(statement: &Value) -> Option<Value> {
    let mut statement = statement.as_object()?.clone();
    for name in LISTS {
        if let Some(list) = statement.get_mut(name) {
            *list = normal_list(list);
        }
    }
    if let Some(Value::Object(conditions)) = statement.get_mut("Condition") {
        conditions.values_mut().filter_map(Value::as_object_mut).for_each(normal_condition);
    }
    Some(Value::Object(statement))
}

fn normal_condition(keys: &mut Map<String, Value>) {
    keys.values_mut().for_each(|values| *values = normal_list(values));
}

/// Makes a list of one value, and texts of numbers and truth values, as IAM does.
fn normal_list(values: &Value) -> Value {
    let values = match values {
        Value::Array(values) => values.clone(),
        one => vec![one.clone()],
    };
    let text = |value: Value| match value {
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        other => other,
    };
    sorted(values.into_iter().map(text).collect())
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_cached_key(ToString::to_string);
    values.dedup();
    Value::Array(values)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(value: &Value) -> PolicyDocument {
        PolicyDocument::of(value).expect("a policy")
    }

    #[test]
    fn policies_that_mean_the_same_are_equal() {
        let one = policy(&json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*" },
            { "Effect": "Deny", "Action": "iam:*", "Resource": "*",
              "Condition": { "Bool": { "aws:MultiFactorAuthPresent": false } } },
        ]}));
        let other = policy(&json!({ "Statement": [
            { "Resource": ["*"], "Action": ["iam:*"], "Effect": "Deny",
              "Condition": { "Bool": { "aws:MultiFactorAuthPresent": ["false"] } } },
            { "Action": ["s3:List*", "s3:Get*", "s3:Get*"], "Effect": "Allow", "Resource": ["*"] },
        ], "Version": "2012-10-17" }));
        assert_eq!(one, other);
        let single =
            policy(&json!({ "Statement": { "Effect": "Allow", "Action": "s3:*", "Resource": "*" } }));
        let list =
            policy(&json!({ "Statement": [{ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }] }));
        assert_eq!(single, list);
    }

    #[test]
    fn policies_that_differ_are_not() {
        let of = |action: &str, effect: &str| {
            policy(&json!({ "Statement": [{ "Effect": effect, "Action": action, "Resource": "*" }] }))
        };
        assert_ne!(of("s3:*", "Allow"), of("s3:*", "Deny"));
        assert_ne!(of("s3:*", "Allow"), of("sqs:*", "Allow"));
    }

    #[test]
    fn what_aws_refuses_is_found_before_it_is_sent() {
        assert!(matches!(PolicyDocument::parse("{"), Err(PolicyError::NotJson(_))));
        assert_eq!(PolicyDocument::parse("{}"), Err(PolicyError::NotAPolicy));
        assert_eq!(PolicyDocument::parse(r#"{"Statement": ["x"]}"#), Err(PolicyError::NotAPolicy));
        let with = |sid: &str| {
            policy(
                &json!({ "Statement": [{ "Sid": sid, "Effect": "Allow", "Action": "*", "Resource": "*" }] }),
            )
            .within_limits()
        };
        let around = with("").expect("fits").text().len();
        assert!(with(&"x".repeat(MOST_CHARACTERS - around)).is_ok());
        let error = with(&"x".repeat(MOST_CHARACTERS - around + 1));
        assert_eq!(error, Err(PolicyError::TooLong(MOST_CHARACTERS + 1)));
        // Blanks do not count as characters, but as bytes.
        assert!(with(&" ".repeat(MOST_BYTES - around)).is_ok());
        assert_eq!(
            with(&" ".repeat(MOST_BYTES - around + 1)),
            Err(PolicyError::TooManyBytes(MOST_BYTES + 1))
        );
        assert!(with("é").is_ok());
        assert_eq!(with("…"), Err(PolicyError::NotLatin1('…')));
    }
}
