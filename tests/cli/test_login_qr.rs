//! QR codes: what was printed is read back as a camera would.

use kcaws_test_kit::{Output, require_program};

use crate::fixture::{LoginFixture, on_a_terminal_of};

const HEADLESS: &str = "SSH_CONNECTION";

/// What the blocks say; `None` where there are none.
fn scanned(text: &str) -> Option<String> {
    let is_block = |letter: &char| "█▀▄ ".contains(*letter);
    let rows: Vec<Vec<char>> = text
        .lines()
        .filter_map(|line| {
            // The colours come before and after. The last row is half a line: the number of modules is odd.
            let start = line.find(['█', '▀'])?;
            Some(line[start..].chars().take_while(is_block).collect())
        })
        .collect();
    let side = rows.first()?.len();
    assert!(rows.iter().all(|row| row.len() == side) && rows.len() == side.div_ceil(2), "a square: {text}");
    let quiet = |row: &Vec<char>| row[..4].iter().chain(&row[side - 4..]).all(|block| *block == '█');
    assert!(rows.iter().take(2).flatten().all(|block| *block == '█'), "four light modules above: {text}");
    assert!(rows.iter().take(side / 2).all(quiet), "four light modules on both sides: {text}");
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * 3, side * 3, |x, y| {
        let light = if y / 3 % 2 == 0 { "█▀" } else { "█▄" };
        if light.contains(rows[y / 6][x / 3]) { 255 } else { 0 }
    });
    Some(image.detect_grids().first().expect("a code").decode().expect("decodes").1)
}

fn finish(fixture: &LoginFixture, login: kcaws_test_kit::Running, code: &str) -> Output {
    fixture.sim.approve(code);
    login.wait().expect_ok()
}

fn page(text: &str) -> &str {
    text.lines().find_map(|line| line.trim().strip_prefix("page:")).expect("a page").trim()
}

#[test]
fn asked_for_it_is_printed_on_a_pipe_too_plain_or_complete() {
    let fixture = LoginFixture::new();
    fixture.env.set_env("LC_ALL", "C.UTF-8");
    let (login, code) = fixture.begin_login("login --no-browser --qr");
    let output = finish(&fixture, login, &code);
    let text = output.stderr_text();
    assert_eq!(scanned(&text).as_deref(), Some(page(&text)));
    assert!(!page(&text).contains(&code), "the plain address");
    assert!(!text.contains('\u{1b}'), "no colour on a pipe: {text}");
    let large: Vec<String> = code.chars().map(String::from).collect();
    assert!(text.contains(&large.join(" ")), "{text}");

    let (login, code) = fixture.begin_login("login --no-browser --force --qr=complete");
    let text = finish(&fixture, login, &code).stderr_text();
    assert_eq!(scanned(&text), Some(format!("{}?user_code={code}", page(&text))));
}

#[test]
fn without_a_locale_for_blocks_there_is_none_and_a_word_about_it() {
    let fixture = LoginFixture::new();
    fixture.env.set_env("LC_ALL", "C");
    let (login, code) = fixture.begin_login("login --no-browser --qr");
    let output =
        finish(&fixture, login, &code).expect_stderr("cannot draw a QR code: it needs a UTF-8 locale");
    assert_eq!(scanned(&output.stderr_text()), None);
}

#[test]
fn no_one_who_did_not_ask_gets_one_on_a_pipe() {
    let fixture = LoginFixture::new();
    fixture.env.set_env("LC_ALL", "C.UTF-8");
    fixture.env.set_env(HEADLESS, "10.0.0.1 1 10.0.0.2 22");
    let (login, code) = fixture.begin_login("login");
    assert_eq!(scanned(&finish(&fixture, login, &code).stderr_text()), None);
}

fn terminal_text(fixture: &LoginFixture, size: &str, line: &str) -> String {
    let mut login = on_a_terminal_of(fixture, size, line).env("LC_ALL", "C.UTF-8").spawn();
    let code = login.wait_for_stdout("  code: ").split_whitespace().last().unwrap().to_owned();
    finish(fixture, login, &code).stdout_text()
}

#[test]
fn over_ssh_on_a_terminal_with_room_it_comes_by_itself_in_its_own_colours() {
    require_program!("script");
    require_program!("stty");
    let fixture = LoginFixture::new();
    fixture.env.set_env(HEADLESS, "10.0.0.1 1 10.0.0.2 22");
    let text = terminal_text(&fixture, "cols 100 rows 40", "login");
    assert_eq!(scanned(&text).as_deref(), Some(page(&text)));
    assert!(text.contains("\u{1b}[38;5;231;48;5;16m█"), "white on black, whatever the theme: {text}");

    // Narrow or low: no torn code.
    for size in ["cols 30 rows 40", "cols 100 rows 12"] {
        let text = terminal_text(&fixture, size, "login --force");
        assert_eq!(scanned(&text), None, "{size}");
    }
    // A browser opens, or the person wants none: none unasked.
    fixture.env.remove_env(HEADLESS);
    fixture.env.set_env("DISPLAY", ":0");
    let text = terminal_text(&fixture, "cols 100 rows 40", "login --force --no-browser");
    assert_eq!(scanned(&text), None);
}
