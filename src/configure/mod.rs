//! The first set-up: answers, and what the files shall say for them. Pure: who asks and who writes stands in the
//! command, which is also where it says what to type.

pub mod answers;
pub mod other_tools;
pub mod session_plan;
pub mod shell_line;

pub use self::session_plan::SessionPlan;
