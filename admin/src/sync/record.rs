//! The values that Identity Center stores about a user, as far as this tool writes them.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

/// An attribute of a user of Identity Center.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Attribute {
    UserName,
    GivenName,
    FamilyName,
    DisplayName,
    Email,
    NickName,
    ProfileUrl,
    UserType,
    Title,
    PhoneNumber,
    PreferredLanguage,
    Locale,
    Timezone,
    EmployeeNumber,
    CostCenter,
    Organization,
    Division,
    Department,
}

impl Attribute {
    /// All of them, in the order of [`Record`].
    pub(crate) const ALL: [Self; 18] = [
        Self::UserName,
        Self::GivenName,
        Self::FamilyName,
        Self::DisplayName,
        Self::Email,
        Self::NickName,
        Self::ProfileUrl,
        Self::UserType,
        Self::Title,
        Self::PhoneNumber,
        Self::PreferredLanguage,
        Self::Locale,
        Self::Timezone,
        Self::EmployeeNumber,
        Self::CostCenter,
        Self::Organization,
        Self::Division,
        Self::Department,
    ];
    /// Without these, Identity Center accepts no user.
    pub(crate) const REQUIRED: [Self; 5] =
        [Self::UserName, Self::GivenName, Self::FamilyName, Self::DisplayName, Self::Email];

    /// Returns the most characters that AWS accepts.
    pub(crate) fn longest(self) -> usize {
        match self {
            Self::UserName => 128,
            _ => 1024,
        }
    }

    /// Returns whether the Identity Store sends it only when asked.
    pub(crate) fn is_enterprise(self) -> bool {
        matches!(
            self,
            Self::EmployeeNumber | Self::CostCenter | Self::Organization | Self::Division | Self::Department
        )
    }

    /// Returns what people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::UserName => "user name",
            Self::GivenName => "first name",
            Self::FamilyName => "last name",
            Self::DisplayName => "display name",
            Self::Email => "e-mail address",
            Self::NickName => "nickname",
            Self::ProfileUrl => "profile URL",
            Self::UserType => "user type",
            Self::Title => "title",
            Self::PhoneNumber => "phone number",
            Self::PreferredLanguage => "preferred language",
            Self::Locale => "locale",
            Self::Timezone => "time zone",
            Self::EmployeeNumber => "employee number",
            Self::CostCenter => "cost center",
            Self::Organization => "organization",
            Self::Division => "division",
            Self::Department => "department",
        }
    }
}

/// What is wrong with a value.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ValueFault {
    Missing,
    TooLong { limit: usize },
    InvalidCharacter { character: char },
    NotAnAddress,
    SharedWith { user: String },
}

impl fmt::Display for ValueFault {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => form.write_str("is missing"),
            Self::TooLong { limit } => write!(form, "is longer than {limit} characters"),
            Self::InvalidCharacter { character } => {
                write!(form, "contains {}, which AWS does not accept", shown_character(*character))
            }
            Self::NotAnAddress => form.write_str("is not an address"),
            Self::SharedWith { user } => write!(form, "is also that of {user}"),
        }
    }
}

/// Checks a value by the rules of Identity Center.
pub(crate) fn check(attribute: Attribute, value: Option<&str>) -> Result<(), ValueFault> {
    let value = value.unwrap_or_default();
    if value.trim().is_empty() {
        let is_required = Attribute::REQUIRED.contains(&attribute);
        return if is_required { Err(ValueFault::Missing) } else { Ok(()) };
    }
    if value.chars().count() > attribute.longest() {
        return Err(ValueFault::TooLong { limit: attribute.longest() });
    }
    let blanks = match attribute {
        Attribute::UserName | Attribute::Email => &[][..],
        _ => &[' ', '\u{a0}', '\u{3000}', '\t', '\n', '\r'][..],
    };
    check_characters(value, blanks)?;
    if attribute == Attribute::Email && !is_address(value) {
        return Err(ValueFault::NotAnAddress);
    }
    Ok(())
}

/// Checks the name of a group by the rules of Identity Center, which are not those of a user's names.
pub(crate) fn check_group_name(name: &str) -> Result<(), ValueFault> {
    const LONGEST: usize = 1024;
    if name.trim().is_empty() {
        return Err(ValueFault::Missing);
    }
    if name.chars().count() > LONGEST {
        return Err(ValueFault::TooLong { limit: LONGEST });
    }
    check_characters(name, &[' ', '\u{a0}', '\t', '\n', '\r'])
}

fn check_characters(value: &str, blanks: &[char]) -> Result<(), ValueFault> {
    match value.chars().find(|letter| !is_accepted(*letter, blanks)) {
        Some(character) => Err(ValueFault::InvalidCharacter { character }),
        None => Ok(()),
    }
}

/// Returns whether AWS accepts a character: its patterns are `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, and some blanks.
pub(crate) fn is_accepted(letter: char, blanks: &[char]) -> bool {
    if letter.is_control() || letter.is_whitespace() {
        return blanks.contains(&letter);
    }
    !is_format(letter) && !is_private_or_none(letter)
}

/// Returns whether a character is of Unicode's category Cf.
fn is_format(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0001}'
            | '\u{e0020}'..='\u{e007f}'
    )
}

/// Returns whether a character is for private use (Co), or never will be one.
fn is_private_or_none(letter: char) -> bool {
    matches!(
        letter,
        '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{f0000}'..='\u{10ffff}'
    ) || u32::from(letter) & 0xfffe == 0xfffe
}

