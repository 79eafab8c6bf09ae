//! Finds names similar to one that does not exist.

/// Names further apart than this fraction are different names.
const NEAR: f64 = 0.65;
const MOST: usize = 3;

/// Returns the names that are similar to the wanted one, the most similar first.
///
/// By edit distance with swapped neighbors counted once. Differences in case count less than a whole letter, though AWS
/// distinguishes case.
pub fn similar<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(&wanted, &name.to_lowercase());
    let names = names.into_iter().map(|name| (likeness(name), name));
    let mut near: Vec<(f64, &str)> = names.filter(|(like, _)| *like >= NEAR).collect();
    near.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(x.cmp(y)));
    near.into_iter().take(MOST).map(|(_, name)| name.to_owned()).collect()
}

/// Returns the beginning of a hint, a question with the similar names; empty if there are none.
pub fn did_you_mean<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let near = similar(wanted, names);
    if near.is_empty() { String::new() } else { format!("did you mean `{}`? ", near.join("` or `")) }
}

/// Returns by how many characters two names differ, swapped neighbors counted once.
pub fn distance(one: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(one, other)
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, similar};

    #[test]
    fn a_typo_finds_its_name_and_a_stranger_finds_none() {
        let names = ["dev-admin", "dev-power-user-access", "prod-power-user-access"];
        assert_eq!(
            similar("dev-power-user-acces", names),
            ["dev-power-user-access", "prod-power-user-access"]
        );
        assert_eq!(similar("DEV-amdin", names), ["dev-admin"]);
        assert_eq!(did_you_mean("dev-amdin", names), "did you mean `dev-admin`? ");
        assert_eq!(did_you_mean("nobody", names), "");
        assert!(similar("nobody", names).is_empty() && similar("x", []).is_empty());
    }
}
