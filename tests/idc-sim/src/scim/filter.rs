//! Filters: `eq`, joined by `and`, in the combinations that AWS's guide lists.

use super::refusal::Refusal;

/// One comparison: an attribute equals a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Equals {
    pub(super) attribute: String,
    pub(super) value: String,
}

/// Reads `attribute eq "value" [and …]`.
pub(super) fn parse(text: &str) -> Result<Vec<Equals>, Refusal> {
    let mut comparisons = Vec::new();
    let mut rest = text.trim();
    loop {
        let (comparison, behind) = comparison(rest).ok_or_else(Refusal::invalid_filter)?;
        comparisons.push(comparison);
        if behind.is_empty() {
            return Ok(comparisons);
        }
        rest = word(behind, "and").ok_or_else(Refusal::invalid_filter)?;
    }
}

/// Reads one comparison and returns it with what is behind.
pub(super) fn comparison(text: &str) -> Option<(Equals, &str)> {
    let (attribute, rest) = text.split_once(' ')?;
    let quoted = word(rest.trim_start(), "eq")?;
    let mut values = serde_json::Deserializer::from_str(quoted).into_iter::<String>();
    let value = values.next()?.ok()?;
    let behind = quoted[values.byte_offset()..].trim_start();
    Some((Equals { attribute: attribute.to_owned(), value }, behind))
}

/// Takes a word of the grammar, in whatever case, and the blank behind it.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = text.split_once(' ')?;
    first.eq_ignore_ascii_case(word).then(|| rest.trim_start())
}

/// Does a filter compare exactly these attributes, in whatever order? Returns their values in the order of `wanted`.
pub(super) fn values<'a, const N: usize>(filter: &'a [Equals], wanted: [&str; N]) -> Option<[&'a str; N]> {
    if filter.len() != N {
        return None;
    }
    let value = |name: &str| filter.iter().find(|known| known.attribute.eq_ignore_ascii_case(name));
    let mut found = [""; N];
    for (slot, name) in found.iter_mut().zip(wanted) {
        *slot = &value(name)?.value;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_and_conjunctions() {
        let filter = parse(r#"id eq "a b" And members EQ "x\"y and z""#).expect("a filter");
        assert_eq!(values(&filter, ["members", "id"]), Some([r#"x"y and z"#, "a b"]));
        assert_eq!(values(&filter, ["id"]), None);
        let filter = parse(r#"username eq "alice""#).expect("a filter");
        assert_eq!(values(&filter, ["userName"]), Some(["alice"]));
    }

    #[test]
    fn everything_else_is_refused() {
        for bad in [
            "",
            "userName",
            "userName eq",
            "userName eq alice",
            r#"userName co "a""#,
            r#"userName sw "a""#,
            r#"userName eq "a" or userName eq "b""#,
            r#"userName eq "a" and"#,
            r#"not (userName eq "a")"#,
            "userName pr",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
