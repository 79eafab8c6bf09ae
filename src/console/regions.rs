//! The known Regions.
//!
//! Other names of a Region's form are accepted too, unless they are similar to a known one: new Regions come every
//! year, and typos every day.

use crate::ports::identity_center::is_region;
use crate::similar::distance;

/// Name and title of each Region.
///
/// From botocore's `partitions.json`: the partitions in [`super::Partition`], without their `…-global` entries.
pub const REGIONS: &[(&str, &str)] = &[
    ("af-south-1", "Africa (Cape Town)"),
    ("ap-east-1", "Asia Pacific (Hong Kong)"),
    ("ap-east-2", "Asia Pacific (Taipei)"),
    ("ap-northeast-1", "Asia Pacific (Tokyo)"),
    ("ap-northeast-2", "Asia Pacific (Seoul)"),
    ("ap-northeast-3", "Asia Pacific (Osaka)"),
    ("ap-south-1", "Asia Pacific (Mumbai)"),
    ("ap-south-2", "Asia Pacific (Hyderabad)"),
    ("ap-southeast-1", "Asia Pacific (Singapore)"),
    ("ap-southeast-2", "Asia Pacific (Sydney)"),
    ("ap-southeast-3", "Asia Pacific (Jakarta)"),
    ("ap-southeast-4", "Asia Pacific (Melbourne)"),
    ("ap-southeast-5", "Asia Pacific (Malaysia)"),
    ("ap-southeast-6", "Asia Pacific (New Zealand)"),
    ("ap-southeast-7", "Asia Pacific (Thailand)"),
    ("ca-central-1", "Canada (Central)"),
    ("ca-west-1", "Canada West (Calgary)"),
    ("eu-central-1", "Europe (Frankfurt)"),
    ("eu-central-2", "Europe (Zurich)"),
    ("eu-north-1", "Europe (Stockholm)"),
    ("eu-south-1", "Europe (Milan)"),
    ("eu-south-2", "Europe (Spain)"),
    ("eu-west-1", "Europe (Ireland)"),
    ("eu-west-2", "Europe (London)"),
    ("eu-west-3", "Europe (Paris)"),
    ("il-central-1", "Israel (Tel Aviv)"),
    ("me-central-1", "Middle East (UAE)"),
    ("me-south-1", "Middle East (Bahrain)"),
    ("me-west-1", "Middle East (Saudi Arabia)"),
    ("mx-central-1", "Mexico (Central)"),
    ("sa-east-1", "South America (Sao Paulo)"),
    ("sa-west-1", "South America (Chile)"),
    ("us-east-1", "US East (N. Virginia)"),
    ("us-east-2", "US East (Ohio)"),
    ("us-west-1", "US West (N. California)"),
    ("us-west-2", "US West (Oregon)"),
    ("cn-north-1", "China (Beijing)"),
    ("cn-northwest-1", "China (Ningxia)"),
    ("eusc-de-east-1", "AWS European Sovereign Cloud (Germany)"),
    ("us-gov-east-1", "AWS GovCloud (US-East)"),
    ("us-gov-west-1", "AWS GovCloud (US-West)"),
];

/// The words between area and number. All new Regions so far were made of these.
const WORDS: [&str; 14] = [
    "north",
    "south",
    "east",
    "west",
    "central",
    "northeast",
    "northwest",
    "southeast",
    "southwest",
    "gov",
    "iso",
    "isob",
    "isoe",
    "isof",
];

/// Why a text is not accepted as a Region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a region")]
pub struct NotARegion {
    pub given: String,
    /// A similar Region.
    pub near: Option<&'static str>,
}

impl NotARegion {
    /// Returns what to write instead.
    pub fn hint(&self) -> String {
        match self.near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write a region such as eu-central-1".to_owned(),
        }
    }
}

/// Returns the Region that a text names, if it is known, or has the form of one and is not a typo of a known one.
pub fn parse(text: &str) -> Result<String, NotARegion> {
    let text = text.trim();
    if REGIONS.iter().any(|(name, _)| *name == text) {
        return Ok(text.to_owned());
    }
    let near = near(text);
    if is_region(text) && (near.is_none() || may_be_new(text)) {
        return Ok(text.to_owned());
    }
    Err(NotARegion { given: text.to_owned(), near })
}

