//! The lines by which a web server redirects the company's own start URL to the access portal.
//!
//! 302 and `no-store`, so that a move to another Region reaches everybody at the next login.

use serde::Serialize;

/// A web server, and how it is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WebServer {
    Nginx,
    Caddy,
    Traefik,
    Apache,
}

impl WebServer {
    pub(crate) const ALL: [Self; 4] = [Self::Nginx, Self::Caddy, Self::Traefik, Self::Apache];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy => "Caddy",
            Self::Traefik => "Traefik (file provider)",
            Self::Apache => "Apache httpd",
        }
    }

    /// Returns the lines that redirect `path` at `host` to `portal`. None of them has characters that need quoting.
    pub(crate) fn lines(self, host: &str, path: &str, portal: &str) -> String {
        match self {
            Self::Nginx => format!(
                "location = {path} {{\n    add_header Cache-Control no-store always;\n    return 302 {portal};\n}}"
            ),
            Self::Caddy => format!(
                "{host} {{\n    header {path} Cache-Control no-store\n    redir {path} {portal} 302\n}}"
            ),
            Self::Traefik => format!(
                "http:\n  routers:\n    aws-portal:\n      rule: \"Host(`{host}`) && Path(`{path}`)\"\n      middlewares: [aws-portal]\n      \
                 service: noop@internal\n      tls: {{}}\n  middlewares:\n    aws-portal:\n      redirectRegex:\n        \
                 regex: \".*\"\n        replacement: \"{portal}\"\n        permanent: false"
            ),
            Self::Apache => {
                let pattern = path.replace('.', "\\.");
                format!(
                    "RedirectMatch 302 \"^{pattern}$\" \"{portal}\"\nHeader always set Cache-Control no-store \"expr=%{{REQUEST_URI}} == '{path}'\""
                )
            }
        }
    }
}
