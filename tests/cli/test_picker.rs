//! The list that a person picks from, in a terminal emulator: tmux, without anybody's settings.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use kcaws_test_kit::{TestCommand, require_program, wait_for};

use crate::fixture::{LoginFixture, binary};

struct Screen<'a> {
    fixture: &'a LoginFixture,
    socket: PathBuf,
}

impl<'a> Screen<'a> {
    /// Runs `command` in a terminal of that size, which says how it ended and stays.
    fn open(fixture: &'a LoginFixture, (columns, rows): (u16, u16), command: &str) -> Self {
        // A server that is about to end may still be at its socket.
        static SOCKETS: AtomicUsize = AtomicUsize::new(0);
        let socket = format!("tmux-{}", SOCKETS.fetch_add(1, Ordering::Relaxed));
        let screen = Self { fixture, socket: fixture.env.root().join(socket) };
        let script = format!(
            "printf 'above\\n'; kcaws() {{ '{}' \"$@\"; }}; {command}; printf 'code %s\\n' $?; exec cat",
            binary().display()
        );
        let size = [columns.to_string(), rows.to_string()];
        screen.tmux(&["new-session", "-d", "-x", &size[0], "-y", &size[1], &script]);
        screen
    }

    fn command(&self, line: &[&str]) -> TestCommand {
        self.fixture.env.command("tmux").args(["-f", "/dev/null", "-S"]).arg(&self.socket).args(line)
    }

    fn tmux(&self, line: &[&str]) -> String {
        self.command(line).run().expect_ok().stdout_text()
    }

    fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    fn resize(&self, columns: u16, rows: u16) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// The lines on the screen, once they are as wanted. Lines that the terminal broke stay broken.
    fn lines(&self, what: &str, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        let mut last = Vec::new();
        wait_for(what, || {
            let text = self.tmux(&["capture-pane", "-p"]);
            last = text.trim_end().lines().map(str::to_owned).collect();
            wanted(&last).then(|| last.clone())
        })
    }

    /// The list: its question, its rows, its help.
    fn list(&self, typed: &str) -> (Vec<String>, String) {
        let question = format!("Profile: {typed}");
        let has = |lines: &[String], start: &str| lines.iter().any(|line| line.starts_with(start));
        let lines = self.lines(&question, |lines| {
            lines.iter().any(|line| line.trim_end() == question.trim_end())
                && has(lines, "> ")
                && has(lines, "[type to filter")
        });
        let first = lines.iter().position(|line| line.starts_with("Profile:")).unwrap();
        let last = lines.iter().position(|line| line.starts_with("[type")).unwrap();
        let rows = lines[first + 1..last].to_vec();
        assert!(rows.iter().all(|row| row.starts_with("> ") || row.starts_with("  ")), "{lines:#?}");
        let marked: Vec<&String> = rows.iter().filter(|row| row.starts_with("> ")).collect();
        let [marked] = marked.as_slice() else { panic!("{lines:#?}") };
        (rows.clone(), marked[2..].trim_end_matches('…').trim_end().to_owned())
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).try_run();
    }
}

/// As `kcaws profile sync` names them, wider than 80 columns with what is beside them.
fn fixture(count: usize) -> LoginFixture {
    let fixture = LoginFixture::new();
    let areas = ["workloads-development", "workloads-production", "sandbox-data-science", "本番"];
    let roles = ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"];
    let profile = |number: usize| {
        let (area, role) = (areas[number % areas.len()], roles[number % roles.len()]);
        let kebab = ["administrator-access", "power-user-access", "read-only-access"][number % roles.len()];
        format!(
            "[profile {area}-{number}-{kebab}]\ncredential_process = {} credential-process --session corp \
             --account 1111222233{:02} --role {role}\n\n",
            binary().display(),
            10 + number % 90
        )
    };
    let profiles: String = (0..count).map(profile).collect();
    let session = fixture.config().split("\n\n").next().unwrap().to_owned();
    fixture.env.write_aws_config(&format!("{session}\n\n{profiles}"));
    fixture
}

const USE: &str = "kcaws use --hook > chosen";

fn chosen(fixture: &LoginFixture) -> String {
    fixture.env.read_home_file("chosen").lines().next().unwrap_or_default().to_owned()
}

/// What the list left on the screen.
fn assert_clean(lines: &[String]) {
    let of_list = |line: &String| {
        line.starts_with("> ")
            || line.starts_with("  ")
            || line.contains("Profile:")
            || line.contains("[type")
    };
    assert!(!lines.iter().any(of_list), "{lines:#?}");
}

