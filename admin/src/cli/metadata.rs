//! `kcaws admin metadata`: the realm's SAML metadata for AWS.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;
use kcaws::app::error::AppError;
use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::{Colour, Ui};
use kcaws::secret::Secret;
use serde::Serialize;

use super::{FileArg, metadata_file};
use crate::app::{AdminApp, MetadataRecord};
use crate::ports::keycloak::Keycloak;
use crate::realm::idp_metadata::{IdpMetadata, MetadataChange, MetadataFinding, Severity, changes, check};

const EXAMPLES: &str = "\
Examples:
  kcaws admin metadata --out keycloak.xml
  kcaws admin metadata --check keycloak.xml";

/// Check the realm's SAML metadata, and save it for AWS
///
/// AWS cannot be asked which file it has: what --out wrote last is remembered, or --check names the file. If the
/// certificates changed since, nobody can log in until AWS gets the new one.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct MetadataArgs {
    #[command(flatten)]
    file: FileArg,
    /// Write the metadata, to be uploaded in the console of IAM Identity Center
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Compare with the file that AWS was given
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    check: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    entity_id: String,
    certificates: Vec<CertificateReport>,
    findings: Vec<FindingReport>,
    /// `null` if it is not known what AWS was given.
    changes: Option<Vec<MetadataChange>>,
    last_written_at: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct CertificateReport {
    fingerprint: String,
    subject: String,
    certificate_expires_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct FindingReport {
    code: &'static str,
    severity: Severity,
    message: String,
    fix: String,
}

/// What was found about the metadata, before it is printed.
struct Found {
    metadata: IdpMetadata,
    findings: Vec<MetadataFinding>,
    changes: Option<Vec<MetadataChange>>,
    last_written_at: Option<DateTime<Utc>>,
}

/// Reads the metadata of the realm that somebody has saved.
fn saved(path: &Path) -> Result<IdpMetadata, CommandError> {
    IdpMetadata::parse(&metadata_file::read(path)?).map_err(|error| {
        let error = CommandError::new(Exit::Failed, ErrorCode::NotUnderstood, error.to_string())
            .hint("give a file that `kcaws admin metadata --out` has written, or that AWS was given");
        metadata_file::about(path, error)
    })
}

pub(super) fn run(args: &MetadataArgs, app: &AdminApp, ui: &mut Ui) -> Result<(), CommandError> {
    let realm = app.access_file(args.file.file.as_deref())?.realm;
    // The metadata is public: no keyring is opened for it.
    let text = app.keycloak_with(&realm, Secret::from(""))?.descriptor()?;
    let metadata = IdpMetadata::parse(&text)?;
    let record = MetadataRecord::last(app.state(), &realm.url()).map_err(AppError::from)?;
    let before = match &args.check {
        Some(path) => Some(saved(path)?),
        None => record.as_ref().map(|record| record.metadata.clone()),
    };
    let found = Found {
        findings: check(&metadata, &realm.url(), app.clock.now()),
        changes: before.map(|before| changes(&before, &metadata)),
        last_written_at: record.map(|record| record.written_at),
        metadata,
    };
    if args.json {
        ui.json(&found.report());
    } else {
        found.show(ui);
    }
    found.refuse_errors()?;
    match &args.out {
        Some(path) => {
            metadata_file::write(path, &text)?;
            let remembered =
                MetadataRecord::remember(app.state(), &realm.url(), &found.metadata, app.clock.now());
            remembered.map_err(AppError::from)?;
            ui.say(&format!(
                "Saved to {}. Upload it in the console, under Settings, Identity source.",
                path.display()
            ));
            Ok(())
        }
        None => found.refuse_changes(),
    }
}

impl Found {
    fn report(&self) -> Report {
        let certificates = self.metadata.certificates.iter().map(|certificate| CertificateReport {
            fingerprint: certificate.fingerprint.clone(),
            subject: certificate.subject.clone(),
            certificate_expires_at: certificate.not_after,
        });
        let findings = self.findings.iter().map(|finding| FindingReport {
            code: finding.code(),
            severity: finding.severity(),
            message: finding.to_string(),
            fix: fix(finding),
        });
        Report {
            schema: 1,
            entity_id: self.metadata.entity_id.clone(),
            certificates: certificates.collect(),
            findings: findings.collect(),
            changes: self.changes.clone(),
            last_written_at: self.last_written_at,
        }
    }

    fn show(&self, ui: &mut Ui) {
        ui.data(&format!("entity ID  {}", self.metadata.entity_id));
        let rows: Vec<Vec<String>> = self
            .metadata
            .certificates
            .iter()
            .map(|one| vec![one.not_after.date_naive().to_string(), one.fingerprint.clone()])
            .collect();
        ui.table(&["VALID UNTIL", "CERTIFICATE (SHA-256)"], &rows);
        for finding in &self.findings {
            let (sign, colour) = match finding.severity() {
                Severity::Error => ("error", Colour::Red),
                Severity::Warning => ("warning", Colour::Yellow),
            };
            ui.marked(sign, colour, &format!("{finding}; {}", fix(finding)));
        }
        for change in self.changes.iter().flatten() {
            ui.marked("changed", Colour::Yellow, &words(change));
        }
        match &self.changes {
            Some(changes) if changes.is_empty() => ui.data("no changes since AWS was given the metadata"),
            Some(_) => {}
            None => ui.data("not known what AWS was given: --check FILE compares with it"),
        }
    }

    fn refuse_errors(&self) -> Result<(), CommandError> {
        let first = self.findings.iter().find(|finding| finding.severity() == Severity::Error);
        first.map_or(Ok(()), |finding| {
            let message = "AWS cannot use the metadata of this realm";
            Err(CommandError::new(Exit::Failed, ErrorCode::Unhealthy, message)
                .because(finding.to_string())
                .hint(fix(finding)))
        })
    }

    fn refuse_changes(&self) -> Result<(), CommandError> {
        if self.changes.as_ref().is_none_or(Vec::is_empty) {
            return Ok(());
        }
        let message = "the metadata changed since AWS was given it";
        Err(CommandError::new(Exit::Failed, ErrorCode::Unhealthy, message).hint(
            "run `kcaws admin metadata --out FILE` and upload the file in the console, under Settings, Identity source",
        ))
    }
}

/// Returns what to do about a finding.
fn fix(finding: &MetadataFinding) -> String {
    match finding {
        MetadataFinding::EntityId(_) | MetadataFinding::SignInUrl(_) => {
            "set Keycloak's `hostname` to its public https URL"
        }
        MetadataFinding::Trial(_) => "for AWS, give Keycloak an https URL (`hostname`)",
        MetadataFinding::NoSignInUrl => "give AWS the realm's own descriptor, not that of a client",
        MetadataFinding::Host { .. } => {
            "set Keycloak's `hostname`, and let the proxy before it send X-Forwarded-Host (`proxy-headers`)"
        }
        MetadataFinding::NoCertificate => {
            "add an RSA key provider with the highest priority in Realm settings, Keys, and give AWS the new metadata"
        }
        MetadataFinding::TooManyCertificates(_) | MetadataFinding::TooLong(_) => {
            "disable keys that are not used any more in Realm settings, Keys"
        }
        MetadataFinding::Expired { .. } => "disable this key in Realm settings, Keys",
        MetadataFinding::EndsSoon { .. } => {
            "add a key with a higher priority in Realm settings, Keys, and give AWS the new metadata first"
        }
        MetadataFinding::NotYetValid { .. } => "compare the clocks of this machine and the server",
    }
    .to_owned()
}

/// Returns a change in plain words.
pub(super) fn words(change: &MetadataChange) -> String {
    match change {
        MetadataChange::EntityId { before, after } => format!("the entity ID was {before} and is {after}"),
        MetadataChange::SignInUrls { before, after } => {
            format!("the sign-in URL was {} and is {}", before.join(" "), after.join(" "))
        }
        MetadataChange::CertificateAdded { fingerprint } => {
            format!("AWS does not know the certificate {fingerprint}")
        }
        MetadataChange::CertificateRemoved { fingerprint } => {
            format!("the realm no longer has the certificate {fingerprint}")
        }
        MetadataChange::ActiveCertificate { before, after } => {
            format!("the realm signs with {after} instead of {before}")
        }
    }
}

#[cfg(test)]
mod tests {
    use kcaws::cli::Global;
    use kcaws::platform::terminal::Terminal;

    use super::*;

    fn found(findings: Vec<MetadataFinding>, changes: Option<Vec<MetadataChange>>) -> Found {
        let metadata = IdpMetadata {
            entity_id: "https://sso.example.com/realms/corp".to_owned(),
            sign_in_urls: vec![],
            certificates: vec![],
            characters: 1,
        };
        Found { metadata, findings, changes, last_written_at: None }
    }

    fn shown(found: &Found) -> String {
        let (terminal, stdout, _) = Terminal::captured();
        found.show(&mut Ui::new(terminal, &Global::default()));
        stdout.text()
    }

    #[test]
    fn errors_stop_a_file_from_being_saved_and_warnings_do_not() {
        let ends =
            MetadataFinding::EndsSoon { fingerprint: "AB".to_owned(), not_after: DateTime::UNIX_EPOCH };
        let warned = found(vec![ends], None);
        warned.refuse_errors().expect("is only a warning");
        assert!(shown(&warned).contains("give AWS the new metadata first"), "{}", shown(&warned));
        let error = found(vec![MetadataFinding::NoSignInUrl], None).refuse_errors().expect_err("is refused");
        assert_eq!((error.exit_code(), error.code()), (Exit::Failed as u8, ErrorCode::Unhealthy));
    }

    #[test]
    fn a_change_since_the_upload_is_a_failure_until_the_new_file_is_saved() {
        let fingerprint = "AB:CD".to_owned();
        let rotated = found(vec![], Some(vec![MetadataChange::CertificateAdded { fingerprint }]));
        assert_eq!(rotated.refuse_changes().expect_err("changed").code(), ErrorCode::Unhealthy);
        assert!(shown(&rotated).contains("AWS does not know the certificate AB:CD"), "{}", shown(&rotated));
        for unchanged in [found(vec![], None), found(vec![], Some(vec![]))] {
            unchanged.refuse_changes().expect("nothing changed");
        }
        assert!(shown(&found(vec![], None)).contains("--check FILE"));
    }
}
