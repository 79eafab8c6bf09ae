//! Templates of profile names: `{account_name|trim_prefix:corp-|kebab}.{role|lower}`.

use crate::profile::plain_name::is_mark;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    AccountName,
    AccountId,
    Role,
    Session,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Filter {
    Lower,
    Kebab,
    TrimPrefix(String),
    Replace(String, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(Field, Vec<Filter>),
}

/// `{account_name|trim_prefix:corp-|kebab}.{role|lower}`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name template `{template}` {why}")]
pub struct TemplateError {
    template: String,
    why: String,
}

impl Template {
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Self::pieces(text).map(Self).map_err(|why| TemplateError { template: text.to_owned(), why })
    }

    fn pieces(text: &str) -> Result<Vec<Piece>, String> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(open) = rest.find(['{', '}']) {
            let Some(inner) = rest[open..].strip_prefix('{') else {
                return Err("has a `}` without `{`".to_owned());
            };
            let Some(close) = inner.find('}') else { return Err("has a `{` without `}`".to_owned()) };
            if open > 0 {
                pieces.push(Piece::Text(rest[..open].to_owned()));
            }
            let mut parts = inner[..close].split('|');
            let field = field(parts.next().unwrap_or_default().trim())?;
            pieces.push(Piece::Field(field, parts.map(filter).collect::<Result<_, _>>()?));
            rest = &inner[close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        if !pieces.iter().any(|piece| matches!(piece, Piece::Field(..))) {
            return Err("gives all profiles the same name".to_owned());
        }
        Ok(pieces)
    }

    pub(super) fn has(&self, wanted: Field) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Field(field, _) if *field == wanted))
    }

    /// Renders the name; `finish` is given each field after its filters.
    pub(super) fn fill<'a>(
        &self,
        value: &dyn Fn(Field) -> &'a str,
        finish: &dyn Fn(Field, String) -> String,
    ) -> String {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Field(field, filters) => {
                    let start = value(*field).to_owned();
                    let filtered = filters.iter().fold(start, |text, filter| filter.apply(&text));
                    filled.push_str(&finish(*field, filtered));
                }
            }
        }
        filled
    }
}

fn field(name: &str) -> Result<Field, String> {
    match name {
        "account_name" => Ok(Field::AccountName),
        "account_id" => Ok(Field::AccountId),
        "role" => Ok(Field::Role),
        "session" => Ok(Field::Session),
        _ => Err(format!("has the field `{name}`; there are account_name, account_id, role, session")),
    }
}

fn filter(text: &str) -> Result<Filter, String> {
    let mut parts = text.trim().split(':');
    let (name, arguments) = (parts.next().unwrap_or_default(), parts.collect::<Vec<_>>());
    match (name, arguments.as_slice()) {
        ("lower", []) => Ok(Filter::Lower),
        ("kebab", []) => Ok(Filter::Kebab),
        ("trim_prefix", [prefix]) => Ok(Filter::TrimPrefix((*prefix).to_owned())),
        ("replace", [from, to]) if !from.is_empty() => {
            Ok(Filter::Replace((*from).to_owned(), (*to).to_owned()))
        }
        _ => {
            Err(format!("has the filter `{text}`; there are lower, kebab, trim_prefix:TEXT, replace:FROM:TO"))
        }
    }
}

impl Filter {
    fn apply(&self, text: &str) -> String {
        match self {
            Self::Lower => text.to_lowercase(),
            Self::Kebab => kebab(text),
            Self::TrimPrefix(prefix) => text.strip_prefix(prefix.as_str()).unwrap_or(text).to_owned(),
            Self::Replace(from, to) => text.replace(from.as_str(), to),
        }
    }
}

/// Converts to kebab case.
///
/// `PowerUserAccess` and `Power User_Access` are `power-user-access`; `AWSAdmin` is `aws-admin`.
fn kebab(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut kebab = String::new();
    for (at, letter) in letters.iter().enumerate() {
        if is_mark(*letter) {
            kebab.push(*letter);
            continue;
        }
        if !letter.is_alphanumeric() {
            if !kebab.is_empty() && !kebab.ends_with('-') {
                kebab.push('-');
            }
            continue;
        }
        let before = letters[..at].iter().rfind(|before| !is_mark(**before));
        let starts_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || (before.is_uppercase() && letters.get(at + 1).is_some_and(|next| next.is_lowercase()))
            });
        if starts_word && !kebab.ends_with('-') {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kebab_finds_the_words() {
        for (text, expected) in [
            ("PowerUserAccess", "power-user-access"),
            ("AWSAdministratorAccess", "aws-administrator-access"),
            ("Team  A_b", "team-a-b"),
            ("ML2Ops", "ml2-ops"),
            ("--x--", "x"),
        ] {
            assert_eq!(kebab(text), expected);
        }
    }

    #[test]
    fn mistakes_in_a_template_are_named() {
        for (template, part) in [
            ("{acount}", "field `acount`"),
            ("{role|upper}", "filter `upper`"),
            ("{role", "without `}`"),
            ("role}", "without `{`"),
            ("dev", "the same name"),
            ("{role|replace:x}", "filter `replace:x`"),
        ] {
            let error = Template::parse(template).expect_err(template).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
