//! URLs in messages, without a password.

use std::fmt::{Display, Formatter, Result};

use url::Url;

/// Shows a URL or an attempt at one, with `***` for a name and password, and without query and fragment.
pub(crate) struct ShownUrl<'a>(pub(crate) &'a str);

impl Display for ShownUrl<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (scheme, rest) = match self.0.find("://") {
            Some(at) => self.0.split_at(at + 3),
            None => ("", self.0),
        };
        let (plain, is_cut) = match rest.find(['?', '#']) {
            Some(at) if !rest[at..].contains('@') || self.has_query(&rest[..at]) => (&rest[..at], true),
            // A password may contain both; then nothing before the last `@` is shown, and a host after it.
            Some(_) => {
                let host = rest.rfind('@').map_or("", |at| &rest[at..]);
                let end = host[1..].find(|c: char| !c.is_alphanumeric() && !".:-[]".contains(c));
                end.map_or((host, false), |end| (&host[..=end], true))
            }
            None => (rest, false),
        };
        f.write_str(scheme)?;
        match plain.rsplit_once('@') {
            Some((_, host)) => write!(f, "***@{host}")?,
            None => f.write_str(plain)?,
        }
        if is_cut { f.write_str("…") } else { Ok(()) }
    }
}

impl ShownUrl<'_> {
    /// Returns whether the host has ended before the query, so that no `@` after it ends a password.
    fn has_query(&self, before: &str) -> bool {
        before.contains('/') && Url::parse(self.0).is_ok_and(|url| url.has_host())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown_whatever_the_rest_is() {
        for (url, shown) in [
            ("https://sso.example.com/path", "https://sso.example.com/path"),
            ("https://u:secret@sso.example.com/", "https://***@sso.example.com/"),
            ("https://secret@sso.example.com:1", "https://***@sso.example.com:1"),
            ("https://u:se?c@re#t@sso.example.com", "https://***@sso.example.com"),
            ("u:secret@sso.example.com", "***@sso.example.com"),
            ("https://u:secret@/x", "https://***@/x"),
            ("https://sso.example.com/?token=secret", "https://sso.example.com/…"),
            ("https://x.example.com/q.toml?mail=a@b&token=secret", "https://x.example.com/q.toml…"),
            ("https://x.example.com?mail=a@b&token=secret", "https://***@b…"),
            ("https://u:se/c?re@x:99999/k?token=secret", "https://***@x:99999…"),
            ("nonsense", "nonsense"),
            ("", ""),
        ] {
            assert_eq!(ShownUrl(url).to_string(), shown);
        }
    }
}
