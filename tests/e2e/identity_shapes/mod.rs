//! The shapes of `~/.aws/config`, `~/.aws/credentials` and the environment that all SDKs are asked about.

mod chains;
mod single;

use kcaws_test_kit::Client;

/// One way to write a profile, and what has to come of it. The profile is `p` where the environment chooses none.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// Follows `[sso-session corp]`.
    pub(crate) config: &'static str,
    pub(crate) credentials: &'static str,
    /// Chooses the profile where there is any: no command names one then.
    pub(crate) env: &'static [(&'static str, &'static str)],
    pub(crate) outcome: Outcome,
    /// SDKs that see another caller, which kcaws documents.
    pub(crate) except: &'static [Client],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All SDKs are one caller, and so is kcaws.
    Same,
    /// kcaws refuses and names file and line.
    Refused,
    /// kcaws refuses; there is no line to name: no profile, no login under the session's name, or STS itself refuses.
    NoLine,
}

const fn shape(
    name: &'static str,
    config: &'static str,
    credentials: &'static str,
    outcome: Outcome,
) -> Shape {
    Shape { name, config, credentials, env: &[], outcome, except: &[] }
}

/// These SDKs refuse such a profile: they act as no one else.
const fn but_for(except: &'static [Client], shape: Shape) -> Shape {
    Shape { except, ..shape }
}

const fn chosen(
    name: &'static str,
    env: &'static [(&'static str, &'static str)],
    except: &'static [Client],
) -> Shape {
    let config = "[default]\n@other_line@[profile p]\n@line@[profile q]\n@deploy@source_profile = p\n";
    Shape { name, config, credentials: "", env, outcome: Outcome::Same, except }
}

/// Returns all shapes.
///
/// `@name@` is filled in: `line` and `other_line` run kcaws for two permission sets, `sso` and `other_sso` are the keys
/// of the same two, `known_keys` are keys that STS knows, `keys` are some that it does not, `deploy`, `hop`, `team` and
/// `web` are `role_arn` lines; `token` is the file that `web` accepts.
pub(crate) fn all() -> impl Iterator<Item = &'static Shape> {
    single::SHAPES.iter().chain(chains::SHAPES)
}
