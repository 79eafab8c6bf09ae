//! The Rust SDK's parser as the second opinion.

use std::path::Path;

use kcaws::profile::{Document, Heading};
use proptest::prelude::*;

use crate::{properties, readers};

/// `parser-facts.txt`: what the "Shared config and credentials files" page of the SDKs reference guide says, as files
/// with what is in them. Blocks of a title (`==`), a file, and behind `--` either `error` or `profile: key=value`.
#[test]
fn the_published_facts_hold() {
    let facts = include_str!("parser-facts.txt");
    let mut count = 0;
    for block in facts.split("== ").skip(1) {
        let (title, rest) = block.split_once('\n').unwrap();
        let (text, wanted) = rest.split_once("--\n").unwrap();
        let text = text.replace("<TAB>", "\t").replace("<CR>", "\r").replace("<SP>", " ");
        let text = text.strip_suffix("<END>\n").unwrap_or(&text);
        let sdk = readers::rust_sdk(text);
        let ours = Document::parse(Path::new("c"), text);
        if wanted.trim() == "error" {
            let document = ours.unwrap();
            assert!(sdk.is_err() && document.check_for_every_tool().is_err(), "{title}: {sdk:?}");
        } else {
            let document = ours.unwrap_or_else(|error| panic!("{title}: {error}"));
            let mut seen = Vec::new();
            for name in document.profile_names() {
                let heading = Heading::Profile(name.clone());
                let section = document.section(&heading).unwrap();
                let pairs = ["region", "output", "s3"]
                    .iter()
                    .filter_map(|key| Some(format!("{key}={}", section.get(key)?)));
                seen.push(format!("{name}: {}", pairs.collect::<Vec<_>>().join(" ")).trim_end().to_owned());
            }
            let wanted: Vec<&str> = wanted.trim().lines().collect();
            assert_eq!(seen, wanted, "{title}");
            assert!(sdk.is_ok(), "{title}: {sdk:?}");
        }
        count += 1;
    }
    assert!(count >= 50, "{count}");
}

/// Where the SDK reads something, we read the same. Where it refuses we may be kinder, and a section with a line that no
/// tool reads is not acted on at all.
fn agrees(text: &str) -> Result<(), TestCaseError> {
    // A NUL or an odd blank is for `Draft` to refuse; a BOM, and a carriage return that ends the file without a line
    // feed, the SDK takes for letters.
    if let Ok(mut sdk) = readers::rust_sdk(text)
        && !text.starts_with('\u{feff}')
        && !text.ends_with('\r')
    {
        let document = Document::parse(Path::new("config"), text).unwrap();
        sdk.retain(|name, _| {
            let section = document.section(&Heading::Profile(name.clone()));
            section.is_none_or(|section| section.damage().is_none())
        });
        let mut ours = readers::ours(text);
        ours.retain(|name, _| sdk.contains_key(name));
        prop_assert_eq!(sdk, ours);
    }
    Ok(())
}

/// The two that compare with the SDK share the 200,000 files of the long form.
fn files() -> ProptestConfig {
    let cases = crate::long_or(100_000, 1_000);
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

proptest! {
    #![proptest_config(files())]

    #[test]
    fn files_of_odd_pieces_keep_the_properties(choices in proptest::collection::vec(any::<u8>(), 0..40)) {
        properties::check(&properties::file_of(choices));
    }

    #[test]
    fn any_bytes_keep_the_properties(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        properties::check(&bytes);
    }

    #[test]
    fn the_sdk_and_we_agree(choices in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(text) = String::from_utf8(properties::file_of(choices)) {
            agrees(&text)?;
        }
    }

    #[test]
    fn the_sdk_and_we_agree_on_ordinary_files(choices in proptest::collection::vec(0_u8..36, 0..40)) {
        if let Ok(text) = String::from_utf8(properties::file_of(choices)) {
            agrees(&text)?;
        }
    }
}

#[test]
fn a_bracket_behind_an_invisible_character_is_a_setting_if_it_has_a_value() {
    agrees("[profile a]\n\u{feff}[profile [region = r\nregion = r\n").unwrap();
}

#[test]
fn a_setting_without_a_name_costs_its_section() {
    let text = "[profile a]\n:region = r\n region = r\n";
    let document = Document::parse(Path::new("config"), text).unwrap();
    assert!(document.section(&Heading::Profile("a".to_owned())).unwrap().damage().is_some());
    agrees(text).unwrap();
}
