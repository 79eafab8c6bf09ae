//! README is short, and begins with lines that work.

use kcaws_test_kit::repository;

use crate::test_docs::document;

#[test]
fn readme_is_a_front_door() {
    let lines = document("README.md").text.lines().count();
    assert!(lines <= 200, "{lines} lines: what does not fit belongs below docs/");
}

/// Each is a block of one line below a heading of its own, for people and for tools that look for it.
#[test]
fn the_demo_and_the_tests_are_one_line_each() {
    let readme = document("README.md");
    let blocks = readme.blocks();
    for (heading, line) in [("Try it without an AWS account", "tests/demo"), ("Run the tests", "tests/run")] {
        let below: Vec<_> = blocks.iter().filter(|block| block.heading == heading).collect();
        let [block] = below.as_slice() else { panic!("{heading}: {} blocks", below.len()) };
        assert_eq!((block.language, block.text.trim_end()), ("sh", line));
        assert!(repository().join(line).is_file());
    }
}
