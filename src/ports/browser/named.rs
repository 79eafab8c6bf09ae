//! Browsers by name, and their command-line options.

use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{BrowserError, BrowserOptions, packaged};
use crate::platform::env::Env;
use crate::platform::which;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Firefox,
    Chromium,
    Other,
}

struct Known {
    name: &'static str,
    family: Family,
    /// Program names in PATH.
    programs: &'static [&'static str],
    /// Its IDs as a Flatpak.
    flatpaks: &'static [&'static str],
    /// Below `/Applications`.
    mac: &'static str,
    /// Below `Program Files`.
    windows: &'static str,
}

/// Returns whether it is the name of a browser, which any other program is not.
pub fn is_known_browser(name: &str) -> bool {
    KNOWN.iter().any(|known| known.name.eq_ignore_ascii_case(name))
}

const KNOWN: [Known; 6] = [
    Known {
        name: "brave",
        family: Family::Chromium,
        programs: &["brave-browser", "brave"],
        flatpaks: &["com.brave.Browser"],
        mac: "Brave Browser.app/Contents/MacOS/Brave Browser",
        windows: "BraveSoftware/Brave-Browser/Application/brave.exe",
    },
    Known {
        name: "chrome",
        family: Family::Chromium,
        programs: &["google-chrome", "google-chrome-stable", "chrome"],
        flatpaks: &["com.google.Chrome", "com.google.ChromeDev"],
        mac: "Google Chrome.app/Contents/MacOS/Google Chrome",
        windows: "Google/Chrome/Application/chrome.exe",
    },
    Known {
        name: "chromium",
        family: Family::Chromium,
        programs: &["chromium", "chromium-browser"],
        flatpaks: &["org.chromium.Chromium", "io.github.ungoogled_software.ungoogled_chromium"],
        mac: "Chromium.app/Contents/MacOS/Chromium",
        windows: "Chromium/Application/chrome.exe",
    },
    Known {
        name: "edge",
        family: Family::Chromium,
        programs: &["microsoft-edge", "microsoft-edge-stable", "msedge"],
        flatpaks: &["com.microsoft.Edge", "com.microsoft.EdgeDev"],
        mac: "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        windows: "Microsoft/Edge/Application/msedge.exe",
    },
    Known {
        name: "firefox",
        family: Family::Firefox,
        programs: &["firefox", "firefox-esr"],
        flatpaks: &["org.mozilla.firefox"],
        mac: "Firefox.app/Contents/MacOS/firefox",
        windows: "Mozilla Firefox/firefox.exe",
    },
    Known {
        name: "vivaldi",
        family: Family::Chromium,
        programs: &["vivaldi", "vivaldi-stable"],
        flatpaks: &["com.vivaldi.Vivaldi"],
        mac: "Vivaldi.app/Contents/MacOS/Vivaldi",
        windows: "Vivaldi/Application/vivaldi.exe",
    },
];

/// Flatpak IDs of relatives whose program name is not the end of the ID.
const OTHER_FLATPAKS: [(&str, &str); 2] = [
    ("librewolf", "io.gitlab.librewolf-community"),
    ("ungoogled-chromium", "io.github.ungoogled_software.ungoogled_chromium"),
];

/// Relatives of Firefox that accept the same arguments.
const FIREFOXES: [&str; 5] = ["firefox", "floorp", "librewolf", "waterfox", "zen"];

/// Returns the program and its arguments; the last one is `url`, or contains it.
pub(super) fn command(
    manner: &BrowserOptions,
    url: &str,
    env: &Env,
) -> Result<(PathBuf, Vec<String>), BrowserError> {
    // Containers are a Firefox feature.
    let name = match (&manner.program, &manner.container) {
        (Some(name), _) => name.as_str(),
        (None, Some(_)) => "firefox",
        (None, None) => return Err(BrowserError::WhichBrowser),
    };
    let (program, family) = find(name, env)?;
    let mut arguments = Vec::new();
    match (&manner.profile, family) {
        (None, _) => {}
        (Some(profile), Family::Firefox) => arguments.extend(["-P".to_owned(), profile.clone()]),
        (Some(profile), Family::Chromium) => arguments.push(format!("--profile-directory={profile}")),
        (Some(_), Family::Other) => return Err(BrowserError::NoProfiles { name: name.to_owned() }),
    }
    match (&manner.container, family) {
        (None, _) => arguments.push(url.to_owned()),
        (Some(container), Family::Firefox) => arguments.push(in_container(container, url)),
        (Some(_), _) => return Err(BrowserError::NoContainers { name: name.to_owned() }),
    }
    Ok((program, arguments))
}

