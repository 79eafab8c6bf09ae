use super::*;

/// A company's root, valid for a hundred years.
const CA: &str = "\
-----BEGIN CERTIFICATE-----
MIIBgjCCASegAwIBAgIUJAzm9+YgX9zt9DfsbaODuGbvPx8wCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKQ29tcGFueSBDQTAgFw0yNjExMjgxODE1MDVaGA8yMTI2MTEw
NDE4MTUwNVowFTETMBEGA1UEAwwKQ29tcGFueSBDQTBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABCXa3q2Glz9pyvN7IRHh1H8RRcDQDtk8yLQp1PMLiVIImz8v+j14
4l6BNrwPxy+GrM5WXYLpD3WO+zOHqGkR2G6jUzBRMB0GA1UdDgQWBBSxNpkT51ne
6eT1TWkLjqBP3i+GdjAfBgNVHSMEGDAWgBSxNpkT51ne6eT1TWkLjqBP3i+GdjAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCl+WyR5vAw4NHRCp++
Bnu73cyTmUR/BG7LfWv+pH6nFwIhAMtcshdeUWtMAGUIVmB2fPg5U8g2I7VAwV7J
gDxzRWxZ
-----END CERTIFICATE-----
";

fn read(text: &str) -> Roots {
    let mut roots = Roots::default();
    roots.take(text.as_bytes(), |why| why);
    roots
}

/// As `openssl x509 -trustout` writes it, with these remarks behind the certificate.
fn trusted(remarks: &[u8]) -> String {
    let body: String = CA.lines().filter(|line| !line.starts_with("-----")).collect();
    let mut der = BASE64_STANDARD.decode(body).expect("base64");
    der.extend_from_slice(remarks);
    let body = BASE64_STANDARD.encode(der);
    format!("-----BEGIN {TRUSTED}-----\n{body}\n-----END {TRUSTED}-----\n")
}

fn hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}

#[test]
fn every_label_that_openssl_reads_is_read() {
    for label in ["CERTIFICATE", "X509 CERTIFICATE"] {
        let roots = read(&CA.replace("CERTIFICATE", label));
        assert_eq!((roots.pems.len(), roots.left_out.as_slice()), (1, &[][..]), "{label}");
    }
    let text = format!("A company's\r\n{}", CA.replace('\n', "\r\n"));
    assert_eq!(read(&text).pems.len(), 1, "CRLF, and a remark before it");
}

/// The remarks as OpenSSL 3 writes them.
#[test]
fn a_trusted_certificate_vouches_for_what_its_remarks_say() {
    for (remarks, what) in [
        ("", "none"),
        ("300c300a06082b06010505070301", "trust serverAuth"),
        ("301130060604551d25000c07436f6d70616e79", "trust anything, and an alias"),
        ("30030c0178", "an alias alone"),
    ] {
        let roots = read(&trusted(&hex(remarks)));
        assert_eq!(roots.pems, read(CA).pems, "{what}: the same certificate without them");
        assert!(roots.left_out.is_empty(), "{what}");
    }
    for (remarks, what) in [
        ("300c300a06082b06010505070304", "trust emailProtection"),
        ("300ca00a06082b06010505070301", "reject serverAuth"),
        ("3008a0060604551d2500", "reject anything"),
    ] {
        let roots = read(&trusted(&hex(remarks)));
        assert!(roots.pems.is_empty(), "{what}");
        assert_eq!(
            roots.left_out,
            ["the certificate at line 1 is not trusted for servers by its own OpenSSL data"]
        );
    }
    for remarks in ["30", "30ff", "3005300a0608", "0c0178", "30850000000000", "3084ffffffff"] {
        assert!(read(&trusted(&hex(remarks))).pems.is_empty(), "{remarks}");
    }
}

#[test]
fn what_cannot_be_used_is_named_and_costs_no_other() {
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let garbled = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    let torn = "-----BEGIN CERTIFICATE-----\nMIIB\n";
    let roots = read(&format!("{key}{broken}{CA}{garbled}{torn}{CA}"));
    assert_eq!(roots.pems.len(), 1, "the same one twice is one");
    let lines = roots.left_out.iter().map(|why| why.split(' ').nth(4).expect("a line"));
    assert_eq!(lines.collect::<Vec<_>>(), ["4", "18", "21"], "{:?}", roots.left_out);
    for text in ["", "hello", "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "\0\u{fffd}"] {
        assert!(read(text).pems.is_empty(), "{text}");
    }
}

#[test]
fn a_file_that_must_be_there_is_an_error_and_another_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty.pem");
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(&empty, "nothing").expect("written");
    let of = |path: PathBuf, is_optional| {
        Roots::read(&[Bundle { path, named_by: "a setting".to_owned(), is_optional }])
    };
    assert!(matches!(of("/nonexistent.pem".into(), false), Err(RootsError::Unreadable { .. })));
    assert!(matches!(of(empty.clone(), false), Err(RootsError::NoCertificate { .. })));
    let left_out = of("/nonexistent.pem".into(), true).expect("reads").left_out;
    assert!(left_out[0].contains("/nonexistent.pem") && left_out[0].contains("a setting"), "{left_out:?}");
    assert_eq!(of(empty, true).expect("reads").left_out.len(), 1);
}
