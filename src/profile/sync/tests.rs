use std::path::Path;

use super::*;

fn account(number: u64, name: &str) -> Account {
    Account { id: format!("{number:012}"), name: Some(name.to_owned()), email: None }
}

fn roles(names: &[&str]) -> Vec<RoleName> {
    names.iter().map(|name| (*name).into()).collect()
}

fn settings(text: &str) -> ProfileSettings {
    toml::from_str(text).expect("settings")
}

/// Text and note after one sync.
fn synced(text: &str, note: &Note, wanted: &[WantedProfile], prune: bool) -> (String, Plan) {
    let document = Document::parse(Path::new("/c"), text).expect("parses");
    let mut draft = Draft::of(&document).expect("fine");
    let sync = Sync {
        wanted,
        program: "/bin/kcaws",
        session: "corp",
        note,
        prune,
        rename: true,
        unknown: &[],
        unlisted: Unlisted::default(),
        unquote: true,
    };
    let plan = sync.apply(&mut draft).expect("applies");
    (draft.finish().expect("finishes").text().to_owned(), plan)
}

fn left(plan: &Plan) -> Vec<(&str, Why)> {
    plan.skipped.iter().map(|one| (one.name.as_str(), one.why.clone())).collect()
}

fn want(listed: &[(Account, Vec<RoleName>)], settings: &ProfileSettings) -> Vec<WantedProfile> {
    let listed = listed.iter().map(|(account, roles)| (account, roles.as_slice()));
    wanted("corp", listed, settings, &settings.template().expect("a template"))
}

#[test]
fn what_is_new_comes_what_is_gone_goes_and_the_rest_stays() {
    let config = settings("region = \"eu-central-1\"\n");
    let mut listed =
        vec![(account(1, "dev"), roles(&["Admin", "Read"])), (account(2, "prod"), roles(&["Read"]))];
    let (first, plan) = synced("# mine\n[default]\n", &Note::default(), &want(&listed, &config), true);
    assert_eq!(plan.created, ["dev-admin", "dev-read", "prod-read"]);
    let line = super::super::line::program_word("/bin/kcaws").expect("can be written");
    assert!(
        first.starts_with(&format!("# mine\n[default]\n\n[profile dev-admin]\ncredential_process = {line} "))
    );
    let (again, same) = synced(&first, &plan.note, &want(&listed, &config), true);
    assert_eq!((again.as_str(), same.unchanged.len(), &same.note), (first.as_str(), 3, &plan.note));

    listed[0].1 = roles(&["Admin"]);
    let (pruned, third) = synced(&first, &plan.note, &want(&listed, &config), true);
    assert_eq!(third.removed, ["dev-read"]);
    assert!(!pruned.contains("dev-read") && pruned.contains("[profile prod-read]"));
    let (kept, fourth) = synced(&first, &plan.note, &want(&listed, &config), false);
    assert_eq!((kept.as_str(), fourth.removed.len()), (first.as_str(), 0));
    let (pruned_later, _) = synced(&kept, &fourth.note, &want(&listed, &config), true);
    assert_eq!(pruned_later, pruned, "the note still knows it");
}

#[test]
fn what_a_person_changed_stays() {
    let listed = [(account(1, "dev"), roles(&["Admin"]))];
    let (text, plan) = synced("", &Note::default(), &want(&listed, &settings("region = \"a\"\n")), true);
    let hand = text.replace("region = a\n", "region = hand\noutput = table\n# why\n");
    let (after, _) = synced(&hand, &plan.note, &want(&listed, &settings("region = \"b\"\n")), true);
    assert_eq!(after, hand);
    let (after, _) = synced(&text, &plan.note, &want(&listed, &settings("region = \"b\"\n")), true);
    assert_eq!(after, text.replace("region = a", "region = b"), "no one touched this one");
}

#[test]
fn no_profile_of_another_is_written_or_pruned() {
    let listed = [(account(1, "dev"), roles(&["Admin"])), (account(2, "default"), roles(&["x"]))];
    let wanted = want(&listed, &settings("name = \"{account_name}\"\n"));
    let text = "[profile dev]\nregion = mine\n";
    let (after, plan) = synced(text, &Note::default(), &wanted, true);
    assert_eq!(after, text);
    assert_eq!(left(&plan), [("default", Why::WouldBeDefault), ("dev", Why::NotOurs)]);

    // Noted once, then made over by hand to another role.
    let (text, plan) =
        synced("", &Note::default(), &want(&[(account(3, "x"), roles(&["Y"]))], &settings("")), true);
    let hand = text.replace("--role Y", "--role Z");
    assert_eq!(synced(&hand, &plan.note, &[], true).0, hand);
    assert_eq!(synced(&text, &Note::default(), &[], true).0, text, "without a note nothing is pruned");
    assert_eq!(synced(&text, &plan.note, &[], true).0, "");
}

