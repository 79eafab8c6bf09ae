//! Lists: 100 items at most, with a cursor or with a count of all.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::directory::page::{self, Page};
use crate::directory::settings::ScimTotal;

use super::Context;
use super::filter::{self, Equals};
use super::refusal::Refusal;

const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// What the query of a list asks for. `startIndex`, `attributes` and `excludedAttributes` are passed over, as AWS
/// does.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) filter: Option<Vec<Equals>>,
    size: usize,
    /// A bare `cursor` is the first page.
    cursor: Option<String>,
    /// Names the list in its cursors.
    list: String,
    after: Option<String>,
    total: ScimTotal,
}

impl Query {
    pub(super) fn read(context: &Context<'_>, kind: &str) -> Result<Self, Refusal> {
        let fields = context.call.query_fields();
        let one = |name: &'static str| {
            let value = fields.one(name).map_err(|_| Refusal::schema(format!("{name} is repeated")))?;
            Ok::<_, Refusal>(value.map(str::to_owned))
        };
        let text = one("filter")?;
        let filter = text.as_deref().map(filter::parse).transpose()?;
        let most = context.sim.settings.directory.page_size;
        let size = match one("count")?.map(|count| count.parse::<usize>()) {
            None => most,
            Some(Ok(count @ 1..=100)) => count.min(most),
            Some(_) => return Err(Refusal::schema("count must be from 1 to 100")),
        };
        let list = format!("{kind} {}", text.unwrap_or_default());
        let cursor = one("cursor")?;
        let after = match cursor.as_deref() {
            None | Some("") => None,
            Some(cursor) => {
                Some(page::after(&list, cursor).map_err(|_| Refusal::schema("cursor is invalid"))?)
            }
        };
        let total = context.sim.settings.directory.scim_total;
        Ok(Self { filter, size, cursor, list, after, total })
    }

    /// The id behind which the page begins.
    pub(super) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Answers with a page of what is left; `total` is the number of all items.
    pub(super) fn answer<T>(
        &self,
        left: impl Iterator<Item = T>,
        total: impl FnOnce() -> usize,
        id: impl Fn(&T) -> &str,
        shape: impl Fn(&T) -> Value,
    ) -> (StatusCode, Value) {
        let Page { items, next } = page::page(&self.list, self.size, left, id);
        let resources: Vec<Value> = items.iter().map(shape).collect();
        let mut body = json!({ "schemas": [SCHEMA], "itemsPerPage": items.len(), "Resources": resources });
        if self.cursor.is_some() {
            if let Some(next) = next {
                body["nextCursor"] = next.into();
            }
        } else {
            body["totalResults"] = match self.total {
                ScimTotal::AllMatches => total(),
                ScimTotal::ThisPage => items.len(),
            }
            .into();
            body["startIndex"] = 1.into();
        }
        (StatusCode::OK, body)
    }
}
