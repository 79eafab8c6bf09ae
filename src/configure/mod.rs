//! The first setup: answers, and the files that result from them.
//!
//! Pure: the command asks, writes, and shows what the user can type next.

pub mod answers;
pub mod other_tools;
pub mod session_plan;
pub mod shell_line;

pub use self::session_plan::SessionPlan;