#[test]
fn accounts_of_one_name_get_their_ids_and_the_others_keep_their_names() {
    let (one, other) = ((account(1, "a b"), roles(&["R"])), (account(2, "a-b"), roles(&["R"])));
    let third = (account(3, "c"), roles(&["R"]));
    let (before, noted) =
        synced("", &Note::default(), &want(std::slice::from_ref(&one), &settings("")), true);
    assert_eq!(before.lines().next(), Some("[profile a-b-r]"));
    let listed = want(&[one.clone(), other, third], &settings(""));
    let (after, plan) = synced(&before, &noted.note, &listed, true);
    assert!(plan.skipped.is_empty(), "{:?}", plan.skipped);
    assert_eq!(plan.renamed.len(), 1, "{:?}", plan.renamed);
    assert_eq!(plan.created, ["a-b-000000000002-r", "c-r"]);
    assert!(after.starts_with("[profile a-b-000000000001-r]\n"), "{after}");
    // Back to one: it is sync's own as before.
    let (again, plan) = synced(&after, &plan.note, &want(std::slice::from_ref(&one), &settings("")), true);
    assert_eq!((again.as_str(), plan.removed.len()), (before.as_str(), 2));
}

#[test]
fn a_name_that_two_roles_of_one_account_would_have_is_left_as_it_is_and_the_others_are_written() {
    let one = (account(1, "a"), roles(&["TheRole"]));
    let both = (account(1, "a"), roles(&["TheRole", "the-role", "Other"]));
    let (before, noted) =
        synced("", &Note::default(), &want(std::slice::from_ref(&one), &settings("")), true);
    for (text, note) in [("", Note::default()), (before.as_str(), noted.note)] {
        let (after, plan) = synced(text, &note, &want(std::slice::from_ref(&both), &settings("")), true);
        assert!(after.starts_with(text) && after.contains("[profile a-other]"), "{after}");
        let [Skipped { name, why: Why::Ambiguous(first, second), .. }] = plan.skipped.as_slice() else {
            panic!("{:?}", plan.skipped)
        };
        assert_eq!((name.as_str(), first.role_name.as_str()), ("a-the-role", "TheRole"));
        assert_eq!(second.role_name.as_str(), "the-role");
        let (again, plan) =
            synced(&after, &plan.note, &want(std::slice::from_ref(&one), &settings("")), true);
        assert_eq!((again.matches("[profile").count(), plan.removed), (1, vec!["a-other".to_owned()]));
    }
}

#[test]
fn accounts_without_a_latin_letter_are_named_by_their_ids() {
    let listed: Vec<_> = ["開発", "本番", "Ελλάδα", "Büro"]
        .into_iter()
        .enumerate()
        .map(|(at, name)| (account(at as u64 + 1, name), roles(&["Read"])))
        .collect();
    let (_, plan) = synced("", &Note::default(), &want(&listed, &settings("")), true);
    assert_eq!(plan.created, ["000000000001-read", "000000000002-read", "000000000003-read", "buro-read"]);
    assert!(plan.skipped.is_empty());
}

#[test]
fn a_template_that_tells_nothing_apart_removes_nothing() {
    let listed = [(account(1, "a"), roles(&["R", "S"]))];
    let (text, plan) = synced("", &Note::default(), &want(&listed, &settings("")), true);
    let (after, again) =
        synced(&text, &plan.note, &want(&listed, &settings("name = \"{account_id}\"")), true);
    assert_eq!((after, again.note), (text, plan.note));
    assert_eq!(again.skipped.len(), 1);
}

#[test]
fn another_role_that_a_person_wrote_stays_and_is_named() {
    let listed = [(account(1, "dev"), roles(&["Admin"]))];
    let wanted = want(&listed, &settings(""));
    let (text, plan) = synced("", &Note::default(), &wanted, true);
    let hand = text.replace("--role Admin", "--role Read");
    for note in [&plan.note, &Note::default()] {
        let (after, plan) = synced(&hand, note, &wanted, true);
        assert_eq!((after.as_str(), left(&plan)), (hand.as_str(), vec![("dev-admin", Why::ChangedByHand)]));
        assert_eq!(plan.note, Note::default(), "it is no longer sync's to prune");
    }
    let other = text.replace("--session corp", "--session x");
    let (after, plan) = synced(&other, &plan.note, &wanted, true);
    assert_eq!((after, left(&plan)), (other, vec![("dev-admin", Why::OfSession("x".into()))]));
}

/// The same name for another role, by the template and not by hand.
#[test]
fn what_is_as_noted_follows_the_listing() {
    let template = settings("name = \"{account_name}\"\n");
    let (text, plan) =
        synced("", &Note::default(), &want(&[(account(1, "dev"), roles(&["Old"]))], &template), true);
    let (after, plan) =
        synced(&text, &plan.note, &want(&[(account(2, "dev"), roles(&["New"]))], &template), true);
    assert_eq!(plan.updated, ["dev"]);
    assert!(after.contains("--account 000000000002 --role New"), "{after}");
}

