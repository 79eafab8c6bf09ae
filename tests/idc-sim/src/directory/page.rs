//! Pages of lists that are sorted by id: a token names the last item, so that nothing is skipped or shown twice
//! while items come and go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// AWS's tokens may contain `+` and `/` (pattern `[-a-zA-Z0-9+=/:_]*`): a client that puts one into a query without
/// encoding it is found out.
const MARK: &str = "+/";

/// A page and where the next one begins.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// The token is not one of this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownToken;

/// Returns the id behind which the page of `token` begins.
pub(crate) fn after(list: &str, token: &str) -> Result<String, UnknownToken> {
    let encoded = token.strip_prefix(MARK).ok_or(UnknownToken)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| UnknownToken)?;
    let text = String::from_utf8(bytes).map_err(|_| UnknownToken)?;
    let behind = text.strip_prefix(list).and_then(|rest| rest.strip_prefix('\n')).ok_or(UnknownToken)?;
    Ok(behind.to_owned())
}

/// Takes a page of `size` items out of what is left of `list`.
pub(crate) fn page<T>(
    list: &str,
    size: usize,
    mut left: impl Iterator<Item = T>,
    id: impl Fn(&T) -> &str,
) -> Page<T> {
    let items: Vec<T> = left.by_ref().take(size).collect();
    let more = left.next().is_some();
    let end = items.last().filter(|_| more);
    let next = end.map(|end| format!("{MARK}{}", STANDARD.encode(format!("{list}\n{}", id(end)))));
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_end_and_tokens_are_good_for_one_list() {
        let ids = ["a", "b", "c"];
        let first = page("users", 2, ids.into_iter(), |id| id);
        assert_eq!(first.items, ["a", "b"]);
        let token = first.next.expect("more");
        assert_eq!(after("users", &token).as_deref(), Ok("b"));
        assert_eq!(after("user", &token), Err(UnknownToken));
        assert_eq!(after("users", "b"), Err(UnknownToken));
        assert_eq!(page("users", 3, ids.into_iter(), |id| id).next, None);
    }
}
