//! Reports who requested a page that was meant for this user's browser.

use super::ui::Ui;
use crate::platform::loopback::Visitors;

/// Reports another user that was refused, and a system that cannot identify users.
pub(super) fn report(visitors: &Visitors, ui: &mut Ui) {
    if let Some(uid) = visitors.take_refused() {
        tell_of_another_user(uid, ui);
    }
    if visitors.has_unknown() {
        ui.say("This system does not report which user requested the page; it was sent to the first one.");
    }
}

/// Warns even with `-q`: another user tries to act as this one.
pub(super) fn tell_of_another_user(uid: u32, ui: &mut Ui) {
    ui.tell(&format!(
        "kcaws: warning: another user of this machine (uid {uid}) requested the page and was refused"
    ));
}
