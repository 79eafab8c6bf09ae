//! Access files in JSON: of the same shape, as `access export --json` prints them.

use serde_json::Value;
use toml_edit::{DocumentMut, Item};

/// What an export adds, because an access file cannot express it.
pub(crate) const OTHER_ASSIGNMENTS: &str = "other_assignments";

/// Returns the file in TOML. Its lines are not those of the JSON.
pub(super) fn as_toml(text: &str) -> Result<String, serde_json::Error> {
    let members: serde_json::Map<String, Value> = serde_json::from_str(text)?;
    let mut document = DocumentMut::new();
    for (key, value) in members.iter().filter(|(key, _)| *key != OTHER_ASSIGNMENTS) {
        if let Some(value) = toml_value(value) {
            document.insert(key, Item::Value(value));
        }
    }
    Ok(document.to_string())
}

/// Returns the value in TOML, which has no null.
pub(crate) fn toml_value(value: &Value) -> Option<toml_edit::Value> {
    use toml_edit::{Array, InlineTable};
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64()?.into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(values) => values.iter().filter_map(toml_value).collect::<Array>().into(),
        Value::Object(members) => {
            let members = members.iter().filter_map(|(key, value)| Some((key.as_str(), toml_value(value)?)));
            members.collect::<InlineTable>().into()
        }
    })
}
