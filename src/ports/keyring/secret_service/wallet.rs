//! KWallet: its `Unlock` always answers a prompt, which raises no window if the wallet is open.

use zbus::ObjectPath;

use super::call_error::CallError;
use super::calls::Calls;

/// The names under which the daemons of KDE Frameworks 5 and of the first 6 offer their own interface.
///
/// Their successor ksecretd needs none: unlocking its wallet unlocks the collection.
const DAEMONS: [(&str, &str); 2] =
    [("org.kde.kwalletd5", "/modules/kwalletd5"), ("org.kde.kwalletd6", "/modules/kwalletd6")];

/// Returns whether the wallet behind a locked keyring is open, through PAM or another program.
pub(super) async fn is_open(calls: &Calls, collection: &ObjectPath<'_>) -> bool {
    for (name, path) in DAEMONS {
        if calls.is_also(name).await {
            return ask(calls, path, collection).await.unwrap_or(false);
        }
    }
    false
}

async fn ask(calls: &Calls, path: &str, collection: &ObjectPath<'_>) -> Result<bool, CallError> {
    let wallet = calls.label(collection).await?;
    Ok(calls.call(path, "org.kde.KWallet", "isOpen", &wallet).await?.body().deserialize()?)
}
