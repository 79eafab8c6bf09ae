//! What the checks look at: the files, the selected sessions and profiles, and the ports.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::host_responses::{self, HostResponses};
use super::programs::of_another_system;
use crate::app::App;
use crate::app::resolve::{self, ResolvedSession};
use crate::platform::host::Machine;
use crate::ports::command_runner::CommandRunner;
use crate::ports::probe::Probe;
use crate::profile::document::{Document, Heading};
use crate::profile::identity::{Identity, ProfileFiles};
use crate::profile::{ConfigError, SsoSession, sources};
use crate::shell::words::words;

pub(super) struct DoctorContext<'a> {
    pub(super) app: &'a App,
    /// `None` if the network is not used.
    pub(super) probe: Option<&'a dyn Probe>,
    pub(super) commands: &'a dyn CommandRunner,
    pub(super) machine: &'a Machine,
    pub(super) asked: &'a Asked,
    credentials: OnceCell<Option<Result<Document, ConfigError>>>,
    host_responses: OnceCell<Vec<HostResponses>>,
    profiles: OnceCell<Vec<String>>,
}

/// The options of the command line.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) profile: Option<String>,
    pub(super) session: Option<String>,
    pub(super) run_others: bool,
}

impl Asked {
    /// Returns whether a single profile was selected.
    pub(super) fn names(&self, profile: &str) -> bool {
        self.profile.as_deref().is_none_or(|asked| asked == profile)
    }
}

impl<'a> DoctorContext<'a> {
    pub(super) fn new(
        app: &'a App,
        probe: Option<&'a dyn Probe>,
        commands: &'a dyn CommandRunner,
        machine: &'a Machine,
        asked: &'a Asked,
    ) -> Self {
        Self {
            app,
            probe,
            commands,
            machine,
            asked,
            credentials: OnceCell::new(),
            host_responses: OnceCell::new(),
            profiles: OnceCell::new(),
        }
    }

    /// `None` if the file cannot be read: one check reports that, and the others have nothing to check.
    pub(super) fn document(&self) -> Option<&Document> {
        self.app.document().ok()
    }

    pub(super) fn credentials_path(&self) -> Option<PathBuf> {
        self.app.folders.aws_credentials(&self.app.env)
    }

    /// `~/.aws/credentials`; `None` if it does not exist.
    pub(super) fn credentials(&self) -> Option<&Result<Document, ConfigError>> {
        // A symbolic link that points back to itself exists too.
        let is_there = |path: &PathBuf| path.symlink_metadata().is_ok();
        let load = || self.credentials_path().filter(is_there).map(|path| Document::load(&path));
        self.credentials.get_or_init(load).as_ref()
    }

    /// Returns the credentials file if it can be read.
    pub(super) fn read_credentials(&self) -> Option<&Document> {
        self.credentials().and_then(|credentials| credentials.as_ref().ok())
    }