/// Returns the URL in the scheme of the Firefox extension "Open external links in a container".
fn in_container(container: &str, url: &str) -> String {
    let [container, url] = [container, url].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
    format!("ext+container:name={container}&url={url}")
}

fn find(name: &str, env: &Env) -> Result<(PathBuf, Family), BrowserError> {
    let absent = || BrowserError::NotFound {
        name: name.to_owned(),
        known: KNOWN.iter().map(|known| known.name).collect(),
    };
    if name.contains(['/', '\\']) {
        let path = PathBuf::from(name);
        let family = family_of(&path);
        return which::is_program(&path).then_some((path, family)).ok_or_else(absent);
    }
    if let Some(known) = KNOWN.iter().find(|known| known.name.eq_ignore_ascii_case(name)) {
        let on_path = known.programs.iter().find_map(|program| which::on_path(program, env));
        let found = on_path.or_else(|| places(known, env).into_iter().find(|path| which::is_program(path)));
        return Ok((found.ok_or_else(absent)?, known.family));
    }
    // An option is not a browser's name.
    if name.starts_with('-') {
        return Err(absent());
    }
    let path = which::on_path(name, env).or_else(|| other_package(name, env)).ok_or_else(absent)?;
    let family = family_of(&path);
    Ok((path, family))
}

/// Returns where browsers are installed outside PATH.
fn places(known: &Known, env: &Env) -> Vec<PathBuf> {
    if cfg!(target_os = "macos") {
        return vec![Path::new("/Applications").join(known.mac)];
    }
    if cfg!(windows) {
        let roots =
            ["ProgramFiles", "ProgramFiles(x86)", "LocalAppData"].iter().filter_map(|name| env.raw(name));
        return roots.map(|root| PathBuf::from(root).join(known.windows)).collect();
    }
    if env.get("WSL_DISTRO_NAME").is_some() {
        let roots = ["/mnt/c/Program Files", "/mnt/c/Program Files (x86)"];
        let of_windows = roots.iter().map(|root| Path::new(root).join(known.windows));
        return packaged::find(known.flatpaks, known.programs, env).into_iter().chain(of_windows).collect();
    }
    packaged::find(known.flatpaks, known.programs, env).into_iter().collect()
}

/// Returns a Flatpak or a snap of a browser that is not among the known ones.
fn other_package(name: &str, env: &Env) -> Option<PathBuf> {
    if cfg!(any(windows, target_os = "macos")) {
        return None;
    }
    let id = OTHER_FLATPAKS.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, id)| *id);
    id.and_then(|id| packaged::find(&[id], &[], env)).or_else(|| packaged::by_name(name, env))
}

