//! Scripts that load what `kcaws init` prints, and use it.

use kcaws_test_kit::TestCommand;

use crate::fixture::LoginFixture;
use crate::shells::Shell;

/// A name that would act wherever it is evaluated; quotes, blanks and all.
pub(crate) const EVIL: &str = "e'v\"i l$(touch pwned)`touch pwned`;touch pwned";

pub(crate) fn fixture() -> LoginFixture {
    let fixture = LoginFixture::new();
    let plain = "sso_session = corp\nsso_account_id = 222233334444\nsso_role_name = ReadOnlyAccess\n";
    let more = format!("[profile plain]\n{plain}\n[profile -dash]\n{plain}");
    let evil = format!(
        "[profile {EVIL}]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = ReadOnlyAccess\nregion = $(touch pwned)\n"
    );
    fixture.env.write_aws_config(&format!("{}\n{more}\n{evil}", fixture.config()));
    fixture
}

/// How a script loads the hook, written by this binary.
pub(crate) fn load(fixture: &LoginFixture, shell: Shell) -> String {
    let text = fixture.run(&format!("init {}", shell.name())).expect_ok().stdout_text();
    let home = fixture.env.home();
    match shell {
        Shell::Elvish => {
            fixture.env.write_home_file(".config/elvish/lib/kcaws.elv", &text);
            "use kcaws; var kcaws~ = $kcaws:kcaws~".to_owned()
        }
        Shell::Nu => {
            fixture.env.write_home_file("hook.nu", &text);
            format!("source {}/hook.nu", home.display())
        }
        Shell::Bash => {
            fixture.env.write_home_file("hook.bash", &text);
            "eval -- \"$(cat hook.bash)\"".to_owned()
        }
        Shell::Zsh | Shell::Fish => {
            fixture.env.write_home_file("hook", &text);
            "source ./hook".to_owned()
        }
    }
}

/// A command that prints both variables, `none` where there is none.
pub(crate) fn show(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash | Shell::Zsh => "echo \"<${AWS_PROFILE-none}|${AWS_REGION-none}>\"",
        Shell::Fish => {
            "begin; set -q AWS_PROFILE; and set p $AWS_PROFILE; or set p none; set -q AWS_REGION; and set r $AWS_REGION; or set r none; echo \"<$p|$r>\"; end"
        }
        Shell::Elvish => {
            "{ var p r = none none; if (has-env AWS_PROFILE) { set p = $E:AWS_PROFILE }; if (has-env AWS_REGION) { set r = $E:AWS_REGION }; echo '<'$p'|'$r'>' }"
        }
        Shell::Nu => "print $\"<($env.AWS_PROFILE? | default none)|($env.AWS_REGION? | default none)>\"",
    }
}

pub(crate) fn script(fixture: &LoginFixture, shell: Shell, steps: &[&str]) -> Option<TestCommand> {
    let mut lines = vec![load(fixture, shell)];
    if shell != Shell::Nu {
        lines.push(lines[0].clone()); // nu reads a file once, and refuses a second of the same
    }
    for step in steps {
        lines.push((*step).to_owned());
    }
    shell.run(&fixture.env, &lines.join("\n"))
}
