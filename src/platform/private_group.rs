//! Finds out whether a group is private: that of one user, as Debian and Red Hat create one for each.
//!
//! With these the umask is 002, and every file may be written by its group. A shared primary group, such as `users` or
//! `domain users`, looks the same in the mode of a file.

/// Returns whether the group has no member but the user of this process.
pub(super) fn is_ours(group: u32) -> bool {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let user = rustix::process::geteuid().as_raw();
    is_private(group, user, &read("/etc/passwd"), &read("/etc/group"))
}

/// Takes the content of passwd(5) and group(5).
///
/// Users and groups of a directory service are in neither: then the numbers must be the same, as those of private
/// groups are (sssd.conf(5), `auto_private_groups`).
fn is_private(group: u32, user: u32, users: &str, groups: &str) -> bool {
    // Name, password, user, group.
    let users: Vec<[&str; 4]> = users.lines().filter_map(fields).collect();
    // Name, password, group, members.
    let group_entry = groups.lines().filter_map(fields::<4>).find(|entry| entry[2].parse() == Ok(group));
    let own = users.iter().find(|entry| entry[2].parse() == Ok(user)).map(|entry| entry[0]);
    let is_alike = match (own, group_entry.map(|entry| entry[0])) {
        (Some(own), Some(group)) => own == group,
        _ => user == group,
    };
    let members = group_entry.map_or("", |entry| entry[3]).split(',').map(str::trim);
    let is_member = |entry: &[&str; 4]| entry[3].parse() == Ok(group) && entry[2].parse() != Ok(user);
    is_alike
        && members.filter(|member| !member.is_empty()).all(|member| Some(member) == own)
        && !users.iter().any(is_member)
}

/// Returns the first fields of a line.
fn fields<const COUNT: usize>(line: &str) -> Option<[&str; COUNT]> {
    let fields: Vec<&str> = line.split(':').take(COUNT).collect();
    fields.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::is_private;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n\
                         bob:x:1001:100::/home/bob:/bin/sh\ncarol:x:1002:1005::/home/carol:/bin/sh\n";

    #[test]
    fn a_group_of_one_user_is_private_and_a_shared_one_is_not() {
        for (group, user, groups, expected) in [
            (1000, 1000, "alice:x:1000:\n", true),
            (1000, 1000, "alice:x:1000:alice\n", true),
            (1000, 1000, "alice:x:1000:alice,bob\n", false),
            (1000, 1000, "users:x:1000:\n", false),
            (1005, 1002, "carol:x:1005:\n", true),
            (100, 1001, "users:x:100:\n", false),
            (27, 1000, "sudo:x:27:alice\n", false),
            // Of a directory service, or of a container that names a number only.
            (5000, 5000, "", true),
            (5001, 5000, "", false),
            (5000, 5000, "other:x:5000:alice\n", false),
        ] {
            assert_eq!(is_private(group, user, USERS, groups), expected, "{group} {user} {groups}");
        }
        let two = "alice:x:1000:1000::/:\nbob:x:1001:1000::/:\n";
        assert!(!is_private(1000, 1000, two, "alice:x:1000:\n"), "bob has the same primary group");
    }
}