#[test]
fn lines_of_a_person_that_are_pruned_are_reported() {
    let config = settings("region = \"a\"\noutput = \"json\"\n");
    let listed = [(account(1, "dev"), roles(&["Admin"]))];
    let (text, plan) = synced("", &Note::default(), &want(&listed, &config), true);
    for (from, to) in [
        ("output = json\n", "output = json\ns3 =\n  max_concurrent_requests = 20\n"),
        ("region = a\n", "# for the audit\nregion = a\n"),
        ("region = a\n", "region = hand\n"),
        ("region = a\n", "region = a # why\n"),
        ("output = json\n", "output = table\n"),
        ("[profile dev-admin]\n", "[profile dev-admin] # mine\n"),
    ] {
        let hand = text.replace(from, to);
        let (after, pruned) = synced(&hand, &plan.note, &[], true);
        assert_eq!((after.as_str(), pruned.removed_with_more), ("", vec!["dev-admin".to_owned()]), "{to}");
        let (after, kept) = synced(&hand, &plan.note, &[], false);
        assert_eq!((after, kept.removed_with_more.len()), (hand, 0));
    }
    // Blank lines belong to no one, and what follows the last setting stays in any case.
    let spaced = text.replace("region = a\n", "\nregion = a\n") + "# behind\n";
    let (after, pruned) = synced(&spaced, &plan.note, &[], true);
    assert_eq!((after.as_str(), pruned.removed_with_more.len()), ("# behind\n", 0));
    assert_eq!(pruned.removed, ["dev-admin"]);
}

/// On Windows a path with slashes needs them.
#[cfg(not(windows))]
#[test]
fn lines_of_the_session_that_kcaws_wrote_with_quotes_lose_them() {
    let listed = [(account(1, "dev"), roles(&["Admin"]))];
    let arguments = "credential-process --session corp --account 000000000001 --role";
    let text = format!(
        "[profile dev-admin]\ncredential_process = \"/bin/kcaws\" {arguments} Admin\n\
         [profile by-hand]\ncredential_process = \"/opt/kcaws\" {arguments} Other # why\n\
         [profile spaced]\ncredential_process = \"/my tools/kcaws\" {arguments} Other\n\
         [profile edited]\ncredential_process = /bin/kcaws {arguments}=Other\n\
         [profile elsewhere]\ncredential_process = \"/bin/kcaws\" credential-process --session x --account 000000000001 --role R\n\
         [profile theirs]\ncredential_process = \"/opt/vault\" export\n"
    );
    let (after, plan) = synced(&text, &Note::default(), &want(&listed, &settings("")), true);
    assert_eq!(plan.updated, ["dev-admin", "by-hand"]);
    let expected = text
        .replace(
            "\"/bin/kcaws\" credential-process --session corp",
            "/bin/kcaws credential-process --session corp",
        )
        .replace(
            &format!("credential_process = \"/opt/kcaws\" {arguments} Other # why"),
            &format!("# why\ncredential_process = /opt/kcaws {arguments} Other"),
        );
    assert_eq!(after, expected);
    let (again, plan) = synced(&after, &plan.note, &want(&listed, &settings("")), true);
    assert_eq!((again, plan.updated.len()), (after, 0));
}

#[test]
fn another_template_renames_in_place_and_the_references_follow() {
    let listed = [(account(1, "dev"), roles(&["Admin", "Read"]))];
    let (text, plan) = synced("# top\n", &Note::default(), &want(&listed, &settings("")), true);
    let chained = "\n[profile chained]\nrole_arn = arn:aws:iam::000000000002:role/X\nsource_profile = dev-admin # why\n";
    let text =
        text.replace("[profile dev-admin]\n", "[profile dev-admin] # mine\ncli_pager = cat\n") + chained;
    let other = want(&listed, &settings("name = \"{account_name}.{role}\"\n"));
    let (after, renamed) = synced(&text, &plan.note, &other, true);
    let expected = text
        .replace("[profile dev-admin]", "[profile dev.Admin]")
        .replace("[profile dev-read]", "[profile dev.Read]")
        .replace("source_profile = dev-admin # why\n", "# why\nsource_profile = dev.Admin\n");
    assert_eq!(after, expected);
    assert_eq!(renamed.renamed.len(), 2);
    assert_eq!((renamed.followed[0].profile.as_str(), renamed.followed[0].place.line), ("chained", 12));
    assert!(renamed.removed.is_empty() && renamed.created.is_empty() && renamed.dangling.is_empty());
    let (again, same) = synced(&after, &renamed.note, &other, true);
    assert_eq!((again, same.unchanged.len()), (after, 2));
}

