//! Pages of lists. A token is good for the same list with the same members only.

use serde_json::{Value, json};

use super::{Refusal, Request, Shape};
use crate::secret;
use crate::state::PageToken;
use crate::switches::PageSize;

const TOKEN: Shape = Shape { length: (0, 2048), pattern: "[-a-zA-Z0-9+=/_]*", fits: is_token };

/// How a service cuts its lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// The limit of `MaxResults`, and what a page holds without it.
    pub(crate) most: usize,
    /// A page in the middle may hold nothing.
    pub(crate) may_be_empty: bool,
}

fn is_token(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-+=/_".contains(&byte))
}

impl Request<'_> {
    /// Cuts the page that the request asks for out of `items`: `{member: [...], "NextToken": ...}`.
    pub(crate) fn page(&mut self, cut: Page, member: &str, items: Vec<Value>) -> Result<Value, Refusal> {
        let wanted = self.input.number("MaxResults", 1..=cut.most)?.unwrap_or(cut.most);
        let list = self.list_name();
        let offset = match self.input.optional_text("NextToken", &TOKEN)? {
            None => 0,
            Some(token) => {
                let known = self.state.page_tokens.get(token).filter(|known| known.list == list);
                let known = known.ok_or_else(|| Refusal::validation("Invalid NextToken"))?;
                if self.state.lists_in_circles.contains(self.operation) { 0 } else { known.offset }
            }
        };
        let size = match self.sim.settings.page_size {
            PageSize::Fixed(size) => size.clamp(1, wanted),
            // At most half of the list, so that a client that forgets to turn the page is found out.
            PageSize::Random => 1 + secret::below(wanted.min(items.len().div_ceil(2)).max(1)),
        };
        let is_empty =
            cut.may_be_empty && offset == 0 && items.len() > 1 && self.input.raw_text("NextToken").is_none();
        let size = if is_empty { 0 } else { size };
        let (next, total) = (offset + size, items.len());
        let page: Vec<Value> = items.into_iter().skip(offset).take(size).collect();
        let mut answer = json!({ member: page });
        if next < total {
            let token = secret::handle();
            self.state.page_tokens.insert(token.clone(), PageToken { list, offset: next });
            answer["NextToken"] = token.into();
        }
        Ok(answer)
    }

    /// The operation and all of its members but those that turn pages.
    fn list_name(&self) -> String {
        let mut members = self.input.clone();
        members.forget(&["MaxResults", "NextToken"]);
        format!("{} of {}: {members:?}", self.operation, self.caller.account)
    }
}
