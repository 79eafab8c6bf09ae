//! Finds the line of a byte in a file.

/// Where each line begins.
///
/// Counting from the beginning for each value would take a time that grows with the square of the file's size.
pub(super) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        Self(std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect())
    }

    /// Returns the line, counted from 1.
    pub(super) fn line_of(&self, at: usize) -> usize {
        self.0.partition_point(|start| *start <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::LineStarts;

    #[test]
    fn a_line_ends_with_its_line_feed() {
        let lines = LineStarts::of(b"a\r\n\nb\n");
        let found: Vec<usize> = [0, 2, 3, 4, 5, 6, 99].map(|at| lines.line_of(at)).to_vec();
        assert_eq!(found, [1, 1, 2, 3, 3, 4, 4]);
        assert_eq!(LineStarts::of(b"").line_of(0), 1);
    }
}
