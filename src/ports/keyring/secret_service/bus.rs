//! Finds the session bus in the environment as libdbus does.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use zbus::Connection;

use super::call_error::CallError;
use crate::platform::env::Env;

/// The addresses of one bus, in the order in which they are tried (D-Bus specification, "Server Addresses").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusAddress(Vec<String>);

impl BusAddress {
    /// Finds the bus: `DBUS_SESSION_BUS_ADDRESS`, else the well-known socket of the user's session.
    pub fn find(env: &Env) -> Option<Self> {
        let of_runtime = || Some(PathBuf::from(env.raw("XDG_RUNTIME_DIR")?).join("bus"));
        match env.get("DBUS_SESSION_BUS_ADDRESS") {
            Some(list) => Some(Self::parse(&list, of_runtime().as_deref())),
            None => {
                of_runtime().filter(|socket| socket.exists()).map(|socket| Self(vec![of_socket(&socket)]))
            }
        }
    }

    /// Parses a list of addresses. `of_runtime` replaces `unix:runtime=yes`.
    pub fn parse(list: &str, of_runtime: Option<&Path>) -> Self {
        let one = |address: &str| match address.strip_prefix("unix:") {
            Some(options) if options.split(',').any(|option| option == "runtime=yes") => {
                of_runtime.map(of_socket)
            }
            _ => Some(address.to_owned()),
        };
        Self(list.split(';').map(str::trim).filter(|address| !address.is_empty()).filter_map(one).collect())
    }

    /// Connects to the first address that answers.
    pub(super) async fn connect(&self) -> Result<Connection, CallError> {
        let mut refused = None;
        for address in &self.0 {
            match zbus::connection::Builder::address(address.as_str()).build().await {
                Ok(bus) => return Ok(bus),
                // The first address is the one that the user recognizes.
                Err(error) => _ = refused.get_or_insert(error),
            }
        }
        Err(match refused {
            Some(error) => CallError::absent(error),
            None => CallError::absent("DBUS_SESSION_BUS_ADDRESS names no bus"),
        })
    }
}

/// Decodes the escaping of the specification.
fn of_socket(socket: &Path) -> String {
    let mut address = "unix:path=".to_owned();
    for byte in socket.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-_/.\\*".contains(byte) {
            address.push(char::from(*byte));
        } else {
            let _ = write!(address, "%{byte:02x}");
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(list: &str) -> Vec<String> {
        BusAddress::parse(list, Some(Path::new("/run/user/1000/bus"))).0
    }

    #[test]
    fn a_list_is_tried_in_its_order() {
        assert_eq!(
            parse("unix:path=/a;unix:abstract=b,guid=0f"),
            ["unix:path=/a", "unix:abstract=b,guid=0f"]
        );
        assert_eq!(parse(";unix:path=/a;"), ["unix:path=/a"]);
    }

    #[test]
    fn the_runtime_folder_has_the_bus_of_the_user() {
        let bus = "unix:path=/run/user/1000/bus";
        assert_eq!(parse("unix:runtime=yes"), [bus]);
        assert_eq!(parse("unix:runtime=yes,guid=0f;tcp:host=a,port=1"), [bus, "tcp:host=a,port=1"]);
        assert_eq!(BusAddress::parse("unix:runtime=yes", None).0, [""; 0]);
    }

    #[test]
    fn a_folder_with_odd_letters_is_escaped() {
        let socket = Path::new("/tmp/a b,c;d/bus");
        assert_eq!(
            BusAddress::parse("unix:runtime=yes", Some(socket)).0,
            ["unix:path=/tmp/a%20b%2cc%3bd/bus"]
        );
    }

    #[test]
    fn without_a_variable_it_is_the_socket_in_the_runtime_folder_if_that_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_str().expect("text");
        let env = Env::from_pairs(&[("XDG_RUNTIME_DIR", path)]);
        assert_eq!(BusAddress::find(&env), None);
        std::os::unix::net::UnixListener::bind(folder.path().join("bus")).expect("binds");
        assert_eq!(BusAddress::find(&env), Some(BusAddress(vec![of_socket(&folder.path().join("bus"))])));
    }
}
