use kcaws_test_kit::{Running, Signal, require_program};

use crate::stage::Stage;

/// The endpoint of `serve`, and its two variables.
fn serving(stage: &Stage) -> (Running, serde_json::Value) {
    let command = stage.kcaws("serve dev --format json").allow_secret_on_stdout();
    let mut serving = command.spawn();
    let line = serving.wait_for_stdout("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    serving.wait_for_stderr("Serving PowerUserAccess in account 111122223333 until Ctrl-C.");
    (serving, serde_json::from_str(&line).unwrap())
}

#[test]
fn whoever_has_the_two_variables_is_served_until_somebody_ends_it() {
    let python = require_program!("python3");
    let stage = Stage::new();
    stage.log_in();
    stage.desk.write_home_file(
        "client.py",
        "import json, os, urllib.request\n\
         request = urllib.request.Request(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'])\n\
         request.add_header('Authorization', os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN'])\n\
         print(json.load(urllib.request.urlopen(request))['AccessKeyId'][:4])\n",
    );
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (serving, variables) = serving(&stage);
        let variables = variables.as_object().unwrap();
        assert_eq!(variables.len(), 2, "no keys");
        let client = || {
            let pairs =
                variables.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
            pairs.fold(stage.desk.command(&python).arg("client.py"), |client, (name, value)| {
                client.env(name, value)
            })
        };
        assert_eq!(client().run().expect_ok().stdout_text(), "ASIA\n");
        std::fs::remove_dir_all(stage.state().join("warm")).unwrap();
        stage.sim.expire_access_tokens();
        assert_eq!(client().run().expect_ok().stdout_text(), "ASIA\n", "fetched anew");
        serving.signal(signal);
        serving.wait().expect_code(code);
        assert_ne!(client().run().code(), 0, "nobody answers any more");
    }
}

#[test]
fn nothing_is_printed_for_nothing() {
    let stage = Stage::new();
    let refused = stage.run("serve dev").expect_code(4).expect_stderr("run `kcaws login corp`");
    assert!(refused.stdout.is_empty(), "{refused}");
    stage.run("serve").expect_code(2).expect_stderr("which profile?");
    stage.run("serve nobody").expect_code(3);
}
