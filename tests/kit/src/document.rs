//! Documents of the repository, and the blocks in them.

use std::path::{Path, PathBuf};

/// A document: its path from the root of the repository, and its text.
pub struct Document {
    pub path: PathBuf,
    pub text: String,
}

/// A fenced block, with the heading that it is under and the language that its fence names.
pub struct Block<'t> {
    pub heading: &'t str,
    pub language: &'t str,
    pub text: String,
}

/// Returns the root of the repository.
///
/// # Panics
/// When this crate is not two folders below it.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

impl Document {
    /// Reads the document with this path from the root of the repository.
    ///
    /// # Panics
    /// When there is none.
    pub fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(repository().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        Self { path: path.into(), text }
    }

    /// # Panics
    /// When the last block has no end.
    pub fn blocks(&self) -> Vec<Block<'_>> {
        let (mut blocks, mut heading, mut open) = (Vec::new(), "", false);
        for line in self.text.lines() {
            match line.strip_prefix("```") {
                Some(_) if open => open = false,
                Some(language) => {
                    blocks.push(Block { heading, language, text: String::new() });
                    open = true;
                }
                None if open => {
                    let text = &mut blocks.last_mut().unwrap().text;
                    text.push_str(line);
                    text.push('\n');
                }
                None if line.starts_with('#') => heading = line.trim_start_matches('#').trim(),
                None => {}
            }
        }
        assert!(!open, "{} ends in a block", self.path.display());
        blocks
    }

    /// The lines outside of blocks.
    pub fn prose(&self) -> impl Iterator<Item = &str> {
        let mut open = false;
        self.text.lines().filter(move |line| {
            let fence = line.starts_with("```");
            open ^= fence;
            !open && !fence
        })
    }
}
