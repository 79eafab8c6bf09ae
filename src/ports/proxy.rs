//! The proxy that the environment names, as the HTTP client below us reads it. What that client cannot read it leaves
//! out without a word, and goes past the proxy: that is refused before.

use url::Url;

use super::env::Env;

/// For https, the first pair that says anything: one variable, and the other way to write it.
const FOR_HTTPS: [(&str, &str); 2] = [("HTTPS_PROXY", "https_proxy"), ("ALL_PROXY", "all_proxy")];

/// Host and port of a proxy that can be used; a name and a password may stand before them.
pub fn address(value: &str) -> Option<String> {
    let with_scheme = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let url = Url::parse(&with_scheme).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?;
    Some(format!("{host}:{}", url.port_or_known_default()?))
}

/// The variable that decides and that no proxy can be made of.
pub fn unusable(env: &Env) -> Option<&'static str> {
    let mut named = FOR_HTTPS.into_iter().flat_map(|(upper, lower)| [upper, lower]);
    let (name, value) = named.find_map(|name| Some((name, env.get(name)?)))?;
    address(&value).is_none().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_that_decides_must_name_an_http_proxy() {
        let of = |pairs: &[(&str, &str)]| unusable(&Env::from_pairs(pairs));
        assert_eq!(of(&[]), None);
        for good in
            ["http://proxy.example:3128", "proxy.example:3128", "https://a:b@p.example", "http://[::1]:1"]
        {
            assert_eq!(of(&[("HTTPS_PROXY", good)]), None, "{good}");
        }
        for bad in ["::::", "ftp://x", "socks5://x:1", "http://", "://x", "http://x:99999"] {
            assert_eq!(of(&[("https_proxy", bad)]), Some("https_proxy"), "{bad}");
            assert_eq!(of(&[("HTTPS_PROXY", "http://p:1"), ("ALL_PROXY", bad)]), None);
        }
        assert_eq!(of(&[("all_proxy", "socks5://x:1")]), Some("all_proxy"));
        assert_eq!(of(&[("HTTP_PROXY", "socks5://x:1")]), None, "nothing of ours goes that way");
    }
}
