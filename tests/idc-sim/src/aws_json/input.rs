//! A request's members, read by name and held against the service model: required, length, pattern, enum.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::Refusal;

/// The members of a request, or of a structure in it.
#[derive(Clone, Debug)]
pub(crate) struct Input(Map<String, Value>);

/// A string of the service model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The least and the most characters.
    pub(crate) length: (usize, usize),
    /// As the model writes it, for messages.
    pub(crate) pattern: &'static str,
    pub(crate) fits: fn(&str) -> bool,
}

impl Shape {
    pub(crate) fn check(&self, name: &str, text: &str) -> Result<(), Refusal> {
        let (least, most) = self.length;
        let length = text.chars().count();
        if length < least {
            return Err(Refusal::constraint(name, &format!("have length greater than or equal to {least}")));
        }
        if length > most {
            return Err(Refusal::constraint(name, &format!("have length less than or equal to {most}")));
        }
        if !(self.fits)(text) {
            let rule = format!("satisfy regular expression pattern: {}", self.pattern);
            return Err(Refusal::constraint(name, &rule));
        }
        Ok(())
    }
}

impl Input {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let body: &[u8] = if body.is_empty() { b"{}" } else { body };
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(Refusal::malformed("The request is not a JSON object")),
        }
    }

    /// Refuses members that the model does not have. AWS passes over them: here they are a client's bug.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Refusal::malformed(format!("There is no member {name}"))),
            None => Ok(()),
        }
    }

    pub(super) fn forget(&mut self, names: &[&str]) {
        self.0.retain(|name, _| !names.contains(&name.as_str()));
    }

    /// The members themselves, for what the service models call documents.
    pub(crate) fn entries(&self) -> &Map<String, Value> {
        &self.0
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Returns the text of a member without a check.
    pub(crate) fn raw_text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    pub(crate) fn optional_text(&self, name: &str, shape: &Shape) -> Result<Option<&str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => shape.check(name, text).map(|()| Some(text.as_str())),
            Some(_) => Err(Refusal::malformed(format!("{name} is not a string"))),
        }
    }

    pub(crate) fn text(&self, name: &str, shape: &Shape) -> Result<&str, Refusal> {
        self.optional_text(name, shape)?.ok_or_else(|| Refusal::constraint(name, "not be null"))
    }

    /// Returns the choice that a member of an enumeration names.
    pub(crate) fn optional_choice<T: Copy>(
        &self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let found = choices.iter().find(|(known, _)| value.as_str() == Some(known));
        let names: Vec<&str> = choices.iter().map(|(known, _)| *known).collect();
        let wrong = || Refusal::constraint(name, &format!("satisfy enum value set: [{}]", names.join(", ")));
        found.map(|(_, choice)| Some(*choice)).ok_or_else(wrong)
    }

    pub(crate) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<T, Refusal> {
        self.optional_choice(name, choices)?.ok_or_else(|| Refusal::constraint(name, "not be null"))
    }

    pub(crate) fn number(&self, name: &str, range: RangeInclusive<usize>) -> Result<Option<usize>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        let wrong = || {
            let rule = format!("have value between {} and {}", range.start(), range.end());
            Refusal::constraint(name, &rule)
        };
        number.filter(|number| range.contains(number)).map(Some).ok_or_else(wrong)
    }

    /// Returns a member that is a structure.
    pub(crate) fn optional_members(&self, name: &str) -> Result<Option<Self>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Self(members.clone()))),
            Some(_) => Err(Refusal::malformed(format!("{name} is not a structure"))),
        }
    }

    pub(crate) fn members(&self, name: &str) -> Result<Self, Refusal> {
        self.optional_members(name)?.ok_or_else(|| Refusal::constraint(name, "not be null"))
    }

    fn list(&self, name: &str, most: usize) -> Result<Option<&Vec<Value>>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) if items.len() <= most => Ok(Some(items)),
            Some(Value::Array(_)) => {
                Err(Refusal::constraint(name, &format!("have length less than or equal to {most}")))
            }
            Some(_) => Err(Refusal::malformed(format!("{name} is not a list"))),
        }
    }

    /// Returns a list of structures, with at most `most` of them.
    pub(crate) fn structures(&self, name: &str, most: usize) -> Result<Option<Vec<Self>>, Refusal> {
        let structure = |value: &Value| match value {
            Value::Object(members) => Ok(Self(members.clone())),
            _ => Err(Refusal::malformed(format!("{name} holds something else than structures"))),
        };
        self.list(name, most)?.map(|items| items.iter().map(structure).collect()).transpose()
    }

    /// Returns a list of strings that is required.
    pub(crate) fn texts(&self, name: &str, most: usize, shape: &Shape) -> Result<Vec<String>, Refusal> {
        let text = |value: &Value| match value {
            Value::String(text) => shape.check(name, text).map(|()| text.clone()),
            _ => Err(Refusal::malformed(format!("{name} holds something else than strings"))),
        };
        let items = self.list(name, most)?.filter(|items| !items.is_empty());
        items.ok_or_else(|| Refusal::constraint(name, "not be null"))?.iter().map(text).collect()
    }
}
