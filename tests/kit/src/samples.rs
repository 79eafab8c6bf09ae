//! Samples of JSON in a document, to be compared with what commands print.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::document::Document;
use crate::output::Output;

/// The samples of a document, by the headings that they are under. Each is compared once, and none is left over.
pub struct Samples(BTreeMap<String, Value>);

impl Samples {
    /// # Panics
    /// When a sample is not JSON.
    pub fn of(path: &str) -> Self {
        let page = Document::read(path);
        let blocks = page.blocks();
        let samples = blocks.iter().filter(|block| block.language == "json");
        let parsed = samples.map(|block| {
            let sample = serde_json::from_str(&block.text);
            (block.heading.to_owned(), sample.unwrap_or_else(|e| panic!("{path}: {}: {e}", block.heading)))
        });
        Self(parsed.collect())
    }

    /// Compares the sample under this heading with what a command has printed.
    ///
    /// # Panics
    /// When there is no such sample, or the two have other keys or kinds of values. Lists are compared by their first
    /// elements.
    #[track_caller]
    pub fn check(&mut self, heading: &str, output: &Output) {
        self.check_value(heading, &output.stdout_json());
    }

    /// # Panics
    /// As [`Samples::check`].
    #[track_caller]
    pub fn check_value(&mut self, heading: &str, real: &Value) {
        let sample = self.0.remove(heading).unwrap_or_else(|| panic!("no sample of `{heading}`: {real:#}"));
        assert_same_shape(&sample, real, heading);
    }

    /// # Panics
    /// When a sample was compared with nothing.
    #[track_caller]
    pub fn end(self) {
        assert!(self.0.is_empty(), "compared with nothing: {:?}", self.0.keys());
    }
}

#[track_caller]
fn assert_same_shape(sample: &Value, real: &Value, path: &str) {
    match (sample, real) {
        (Value::Object(sample), Value::Object(real)) => {
            let keys = |object: &Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(sample), keys(real), "keys of {path}");
            for (key, value) in sample {
                assert_same_shape(value, &real[key], &format!("{path}.{key}"));
            }
        }
        (Value::Array(sample), Value::Array(real)) => {
            assert_eq!(sample.is_empty(), real.is_empty(), "{path}: {real:?}");
            for (sample, real) in sample.iter().zip(real).take(1) {
                assert_same_shape(sample, real, &format!("{path}[0]"));
            }
        }
        (sample, real) => {
            assert_eq!(
                std::mem::discriminant(sample),
                std::mem::discriminant(real),
                "{path}: {sample} and {real}"
            );
        }
    }
}