    /// Returns both files if the config can be read.
    pub(super) fn files(&self) -> Option<ProfileFiles<'_>> {
        Some(ProfileFiles { config: self.document()?, credentials: self.read_credentials() })
    }

    /// Returns what the profile is to each SDK.
    pub(super) fn identity(&self, profile: &str) -> Option<Result<Identity, ConfigError>> {
        Some(self.files()?.identity(profile))
    }

    /// Returns whether the profile gets its credentials through this session, or would by its own line.
    fn is_of_session(&self, profile: &str, session: &str) -> bool {
        let own = self.document().and_then(|document| document.own(profile));
        own.is_some_and(|own| own.session == session)
            || matches!(self.identity(profile), Some(Ok(identity)) if identity.session.name == session)
    }

    /// Returns the hosts' responses, which are requested once.
    pub(super) fn host_responses(&self) -> &[HostResponses] {
        let ask = |probe| host_responses::ask_all(self.app, &self.sessions(), probe);
        self.host_responses.get_or_init(|| self.probe.map_or_else(Vec::new, ask))
    }

    /// Returns the selected profile, or the one that the environment selects.
    pub(super) fn profile(&self) -> Option<String> {
        self.asked.profile.clone().or_else(|| self.app.env.profile())
    }

    /// Returns the names of the selected sessions.
    pub(super) fn session_names(&self) -> Vec<String> {
        let Some(document) = self.document() else { return Vec::new() };
        match (&self.asked.session, &self.asked.profile) {
            (Some(session), _) => vec![session.clone()],
            (None, Some(profile)) => {
                let identity = self.identity(profile).and_then(Result::ok);
                // A profile that some tools get credentials for elsewhere still has a session.
                let own = || document.own(profile).map(|own| own.session);
                identity.map(|identity| identity.session.name).or_else(own).into_iter().collect()
            }
            (None, None) => document.session_names(),
        }
    }

    /// Returns the selected sessions that are complete, with the profile through which their endpoints are found.
    pub(super) fn sessions(&self) -> Vec<ResolvedSession> {
        let sessions =
            self.session_names().into_iter().filter_map(|name| resolve::session_named(self.app, &name).ok());
        sessions.map(|session| ResolvedSession::through(self.profile_of(&session), session)).collect()
    }

    fn profile_of(&self, session: &SsoSession) -> Option<String> {
        self.profile().filter(|profile| self.is_of_session(profile, &session.name))
    }

    /// Returns the selected profile, or all profiles that run kcaws.
    pub(super) fn profiles(&self) -> &[String] {
        self.profiles.get_or_init(|| self.find_profiles())
    }

    fn find_profiles(&self) -> Vec<String> {
        let Some(document) = self.document() else { return Vec::new() };
        if let Some(profile) = &self.asked.profile {
            return vec![profile.clone()];
        }
        let is_meant = |name: &String| self.runs_kcaws(name) || self.torn_program(name).is_some();
        let ours = document.profile_names().into_iter().filter(is_meant);
        match &self.asked.session {
            Some(session) => ours.filter(|name| self.is_of_session(name, session)).collect(),
            None => ours.collect(),
        }
    }

    /// Returns the program of the profile's `credential_process`.
    pub(super) fn program(&self, profile: &str) -> Option<PathBuf> {
        let section = self.document()?.section(&Heading::Profile(profile.to_owned()))?;
        words(section.get("credential_process")?).into_iter().next().map(PathBuf::from)
    }

    /// Returns whether the profile runs kcaws by a path that only another system can run.
    pub(super) fn is_for_another_system(&self, profile: &str) -> bool {
        let is_meant =
            |program: &PathBuf| is_kcaws(program) && of_another_system(&program.to_string_lossy()).is_some();
        self.program(profile).as_ref().is_some_and(is_meant)
    }

    /// Returns the path of kcaws if it contains spaces and is not quoted: tools run what precedes the first space.
    pub(super) fn torn_program(&self, profile: &str) -> Option<PathBuf> {
        let section = self.document()?.section(&Heading::Profile(profile.to_owned()))?;
        let line = section.get("credential_process")?;
        let (path, _) = line.split_once(" credential-process")?;
        let first = path.split([' ', '\t']).next()?;
        let is_torn = first != path
            && first.contains(['/', '\\'])
            && !path.contains(['"', '\'', '='])
            && !path.contains(" -")
            && is_kcaws(Path::new(path))
            // `/usr/bin/env kcaws` is a valid command line.
            && !Path::new(first).is_file();
        is_torn.then(|| PathBuf::from(path))
    }

    /// Returns whether getting the profile's credentials may run a program other than kcaws.
    ///
    /// That is its own program, one in the credentials file, or that of a source profile.
    pub(super) fn runs_others(&self, profile: &str) -> bool {
        let Some(document) = self.document() else { return false };
        let lines = sources::processes(document, self.read_credentials(), profile);
        let program = |line: &str| words(line).into_iter().next().map(PathBuf::from);
        lines.into_iter().any(|line| !program(line).is_some_and(|program| is_kcaws(&program)))
    }

    pub(super) fn runs_kcaws(&self, profile: &str) -> bool {
        self.program(profile).is_some_and(|program| is_kcaws(&program))
    }
}

/// Recognizes kcaws by its name; only running it would show more.
pub(super) fn is_kcaws(program: &Path) -> bool {
    let name = program.to_string_lossy();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    matches!(name, "kcaws" | "kcaws.exe")
}
