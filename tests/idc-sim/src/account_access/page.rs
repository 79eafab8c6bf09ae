//! Pages of lists. The token of the next one is good for the same list only; the last page has none.

use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::secret;
use crate::state::{PageToken, Sim, State};
use crate::switches::PageSize;

/// API references: 1 to 100, and 100 without the parameter.
pub(super) const MAX_RESULTS: usize = 100;

/// What a request says about the page that it asks for.
pub(super) struct Asked<'a> {
    /// The member that has the items.
    pub(super) member: &'static str,
    /// Tells the lists apart.
    pub(super) list: &'a str,
    pub(super) wanted: usize,
    pub(super) token: Option<&'a str>,
}

/// Cuts a page out of `items`.
pub(super) fn cut(
    sim: &Sim,
    state: &mut State,
    asked: &Asked<'_>,
    items: Vec<Value>,
) -> Result<Value, Refusal> {
    let Asked { member, list, wanted, token } = *asked;
    let operation = list.split(' ').next().unwrap_or_default();
    let offset = match token {
        None => 0,
        Some(token) => {
            let known = state.page_tokens.get(token).filter(|known| known.list == *list);
            let known = known.ok_or_else(|| Refusal::validation("Invalid nextToken"))?;
            if state.lists_in_circles.contains(operation) { 0 } else { known.offset }
        }
    };
    let size = match sim.settings.page_size {
        _ if sim.settings.account_access.empty_role_pages && token.is_none() && items.len() > 1 => 0,
        PageSize::Fixed(size) => size.clamp(1, wanted),
        // At most half of the list, so that a client that forgets to turn the page is found out.
        PageSize::Random => 1 + secret::below(wanted.min(items.len().div_ceil(2)).max(1)),
    };
    let (next, total) = (offset + size, items.len());
    let page: Vec<Value> = items.into_iter().skip(offset).take(size).collect();
    let mut answer = json!({ member: page });
    if next < total {
        let token = secret::handle();
        state.page_tokens.insert(token.clone(), PageToken { list: list.to_owned(), offset: next });
        answer["nextToken"] = token.into();
    }
    Ok(answer)
}