/// Returns the error of a misspelled Region of AWS's; a clone of AWS has Regions of other names.
pub fn misspelled(text: &str) -> Option<NotARegion> {
    parse(text).err().filter(|error| error.near.is_some())
}

/// Checks the Region of a profile, which may be that of another cloud, and becomes part of host names.
pub fn check_of_profile(text: &str) -> Result<(), NotARegion> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if text.is_empty() || !text.bytes().all(fits) {
        return Err(NotARegion { given: text.to_owned(), near: near(text) });
    }
    misspelled(text).map_or(Ok(()), Err)
}

/// Parses a command-line value.
pub fn argument(text: &str) -> Result<String, String> {
    parse(text).map_err(|error| format!("{error}; {}", error.hint()))
}

/// Returns the known Region that differs from the text by one or two characters.
pub fn near(text: &str) -> Option<&'static str> {
    const MOST: usize = 2;
    let text = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    let all = REGIONS.iter().map(|(name, _)| (distance(&text, name), *name));
    all.filter(|(distance, _)| *distance <= MOST).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Returns whether it is plausibly new.
///
/// That is another number, another direction of a known area, or an area unlike the known ones.
fn may_be_new(text: &str) -> bool {
    let area = |name: &'static str| name.split('-').next().unwrap_or_default();
    let mut words = text.split('-');
    let (ours, _number) = (words.next().unwrap_or_default(), words.next_back());
    // A sovereign cloud has the country there.
    let is_country = |word: &str| ours == "eusc" && word.len() == 2;
    if !words.all(|word| WORDS.contains(&word) || is_country(word)) {
        return false;
    }
    let is_known = REGIONS.iter().any(|(name, _)| area(name) == ours);
    is_known || near(text).is_none_or(|near| distance(text, near) > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::Partition;

    #[test]
    fn a_typo_of_a_known_region_is_refused_with_the_region_that_was_meant() {
        for (text, near) in [
            ("eu-cental-1", "eu-central-1"),
            ("eu-centrla-1", "eu-central-1"),
            ("eu-centrall-1", "eu-central-1"),
            ("ue-central-1", "eu-central-1"),
            ("euu-central-1", "eu-central-1"),
            ("us-esat-1", "us-east-1"),
            ("us-eats-1", "us-east-1"),
            ("us-giv-west-1", "us-gov-west-1"),
            ("ap-southest-2", "ap-southeast-2"),
            ("cn-nort-1", "cn-north-1"),
            // Not of the form at all.
            ("EU-CENTRAL-1", "eu-central-1"),
            ("eu_central_1", "eu-central-1"),
            ("eu-central1", "eu-central-1"),
            ("eucentral-1", "eu-central-1"),
            ("eu-central-1a", "eu-central-1"),
            ("eu-central", "eu-central-1"),
            ("us-east1", "us-east-1"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.near, Some(near), "{text}");
            assert_eq!(error.hint(), format!("did you mean `{near}`?"));
        }
        for text in ["", "eu", "frankfurt", "x.evil.example", "-a-1", "eu-central-1.evil.example.com"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse("frankfurt").expect_err("no region").near, None);
    }

    #[test]
    fn known_regions_and_those_that_may_be_new_are_taken() {
        for text in [
            "eu-central-1",
            " us-gov-west-1 ",
            "eusc-de-east-1",
            "eu-central-3",
            "ap-southeast-9",
            "us-south-1",
            "eu-east-1",
            "ca-east-1",
            "us-gov-central-1",
            "us-iso-east-1",
            "us-isob-east-1",
            "eu-isoe-west-1",
            "eusc-fr-east-1",
            "nz-north-1",
            "xx-somewhere-1",
        ] {
            assert_eq!(parse(text).as_deref(), Ok(text.trim()));
        }
    }

    #[test]
    fn every_name_has_the_form_of_a_region_and_its_title() {
        assert!(REGIONS.iter().all(|(name, title)| is_region(name) && !title.is_empty()));
        let partitions: std::collections::BTreeSet<&str> =
            REGIONS.iter().map(|(name, _)| Partition::of_region(name).id).collect();
        assert_eq!(partitions.into_iter().collect::<Vec<_>>(), ["aws", "aws-cn", "aws-eusc", "aws-us-gov"]);
    }
}