/// Recognizes a browser by the name of its program.
fn family_of(program: &Path) -> Family {
    let name = program.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let chromiums = ["chrom", "edge", "brave", "vivaldi", "opera"];
    if FIREFOXES.iter().any(|known| name.contains(known)) {
        Family::Firefox
    } else if chromiums.iter().any(|known| name.contains(known)) {
        Family::Chromium
    } else {
        Family::Other
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::platform::which::script;

    const URL: &str = "http://127.0.0.1:4321/0a?b=c&d#e";

    fn manner(program: Option<&str>, profile: Option<&str>, container: Option<&str>) -> BrowserOptions {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        BrowserOptions { program: owned(program), profile: owned(profile), container: owned(container) }
    }

    #[test]
    fn each_family_takes_profiles_in_its_own_way_and_firefox_alone_containers() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let mut env = Env::from_pairs(&[]);
        for program in ["firefox-esr", "google-chrome", "microsoft-edge", "brave-browser", "lynx"] {
            env = script(folder.path(), program, "");
        }
        let opened = |manner: &BrowserOptions| {
            let (program, arguments) = command(manner, URL, &env)?;
            let name = program.file_name().expect("a file").to_string_lossy().into_owned();
            Ok::<_, BrowserError>([vec![name], arguments].concat())
        };
        let boxed = "ext+container:name=d%C3%A9v%26url%3Dx&url=http%3A%2F%2F127%2E0%2E0%2E1%3A4321%2F0a%3Fb%3Dc%26d%23e";
        for (program, profile, container, line) in [
            (Some("firefox"), None, None, vec!["firefox-esr", URL]),
            (Some("Firefox"), Some("work"), None, vec!["firefox-esr", "-P", "work", URL]),
            (None, None, Some("dév&url=x"), vec!["firefox-esr", boxed]),
            (
                Some("chrome"),
                Some("Profile 1"),
                None,
                vec!["google-chrome", "--profile-directory=Profile 1", URL],
            ),
            (Some("edge"), None, None, vec!["microsoft-edge", URL]),
            (Some("brave"), Some("-x"), None, vec!["brave-browser", "--profile-directory=-x", URL]),
            (Some("lynx"), None, None, vec!["lynx", URL]),
        ] {
            assert_eq!(opened(&manner(program, profile, container)).expect("is there"), line);
        }
        let path = folder.path().join("google-chrome").display().to_string();
        assert_eq!(opened(&manner(Some(&path), None, None)).expect("is there"), ["google-chrome", URL]);
        for (refused, why) in [
            (manner(Some("chrome"), None, Some("dev")), "`chrome` has no containers"),
            (manner(Some("lynx"), Some("x"), None), "kcaws cannot select profiles of `lynx`"),
            (manner(Some("chromium"), None, None), "browser `chromium` was not found"),
            (manner(Some("--headless"), None, None), "browser `--headless` was not found"),
            (manner(Some("/no/firefox"), None, None), "browser `/no/firefox` was not found"),
            (manner(None, Some("work"), None), "which browser's profile?"),
        ] {
            assert_eq!(opened(&refused).expect_err("refused").to_string(), why);
        }
    }

    /// Below a home and a system folder of the test's own.
    #[test]
    #[cfg(not(target_os = "macos"))]
    fn flatpaks_are_found_by_the_browsers_names_and_after_the_path() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let (home, system) = (folder.path().join("home"), folder.path().join("system"));
        let bins = [home.join(".local/share/flatpak/exports/bin"), system.join("exports/bin")];
        for (bin, ids) in bins.iter().zip([
            &["org.mozilla.firefox", "io.gitlab.librewolf-community"][..],
            &[
                "org.mozilla.firefox",
                "com.brave.Browser",
                "com.google.Chrome",
                "com.microsoft.Edge",
                "org.chromium.Chromium",
                "com.vivaldi.Vivaldi",
                "one.ablaze.floorp",
            ][..],
        ]) {
            std::fs::create_dir_all(bin).expect("creates");
            for id in ids {
                script(bin, id, "");
            }
        }
        let path = folder.path().join("path");
        std::fs::create_dir(&path).expect("creates");
        let texts = [&home, &system, &path].map(|path| path.display().to_string());
        let env =
            Env::from_pairs(&[("HOME", &texts[0]), ("FLATPAK_SYSTEM_DIR", &texts[1]), ("PATH", &texts[2])]);
        for (name, place, id, family) in [
            ("firefox", 0, "org.mozilla.firefox", Family::Firefox),
            ("Brave", 1, "com.brave.Browser", Family::Chromium),
            ("chrome", 1, "com.google.Chrome", Family::Chromium),
            ("edge", 1, "com.microsoft.Edge", Family::Chromium),
            ("chromium", 1, "org.chromium.Chromium", Family::Chromium),
            ("vivaldi", 1, "com.vivaldi.Vivaldi", Family::Chromium),
            ("librewolf", 0, "io.gitlab.librewolf-community", Family::Firefox),
            ("floorp", 1, "one.ablaze.floorp", Family::Firefox),
            ("one.ablaze.floorp", 1, "one.ablaze.floorp", Family::Firefox),
        ] {
            let found = find(name, &env).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(found, (bins[place].join(id), family));
        }
        for absent in ["opera", "flatpak", "..", "."] {
            assert!(matches!(find(absent, &env), Err(BrowserError::NotFound { .. })), "{absent}");
        }
        script(&path, "firefox-esr", "");
        assert_eq!(find("firefox", &env).expect("on the path").0, path.join("firefox-esr"));
    }
}
