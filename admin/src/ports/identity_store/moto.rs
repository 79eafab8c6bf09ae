//! The identity store of moto, a simulator that nobody here wrote: what boto3 wrote there is read.

use std::collections::BTreeSet;

use aws_smithy_runtime_api::client::http::http_client_fn;
use kcaws_test_kit::{Client, Running, TestEnv, clients};

use super::testing::{client_over, http};
use super::{IdentityStore as _, StorePage};
use crate::ports::aws_call::AwsError;

const REGION: &str = "eu-central-1";
const STORE: &str = "d-1234567890";
/// More than a page.
const USERS: usize = 130;

/// Writes users, groups and memberships, and prints the id of the group `Everybody`.
const WRITER: &str = r#"
import sys, boto3
store = {"IdentityStoreId": "d-1234567890"}
client = boto3.client("identitystore", region_name="eu-central-1", endpoint_url=sys.argv[1])
group, other = (client.create_group(DisplayName=name, Description="-", **store)["GroupId"] for name in ("Everybody", "Nobody"))
for number in range(int(sys.argv[2])):
    name = f"user{number}@example.com"
    user = client.create_user(
        UserName=name, DisplayName=f"Zoë {number}", Name={"GivenName": "Zoë", "FamilyName": f"Doe{number}"},
        Emails=[{"Value": name, "Type": "work", "Primary": True}], Title="Engineer", Locale="de-DE",
        PhoneNumbers=[{"Value": f"+49 30 {number}", "Type": "work", "Primary": True}], **store)
    client.create_group_membership(GroupId=group, MemberId={"UserId": user["UserId"]}, **store)
print(group)
"#;

/// Starts moto; `None`, and the test is skipped, where it is not installed.
fn start(env: &TestEnv) -> Option<(Running, String)> {
    let line = clients().command_line_or_skip(Client::Moto)?;
    let server = env.command_line(line).args(["-H", "127.0.0.1", "-p", "0"]).env("PYTHONUNBUFFERED", "1");
    let mut server = server.spawn();
    let line = server.wait_for_stderr("Running on http://");
    let (_, host) = line.split_once("http://").expect("an address");
    let url = format!("http://{}", host.trim().trim_end_matches('/'));
    Some((server, url))
}

fn all<T>(page: impl Fn(Option<&str>) -> Result<StorePage<T>, AwsError>) -> Vec<T> {
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let found = page(cursor.as_deref()).expect("a page");
        items.extend(found.items);
        cursor = found.next;
        if cursor.is_none() {
            return items;
        }
    }
}

fn write(env: &TestEnv, url: &str) -> Option<String> {
    let python = clients().command_line_or_skip(Client::Boto3)?.swap_remove(0);
    let writer = env.command(python).args(["-c", WRITER, url, &USERS.to_string()]);
    let writer = writer.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", "testing");
    Some(writer.run().expect_ok().stdout_text().trim().to_owned())
}

#[test]
fn what_boto3_wrote_to_moto_is_read() {
    let env = TestEnv::new();
    let Some((_server, url)) = start(&env) else { return };
    let Some(everybody) = write(&env, &url) else { return };
    // moto says `text/html` of its JSON, which a client for AWS refuses: this one only reads what is sent.
    let connector = http().pooled(false);
    let client = http_client_fn(move |_, _| connector.clone());
    let store = client_over(client, &url, REGION, ("testing", "testing"), STORE);

    let users = all(|cursor| store.users(cursor));
    let names: BTreeSet<String> = users.iter().filter_map(|user| user.user_name.clone()).collect();
    assert_eq!(names, (0..USERS).map(|number| format!("user{number}@example.com")).collect());
    let one = users.iter().find(|user| user.user_name.as_deref() == Some("user7@example.com"));
    let one = one.expect("it is listed");
    assert_eq!(one.given_name.as_deref(), Some("Zoë"));
    assert_eq!(one.family_name.as_deref(), Some("Doe7"));
    assert_eq!(one.display_name.as_deref(), Some("Zoë 7"));
    assert_eq!(one.email.as_deref(), Some("user7@example.com"));
    assert_eq!(one.phone_number.as_deref(), Some("+49 30 7"));
    assert_eq!((one.title.as_deref(), one.locale.as_deref()), (Some("Engineer"), Some("de-DE")));
    assert_eq!(one.enabled, None, "moto does not report it");
    assert_eq!(store.user(&one.id).expect("reads").and_then(|user| user.user_name), one.user_name);

    let groups = all(|cursor| store.groups(cursor));
    let mut names: Vec<&str> = groups.iter().filter_map(|group| group.display_name.as_deref()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Everybody", "Nobody"]);
    for group in &groups {
        let members: BTreeSet<String> = all(|cursor| store.members(&group.id, cursor)).into_iter().collect();
        let expected = users.iter().map(|user| user.id.clone()).filter(|_| group.id == everybody);
        assert_eq!(members, expected.collect(), "{:?}", group.display_name);
    }
    assert_eq!(all(|cursor| store.groups_of(&one.id, cursor)), [everybody]);
}
