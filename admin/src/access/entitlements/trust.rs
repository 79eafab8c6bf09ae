//! The trust policy by which account access manager may assume a role.
//!
//! IAM user guide, "Prepare roles for account access manager".

use serde::Serialize;
use serde_json::{Value, json};

use crate::glob;

const SERVICE: &str = "account-access.amazonaws.com";
const ASSUME_ROLE: &str = "sts:AssumeRole";
const SET_CONTEXT: &str = "sts:SetContext";
const TAG_SESSION: &str = "sts:TagSession";
const SOURCE_ACCOUNT: &str = "aws:SourceAccount";
const SOURCE_ARN: &str = "aws:SourceArn";

/// Whom a role has to trust.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrustedApplication<'a> {
    pub(crate) arn: &'a str,
    pub(crate) management_account: &'a str,
}

/// What is known of the trust policy of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum RoleTrust {
    /// `advice` is what works and could be better.
    Trusted {
        advice: Vec<String>,
    },
    /// Why the role cannot be assumed.
    Lacks {
        missing: Vec<String>,
    },
    /// The account has a role of this name with another path.
    OtherArn {
        arn: String,
    },
    NoSuchRole,
    /// It is in another account, or the right is missing.
    NotRead,
}

/// Returns the statement that the trust policy of each role needs.
pub(crate) fn statement(of: TrustedApplication<'_>) -> Value {
    json!({
        "Sid": "AccountAccessManager",
        "Effect": "Allow",
        "Principal": { "Service": SERVICE },
        "Action": [ASSUME_ROLE, SET_CONTEXT, TAG_SESSION],
        "Condition": {
            "StringEquals": { SOURCE_ACCOUNT: of.management_account },
            "ArnEquals": { SOURCE_ARN: of.arn },
        },
    })
}

/// Judges a trust policy. Conditions other than those of the statement are not judged: they are reported.
pub(crate) fn judge(policy: &Value, of: TrustedApplication<'_>) -> RoleTrust {
    let statements = list(&policy["Statement"]);
    let named: Vec<&&Value> = statements.iter().filter(|statement| names_service(statement)).collect();
    if named.is_empty() {
        return RoleTrust::Lacks { missing: vec![format!("{SERVICE} is not among the principals")] };
    }
    let (mut missing, mut advice) = (Vec::new(), Vec::new());
    let mut allowed: Vec<&str> = Vec::new();
    for statement in named {
        let conditions = Conditions::of(statement, of);
        let actions = [ASSUME_ROLE, SET_CONTEXT, TAG_SESSION];
        let covered = actions.into_iter().filter(|action| covers(statement, action));
        match statement["Effect"].as_str() {
            Some("Allow") if conditions.mismatches.is_empty() => {
                allowed.extend(covered);
                advice.extend(conditions.advice());
            }
            Some("Allow") => missing.extend(conditions.mismatches),
            Some("Deny") if statement["Condition"].is_null() => {
                missing.extend(covered.map(|action| format!("{action} is denied")));
            }
            _ => {}
        }
    }
    let is_missing = |action: &&&str| !allowed.contains(*action);
    let needed = [ASSUME_ROLE, SET_CONTEXT];
    let lacking: Vec<String> =
        needed.iter().filter(is_missing).map(|action| format!("{action} is not allowed")).collect();
    let is_denied = missing.iter().any(|what| what.ends_with("is denied"));
    if !lacking.is_empty() || is_denied {
        // A statement that does not fit explains what is missing; beside one that fits it does no harm.
        missing.extend(lacking);
        missing.dedup();
        return RoleTrust::Lacks { missing };
    }
    if !allowed.contains(&TAG_SESSION) {
        advice.push(format!("{TAG_SESSION} is not allowed: attributes of the user are not passed on"));
    }
    advice.dedup();
    RoleTrust::Trusted { advice }
}

/// What the conditions of a statement come to for a request of the application.
#[derive(Default)]
struct Conditions {
    mismatches: Vec<String>,
    restricts_account: bool,
    restricts_application: bool,
    others: Vec<String>,
}

impl Conditions {
    fn of(statement: &Value, of: TrustedApplication<'_>) -> Self {
        let mut conditions = Self::default();
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            for (key, values) in keys.as_object().into_iter().flatten() {
                conditions.add(operator, key, &texts(values), of);
            }
        }
        conditions
    }

    fn add(&mut self, operator: &str, key: &str, values: &[&str], of: TrustedApplication<'_>) {
        let is_judged = ["StringEquals", "StringLike", "ArnEquals", "ArnLike"]
            .iter()
            .any(|known| operator.eq_ignore_ascii_case(known));
        let (name, expected) = if key.eq_ignore_ascii_case(SOURCE_ACCOUNT) {
            (SOURCE_ACCOUNT, of.management_account)
        } else if key.eq_ignore_ascii_case(SOURCE_ARN) {
            (SOURCE_ARN, of.arn)
        } else {
            return self.others.push(key.to_owned());
        };
        if !is_judged {
            return self.others.push(key.to_owned());
        }
        let is_exact = operator.eq_ignore_ascii_case("StringEquals");
        let fits =
            |value: &&str| if is_exact { **value == *expected } else { glob::matches(value, expected) };
        if !values.iter().any(fits) {
            let values = values.join(", ");
            self.mismatches.push(format!("{name} is {values}, and has to be {expected}"));
        }
        if name == SOURCE_ACCOUNT {
            self.restricts_account = true;
        } else {
            self.restricts_application = true;
        }
    }

    fn advice(&self) -> Vec<String> {
        let open = [(self.restricts_account, SOURCE_ACCOUNT), (self.restricts_application, SOURCE_ARN)];
        let open = open.into_iter().filter(|(restricts, _)| !restricts);
        let open = open.map(|(_, key)| format!("nothing is said about {key}: others could be let in"));
        let others = self.others.iter().map(|key| format!("the condition on {key} was not judged"));
        open.chain(others).collect()
    }
}

