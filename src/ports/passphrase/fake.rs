//! A user, a descriptor or a command as a test needs them. Clones share one state.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::{PassphraseError, PassphraseSource, Question};
use crate::secret::Secret;

#[derive(Clone, Default)]
pub struct FakePassphrases(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    given: Option<String>,
    /// `None` if there is no user.
    answers: Option<VecDeque<String>>,
    asked: Vec<String>,
    typed: BTreeMap<String, Secret<String>>,
}

impl FakePassphrases {
    /// Behaves as a descriptor or a command.
    pub fn giving(passphrase: &str) -> Self {
        let fake = Self::default();
        fake.0.borrow_mut().given = Some(passphrase.to_owned());
        fake
    }

    /// Behaves as a user who types these, one after the other.
    pub fn typing(answers: &[&str]) -> Self {
        let fake = Self::default();
        fake.0.borrow_mut().answers = Some(answers.iter().map(|answer| (*answer).to_owned()).collect());
        fake
    }

    /// Returns the prompts so far: `new`, `known`, `again`.
    pub fn asked(&self) -> Vec<String> {
        self.0.borrow().asked.clone()
    }
}

impl PassphraseSource for FakePassphrases {
    fn given(&self, session: &str) -> Result<Option<Secret<String>>, PassphraseError> {
        let state = self.0.borrow();
        match state.given.as_deref() {
            Some("") => Err(PassphraseError::Empty),
            Some(given) => Ok(Some(given.into())),
            None => Ok(state.typed.get(session).cloned()),
        }
    }

    fn keep(&self, session: &str, typed: &Secret<String>) {
        self.0.borrow_mut().typed.insert(session.to_owned(), typed.clone());
    }

    fn ask(&self, question: Question<'_>) -> Result<Secret<String>, PassphraseError> {
        let mut state = self.0.borrow_mut();
        state.asked.push(match question {
            Question::New { .. } => "new".to_owned(),
            Question::Known { again: false, .. } => "known".to_owned(),
            Question::Known { again: true, .. } => "again".to_owned(),
        });
        let answer = state.answers.as_mut().and_then(VecDeque::pop_front);
        match answer {
            Some(answer) if answer.is_empty() => Err(PassphraseError::Empty),
            Some(answer) => Ok(Secret::new(answer)),
            None => Err(PassphraseError::NoTerminal(std::io::ErrorKind::NotFound.into())),
        }
    }
}
