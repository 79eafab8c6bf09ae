//! Decides whether human-readable output has colors, for everything that kcaws writes.

use crate::platform::env::Env;

/// Returns whether the environment disables colors, for any stream.
///
/// NO_COLOR (no-color.org) comes before CLICOLOR_FORCE, and that before CLICOLOR and TERM (bixense.com/clicolors).
pub fn is_refused(env: &Env) -> bool {
    env.get("NO_COLOR").is_some()
        || (!is_forced(env)
            && (env.get("CLICOLOR").is_some_and(|value| value == "0")
                || env.get("TERM").is_some_and(|term| term == "dumb")))
}

/// Returns whether a stream of this process gets colors.
pub fn is_wanted(env: &Env, is_terminal: bool) -> bool {
    let has_colors = cfg!(windows) || env.get("TERM").is_some();
    !is_refused(env) && (is_forced(env) || (is_terminal && has_colors))
}

fn is_forced(env: &Env) -> bool {
    env.get("CLICOLOR_FORCE").is_some_and(|value| value != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_about_colors() {
        for (pairs, at_terminal, in_pipe) in [
            (&[("TERM", "xterm")][..], true, false),
            (&[("TERM", "xterm"), ("NO_COLOR", "")][..], true, false),
            (&[("TERM", "xterm"), ("NO_COLOR", "1")][..], false, false),
            (&[("TERM", "xterm"), ("CLICOLOR", "0")][..], false, false),
            (&[("TERM", "xterm"), ("CLICOLOR", "1")][..], true, false),
            (&[("TERM", "dumb")][..], false, false),
            (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")][..], true, true),
            (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "0")][..], false, false),
            (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")][..], false, false),
        ] {
            let env = Env::from_pairs(pairs);
            assert_eq!((is_wanted(&env, true), is_wanted(&env, false)), (at_terminal, in_pipe), "{pairs:?}");
        }
    }
}