fn names_service(statement: &Value) -> bool {
    match &statement["Principal"] {
        Value::String(all) => all == "*",
        principal => texts(&principal["Service"]).iter().any(|name| *name == SERVICE || *name == "*"),
    }
}

/// Action names are the same in upper and lower case.
fn covers(statement: &Value, action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let patterns = texts(&statement["Action"]);
    patterns.iter().any(|pattern| glob::matches(&pattern.to_ascii_lowercase(), &action))
}

fn texts(values: &Value) -> Vec<&str> {
    list(values).into_iter().filter_map(Value::as_str).collect()
}

/// In policies one value stands for a list of one.
fn list(values: &Value) -> Vec<&Value> {
    match values {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPLICATION: &str = "arn:aws:account-access:eu-central-1:000011112222:application/0123456789abcdef";
    const OF: TrustedApplication<'_> =
        TrustedApplication { arn: APPLICATION, management_account: "000011112222" };

    fn judged(change: impl FnOnce(&mut Value)) -> RoleTrust {
        let mut statement = statement(OF);
        change(&mut statement);
        judge(&json!({ "Version": "2012-10-17", "Statement": [statement] }), OF)
    }

    #[test]
    fn the_statement_that_is_printed_is_enough() {
        assert_eq!(judged(|_| ()), RoleTrust::Trusted { advice: vec![] });
        // One statement without a list, and wildcards.
        let policy = json!({ "Statement": {
            "Effect": "Allow", "Principal": { "Service": ["ec2.amazonaws.com", SERVICE] }, "Action": "STS:*",
            "Condition": {
                "StringLike": { "AWS:sourceaccount": ["1", "0000*"] },
                "ArnLike": { SOURCE_ARN: "arn:aws:account-access:*:000011112222:application/*" },
            },
        }});
        assert_eq!(judge(&policy, OF), RoleTrust::Trusted { advice: vec![] });
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = |trust: RoleTrust| match trust {
            RoleTrust::Lacks { missing } => missing.join("; "),
            other => panic!("{other:?}"),
        };
        for (trust, words) in [
            (judge(&json!({}), OF), "not among the principals"),
            (judged(|one| one["Principal"] = json!({ "AWS": "*" })), "not among the principals"),
            (judged(|one| one["Action"] = json!("sts:AssumeRole")), "sts:SetContext is not allowed"),
            (judged(|one| one["Action"] = json!(["sts:SetContext"])), "sts:AssumeRole is not allowed"),
            (
                judged(|one| one["Condition"]["StringEquals"][SOURCE_ACCOUNT] = json!("111122223333")),
                "aws:SourceAccount is 111122223333, and has to be 000011112222",
            ),
            (
                judged(|one| one["Condition"]["ArnEquals"][SOURCE_ARN] = json!(format!("{APPLICATION}0"))),
                "aws:SourceArn is arn",
            ),
            (judged(|one| one["Effect"] = json!("Deny")), "not allowed"),
        ] {
            let missing = missing(trust);
            assert!(missing.contains(words), "{words}: {missing}");
        }
        let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "sts:SetContext" });
        let policy = json!({ "Statement": [statement(OF), deny] });
        assert_eq!(missing(judge(&policy, OF)), "sts:SetContext is denied");
    }

    #[test]
    fn a_second_statement_that_does_not_fit_does_no_harm() {
        let mut other = statement(OF);
        other["Condition"]["StringEquals"][SOURCE_ACCOUNT] = json!("111122223333");
        let policy = json!({ "Statement": [other, statement(OF)] });
        assert_eq!(judge(&policy, OF), RoleTrust::Trusted { advice: vec![] });
        // The two actions may be in statements of their own.
        let (mut assume, mut context) = (statement(OF), statement(OF));
        assume["Action"] = json!(ASSUME_ROLE);
        context["Action"] = json!([SET_CONTEXT, TAG_SESSION]);
        let policy = json!({ "Statement": [assume, context] });
        assert_eq!(judge(&policy, OF), RoleTrust::Trusted { advice: vec![] });
    }

    #[test]
    fn what_works_and_could_be_better_is_advice() {
        let advice = |trust: RoleTrust| match trust {
            RoleTrust::Trusted { advice } => advice.join("; "),
            other => panic!("{other:?}"),
        };
        let untagged = judged(|one| one["Action"] = json!([ASSUME_ROLE, SET_CONTEXT]));
        assert!(advice(untagged).contains("sts:TagSession"));
        let open = advice(judged(|one| one["Condition"] = Value::Null));
        assert!(open.contains(SOURCE_ACCOUNT) && open.contains(SOURCE_ARN), "{open}");
        let more = advice(judged(|one| {
            one["Condition"]["StringNotEquals"] = json!({ "aws:PrincipalTag/team": "x" });
        }));
        assert!(more.contains("aws:PrincipalTag/team was not judged"), "{more}");
    }
}