/// Returns how a character that is not accepted is called in a message.
pub(crate) fn shown_character(character: char) -> String {
    match character {
        ' ' => "a space".to_owned(),
        '\t' => "a tab".to_owned(),
        '\n' | '\r' => "a line break".to_owned(),
        '!'..='~' => format!("`{character}`"),
        _ => character.escape_unicode().to_string(),
    }
}

fn is_address(value: &str) -> bool {
    value.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

/// The values of one user, in a single allocation, which both sides share: there may be 50,000 users.
///
/// An empty value is an absent one, for AWS too.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Record(Arc<str>);

const SEPARATOR: char = '\u{1f}';

impl Record {
    /// Returns a record with what `value` returns for each attribute.
    pub(crate) fn of<'a>(value: impl Fn(Attribute) -> Option<&'a str>) -> Self {
        let mut text = String::new();
        for (at, attribute) in Attribute::ALL.into_iter().enumerate() {
            if at > 0 {
                text.push(SEPARATOR);
            }
            let value = value(attribute).unwrap_or_default();
            text.extend(value.chars().map(|letter| if letter == SEPARATOR { '\u{fffd}' } else { letter }));
        }
        let end = text.trim_end_matches(SEPARATOR).len();
        text.truncate(end);
        Self(text.into())
    }

    pub(crate) fn get(&self, attribute: Attribute) -> Option<&str> {
        self.0.split(SEPARATOR).nth(attribute as usize).filter(|value| !value.is_empty())
    }

    pub(crate) fn user_name(&self) -> &str {
        self.get(Attribute::UserName).unwrap_or_default()
    }

    /// Returns the attributes with a value, in a fixed order.
    pub(crate) fn values(&self) -> impl Iterator<Item = (Attribute, &str)> {
        Attribute::ALL.into_iter().zip(self.0.split(SEPARATOR)).filter(|(_, value)| !value.is_empty())
    }

    /// Returns the attributes whose values differ in `other`.
    pub(crate) fn differences<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Attribute> + 'a {
        Attribute::ALL.into_iter().filter(|attribute| self.get(*attribute) != other.get(*attribute))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.debug_map().entries(self.values()).finish()
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        let mut map = into.serialize_map(None)?;
        for (attribute, value) in self.values() {
            map.serialize_entry(&attribute, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record;

    fn expecting(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.write_str("attributes of a user")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let mut values = std::collections::BTreeMap::<Attribute, String>::new();
        while let Some((attribute, value)) = map.next_entry()? {
            values.insert(attribute, value);
        }
        Ok(Record::of(|attribute| values.get(&attribute).map(String::as_str)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_attributes_is_that_of_their_numbers() {
        for (at, attribute) in Attribute::ALL.into_iter().enumerate() {
            assert_eq!(attribute as usize, at);
        }
    }

    #[test]
    fn a_record_returns_what_was_put_in() {
        let record = Record::of(|attribute| match attribute {
            Attribute::UserName => Some("a@x"),
            Attribute::Title => Some("CEO\u{1f}x"),
            _ => None,
        });
        assert_eq!((record.user_name(), record.get(Attribute::Title)), ("a@x", Some("CEO\u{fffd}x")));
        assert_eq!((record.get(Attribute::Email), record.get(Attribute::Department)), (None, None));
        let read: Record =
            serde_json::from_str(&serde_json::to_string(&record).expect("JSON")).expect("a record");
        assert_eq!(read, record);
        let other = Record::of(|attribute| (attribute == Attribute::UserName).then_some("b@x"));
        let differences: Vec<_> = record.differences(&other).collect();
        assert_eq!(differences, [Attribute::UserName, Attribute::Title]);
    }

    #[test]
    fn users_and_groups_may_have_what_aws_accepts_and_nothing_else() {
        for (character, user, group) in [
            ('\u{a0}', true, true),
            ('\u{3000}', true, false),
            ('\t', true, true),
            ('\u{2003}', false, false),
            ('\u{e0067}', false, false),
            ('\u{e000}', false, false),
            ('\u{202e}', false, false),
            ('\u{fffe}', false, false),
            ('ß', true, true),
            ('\u{1f600}', true, true),
        ] {
            let name = format!("a{character}b");
            assert_eq!(check(Attribute::DisplayName, Some(&name)).is_ok(), user, "{character:?}");
            assert_eq!(check_group_name(&name).is_ok(), group, "{character:?}");
        }
    }

    #[test]
    fn values_are_checked_by_the_rules_of_identity_center() {
        let long = "x".repeat(129);
        for (attribute, value, fault) in [
            (Attribute::Email, None, Some(ValueFault::Missing)),
            (Attribute::GivenName, Some(" "), Some(ValueFault::Missing)),
            (Attribute::Title, None, None),
            (Attribute::UserName, Some(long.as_str()), Some(ValueFault::TooLong { limit: 128 })),
            (Attribute::UserName, Some("a b"), Some(ValueFault::InvalidCharacter { character: ' ' })),
            (Attribute::GivenName, Some("a b"), None),
            (Attribute::GivenName, Some("Zoë"), None),
            (
                Attribute::GivenName,
                Some("a\u{200b}"),
                Some(ValueFault::InvalidCharacter { character: '\u{200b}' }),
            ),
            (
                Attribute::FamilyName,
                Some("a\u{7}"),
                Some(ValueFault::InvalidCharacter { character: '\u{7}' }),
            ),
            (Attribute::Email, Some("a.x"), Some(ValueFault::NotAnAddress)),
            (Attribute::Email, Some("a@x"), None),
        ] {
            assert_eq!(check(attribute, value).err(), fault, "{attribute:?} {value:?}");
        }
    }
}