#[test]
fn profiles_that_exchange_their_names_keep_their_lines() {
    let template = settings("name = \"{account_name}\"\n");
    let listed =
        |one, two| want(&[(account(1, one), roles(&["R"])), (account(2, two), roles(&["R"]))], &template);
    let (text, plan) = synced("", &Note::default(), &listed("a", "b"), true);
    let text = text.replace("[profile a]\n", "[profile a]\ncli_pager = cat\n");
    let (after, plan) = synced(&text, &plan.note, &listed("b", "a"), true);
    let expected = text.replace("profile a]", "profile x]").replace("profile b]", "profile a]");
    assert_eq!(after, expected.replace("profile x]", "profile b]"));
    assert_eq!(plan.renamed.len(), 2);
}

#[test]
fn a_listed_role_keeps_its_profile_where_another_session_has_the_wanted_name() {
    let listed = [(account(1, "dev"), roles(&["Admin"]))];
    let (text, plan) =
        synced("", &Note::default(), &want(&listed, &settings("name = \"{session}-{role}\"\n")), true);
    let taken =
        text.replace("--session corp", "--session x").replace("corp-Admin", "dev-admin") + "\n" + &text;
    let (after, skipped) = synced(&taken, &plan.note, &want(&listed, &settings("")), true);
    assert_eq!(
        (after.as_str(), left(&skipped)),
        (taken.as_str(), vec![("dev-admin", Why::OfSession("x".into()))])
    );
    assert_eq!(skipped.note, plan.note, "sync still knows it");
    let (after, pruned) = synced(&taken, &skipped.note, &[], true);
    assert!(pruned.removed == ["corp-Admin"] && after.contains("dev-admin"), "{after}");
}

#[test]
fn profiles_that_name_a_removed_one_are_found() {
    let listed = [(account(1, "dev"), roles(&["Admin"]))];
    let (text, plan) = synced("", &Note::default(), &want(&listed, &settings("")), true);
    let text = text
        + "[profile chained]\nsource_profile = dev-admin\n[profile asks]\ncredential_process = /bin/kcaws credential-process --profile dev-admin\n";
    let (_, pruned) = synced(&text, &plan.note, &[], true);
    let names: Vec<_> = pruned.dangling.iter().map(|one| (one.profile.as_str(), one.place.line)).collect();
    assert_eq!(names, [("chained", 4), ("asks", 6)]);
}

#[test]
fn an_iam_role_of_the_same_name_gets_a_mark() {
    const ARN: &str = "arn:aws:iam::000000000001:role/team/Admin";
    let listed = [
        (account(1, "dev"), roles(&["Admin", ARN])),
        (account(2, "prod"), roles(&["arn:aws:iam::000000000002:role/team/Admin"])),
    ];
    let (text, plan) = synced("", &Note::default(), &want(&listed, &settings("")), true);
    assert_eq!(plan.created, ["dev-admin", "dev-admin-iam", "prod-admin"]);
    assert!(text.contains(&format!("--account 000000000001 --role {ARN}")), "{text}");
    let (again, plan) = synced(&text, &plan.note, &want(&listed, &settings("")), true);
    assert_eq!((again, plan.unchanged.len()), (text, 3));
}

#[test]
fn profiles_of_a_list_that_failed_stay() {
    const ARN: &str = "arn:aws:iam::000000000001:role/Ops";
    let listed = [(account(1, "dev"), roles(&["Admin", ARN]))];
    let (text, plan) = synced("", &Note::default(), &want(&listed, &settings("")), true);
    let document = Document::parse(Path::new("/c"), &text).expect("parses");
    let after = |listed: &[(Account, Vec<RoleName>)], unlisted: Unlisted| {
        let wanted = want(listed, &settings(""));
        let mut draft = Draft::of(&document).expect("fine");
        let sync = Sync {
            wanted: &wanted,
            program: "/bin/kcaws",
            session: "corp",
            note: &plan.note,
            prune: true,
            rename: true,
            unknown: &[],
            unlisted,
            unquote: true,
        };
        sync.apply(&mut draft).expect("applies").removed
    };
    let no_iam_roles = Unlisted { iam_roles: true, ..Unlisted::default() };
    let no_sets = Unlisted { permission_sets: true, ..Unlisted::default() };
    let sets = [(account(1, "dev"), roles(&["Admin"]))];
    let iam_roles = [(account(1, "dev"), roles(&[ARN]))];
    assert_eq!(after(&sets, no_iam_roles), Vec::<String>::new());
    assert_eq!(after(&sets, Unlisted::default()), ["dev-ops"]);
    assert_eq!(after(&iam_roles, no_sets), Vec::<String>::new());
    assert_eq!(after(&iam_roles, Unlisted::default()), ["dev-admin"]);
}
