//! Roles that are assumed through other profiles.

use kcaws_test_kit::Client;

use super::Outcome::{NoLine, Refused, Same};
use super::{Shape, but_for, shape};

pub(super) const SHAPES: &[Shape] = &[
    shape("a role by a line", "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@", "", Same),
    shape(
        "a role by keys of a session",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@sso@",
        "",
        Same,
    ),
    shape(
        "a role by the default profile",
        "[default]\n@line@[profile p]\n@deploy@source_profile = default\n",
        "",
        Same,
    ),
    shape(
        "two roles",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@hop@source_profile = r\n[profile r]\n@line@",
        "",
        Same,
    ),
    shape(
        "three roles",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@hop@source_profile = r\n[profile r]\n@deploy@source_profile = s\n[profile s]\n@sso@",
        "",
        Same,
    ),
    shape(
        "a role with an external id, a session's name and a length",
        "[profile p]\n@team@source_profile = q\nexternal_id = team-7\nrole_session_name = build-7\nduration_seconds = 900\n[profile q]\n@line@",
        "",
        Same,
    ),
    shape(
        "a role with a session's name",
        "[profile p]\n@deploy@source_profile = q\nrole_session_name = build-8\n[profile q]\n@line@",
        "",
        Same,
    ),
    shape(
        "a role and keys of a session in one profile",
        "[profile p]\n@deploy@source_profile = q\n@sso@[profile q]\n@line@",
        "",
        Same,
    ),
    but_for(
        &[Client::Go],
        shape(
            "a role and a line in one profile",
            "[profile p]\n@deploy@source_profile = q\n@other_line@[profile q]\n@line@",
            "",
            Same,
        ),
    ),
    but_for(
        &[Client::Go],
        shape(
            "a role, a line and keys of a session in one profile",
            "[profile p]\n@deploy@source_profile = q\n@line@@sso@[profile q]\n@line@",
            "",
            Same,
        ),
    ),
    shape("a role alone beside keys of a session", "[profile p]\n@deploy@@sso@", "", Refused),
    shape("a role alone beside a line", "[profile p]\n@deploy@@line@", "", Refused),
    shape(
        "a role and known keys beside it",
        "[profile p]\n@deploy@source_profile = q\n@known_keys@[profile q]\n@line@",
        "",
        Refused,
    ),
    shape(
        "a role, and known keys in the credentials file",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@",
        "[p]\n@known_keys@",
        Refused,
    ),
    shape(
        "a role by a profile with a line and known keys",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@@known_keys@",
        "",
        Refused,
    ),
    shape(
        "a role by a profile with known keys in the credentials file",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@",
        "[q]\n@known_keys@",
        Refused,
    ),
    shape(
        "a role by a profile with known keys",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@known_keys@",
        "",
        Refused,
    ),
    shape(
        "a role by a profile of the credentials file",
        "[profile p]\n@deploy@source_profile = q\n",
        "[q]\n@known_keys@",
        Refused,
    ),
    shape(
        "a role by a line of the credentials file",
        "[profile p]\n@deploy@source_profile = q\n",
        "[q]\n@line@",
        Refused,
    ),
    shape(
        "a role by a profile with another line in the credentials file",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@",
        "[q]\n@other_line@",
        Refused,
    ),
    shape(
        "a role in the credentials file",
        "[profile p]\n@line@[profile q]\n@line@",
        "[p]\n@deploy@source_profile = q\n",
        Refused,
    ),
    shape(
        "a source in the credentials file, a role in the config",
        "[profile p]\n@deploy@[profile q]\n@line@",
        "[p]\nsource_profile = q\n",
        Refused,
    ),
    shape(
        "another source in the credentials file",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@[profile r]\n@keys@",
        "[p]\nsource_profile = r\n",
        Refused,
    ),
    shape(
        "another role in the credentials file",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@",
        "[p]\n@hop@",
        Refused,
    ),
    but_for(
        &[Client::Go],
        shape(
            "a source without a role beside a line",
            "[profile p]\n@line@source_profile = q\n[profile q]\n@other_line@",
            "",
            Same,
        ),
    ),
    shape(
        "a role by a profile with two sources of one caller",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@@sso@",
        "",
        Same,
    ),
    shape(
        "a role by a profile with two sources of two callers",
        "[profile p]\n@deploy@source_profile = q\n[profile q]\n@line@@other_sso@",
        "",
        Refused,
    ),
    shape(
        "a role that does not trust the caller",
        "[profile p]\n@team@source_profile = q\n[profile q]\n@line@",
        "",
        NoLine,
    ),
];