#[test]
fn what_is_marked_is_what_enter_takes_in_terminals_of_any_size() {
    require_program!("tmux");
    for count in [12, 200] {
        let fixture = fixture(count);
        for (columns, rows) in [(80, 24), (60, 15), (40, 24), (79, 24), (100, 24), (60, 30)] {
            let screen = Screen::open(&fixture, (columns, rows), USE);
            let (shown, first) = screen.list("");
            assert_eq!(shown.len(), 12.min(usize::from(rows) - 3), "{columns}x{rows}");
            screen.press(&["Down", "Down", "Up"]);
            screen.lines("another row", |lines| {
                !lines.iter().any(|line| line.starts_with(&format!("> {first}")))
            });
            screen.press(&["dev"]);
            let (shown, marked) = screen.list("dev");
            assert!(shown[0].starts_with("> ") && shown.iter().all(|row| row.contains("dev")), "{shown:#?}");
            screen.press(&["Enter"]);
            let lines = screen.lines("the end", |lines| lines.iter().any(|line| line == "code 0"));
            let name = marked.split("  ").next().unwrap();
            assert!(chosen(&fixture).starts_with(name), "{marked}: {}", chosen(&fixture));
            assert_eq!(lines[0], "above", "{lines:#?}");
            assert_clean(&lines);
        }
    }
}

#[test]
fn nothing_stays_on_the_screen_when_it_is_left() {
    require_program!("tmux");
    let fixture = fixture(200);
    for (key, code) in [("Escape", "code 1"), ("C-d", "code 1"), ("C-c", "code 130")] {
        let screen = Screen::open(&fixture, (60, 15), USE);
        screen.list("");
        screen.press(&["PageDown", "prod"]);
        screen.list("prod");
        screen.press(&[key]);
        let lines = screen.lines("the end", |lines| lines.iter().any(|line| line == code));
        assert_eq!(lines[0], "above", "{lines:#?}");
        assert_clean(&lines);
        assert_eq!(chosen(&fixture), "");
    }
}

#[test]
fn a_terminal_may_change_its_size_while_the_list_is_open() {
    require_program!("tmux");
    let fixture = fixture(200);
    let screen = Screen::open(&fixture, (100, 24), USE);
    screen.press(&["End", "dev"]);
    let (_, marked) = screen.list("dev");
    let name = marked.split("  ").next().unwrap();
    for (columns, rows, shown) in [(40, 10, 7), (120, 30, 12), (60, 15, 12), (30, 8, 5), (80, 24, 12)] {
        screen.resize(columns, rows);
        screen.lines("as many rows", |lines| {
            let rows = lines.iter().filter(|line| line.contains("workloads"));
            let width = usize::from(columns);
            rows.clone().count() == shown
                && lines.iter().filter(|line| line.starts_with("Profile:")).count() == 1
                && rows.clone().all(|row| row.chars().count() < width && row.ends_with('…') == (width < 90))
        });
        let (_, still) = screen.list("dev");
        assert!(name.starts_with(still.split("  ").next().unwrap()), "{still}");
    }
    screen.press(&["Enter"]);
    assert_clean(&screen.lines("the end", |lines| lines.iter().any(|line| line == "code 0")));
    assert!(chosen(&fixture).starts_with(name));
}

#[test]
fn a_terminal_of_a_few_letters_is_enough() {
    require_program!("tmux");
    for size in [(10, 24), (10, 4), (80, 4), (80, 2), (5, 3)] {
        // Profiles that were used come first.
        let fixture = fixture(12);
        let screen = Screen::open(&fixture, size, USE);
        screen.lines("the marked row", |lines| lines.iter().any(|line| line.starts_with("> ")));
        screen.press(&["Down"]);
        screen.press(&["Enter"]);
        screen.lines("the end", |lines| {
            lines.iter().any(|line| line.starts_with("code") || line.starts_with("e 0"))
        });
        assert_eq!(chosen(&fixture), "workloads-production-1-power-user-access", "{size:?}");
    }
}

#[test]
fn a_table_fits_the_terminal_and_a_pipe_gets_all_of_it() {
    require_program!("tmux");
    let fixture = fixture(8);
    let all = fixture.run("profile list").expect_ok().stdout_text();
    assert!(
        all.contains("workloads-development-0-administrator-access  kcaws") && !all.contains('…'),
        "{all}"
    );
    for columns in [80, 100, 200] {
        let screen = Screen::open(&fixture, (columns, 24), "kcaws profile list");
        let lines = screen.lines("the end", |lines| lines.iter().any(|line| line == "code 0"));
        assert_eq!(lines.len(), 11, "{lines:#?}");
        assert!(lines[1].starts_with("PROFILE") && lines[2..10].iter().all(|line| line.contains("11112222")));
        assert_eq!(lines.iter().any(|line| line.contains('…')), columns < 200, "{lines:#?}");
    }
}

#[test]
fn colors_are_refused_in_the_list_too() {
    require_program!("tmux");
    let fixture = fixture(12);
    for (command, colored) in [
        (USE.to_owned(), true),
        (USE.replace("use", "--no-color use"), false),
        (format!("export NO_COLOR=1; {USE}"), false),
        (format!("export CLICOLOR=0; {USE}"), false),
    ] {
        let screen = Screen::open(&fixture, (100, 24), &command);
        screen.list("");
        let styled = screen.tmux(&["capture-pane", "-p", "-e"]);
        assert_eq!(styled.contains('\u{1b}'), colored, "{command}: {styled}");
    }
}
