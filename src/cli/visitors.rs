//! Reports who asked for a page that was meant for this person's browser.

use super::ui::Ui;
use crate::platform::loopback::Visitors;

/// Tells of another user that was refused, and of a system that cannot tell.
pub(super) fn report(visitors: &Visitors, ui: &mut Ui) {
    if let Some(uid) = visitors.take_refused() {
        tell_of_another_user(uid, ui);
    }
    if visitors.has_unknown() {
        ui.say("This system does not report which user requested the page; it was sent to the first one.");
    }
}

/// Not silenced by `-q`: somebody tries to act as this person.
pub(super) fn tell_of_another_user(uid: u32, ui: &mut Ui) {
    ui.tell(&format!(
        "kcaws: warning: another user of this machine (uid {uid}) requested the page and was refused"
    ));
}
