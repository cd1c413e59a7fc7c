//! The SDK's variables whose values this program depends on, each with its allowed values.

use std::collections::BTreeMap;
use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::aws::https::PROXY_VARIABLES;
use crate::bounded_file;
use crate::invalid_input::{InvalidInput, InvalidInputs};

/// Services that are called, as their variables name them: ours, and those that the SDK's providers of credentials call.
const SERVICES: [&str; 7] = ["CLOUDWATCH_LOGS", "EC2", "KMS", "S3", "SSO", "SSO_OIDC", "STS"];

const BOOLEANS: [&str; 3] =
    ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT"];

const CHECKSUMS: [&str; 2] = ["AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION"];

/// Variables that the SDK copies unchanged into a header of each request.
const USER_AGENT: [&str; 2] = ["AWS_EXECUTION_ENV", "AWS_SDK_UA_APP_ID"];

/// Largest file of certificates, in bytes: a hundred times those of all public authorities.
const LARGEST_CERTIFICATES: u64 = 16 << 20;

const RELATIVE_URI: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";

const FULL_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

const CONTAINER_TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";

const SECRETS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// The environment, to be checked.
pub(super) struct Checked<'a> {
    pub variables: &'a BTreeMap<String, String>,
    /// `true` if a flag names the Region; the variables then do not count.
    pub has_region: bool,
}

impl Checked<'_> {
    /// Returns every value that is not allowed.
    pub(super) fn faults(&self) -> InvalidInputs {
        let mut faults = InvalidInputs::default();
        let ignores_urls =
            self.variables.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| is_true(value));
        let has_region = self.has_region || self.variables.contains_key("AWS_REGION");
        let is_set = |name: &str| self.variables.contains_key(name);
        let has_value = |name: &str| self.variables.get(name).is_some_and(|value| !value.trim().is_empty());
        // The SDK asks a container's service for credentials after these.
        let asks_container = !has_value("AWS_ACCESS_KEY_ID") && !has_value("AWS_PROFILE");
        for (name, value) in self.variables {
            let counts = match name.as_str() {
                "AWS_REGION" => !self.has_region,
                "AWS_DEFAULT_REGION" => !has_region,
                "SSL_CERT_DIR" => !self.variables.contains_key("SSL_CERT_FILE"),
                name if is_endpoint_url(name) => !ignores_urls,
                RELATIVE_URI => asks_container,
                FULL_URI => asks_container && !is_set(RELATIVE_URI),
                CONTAINER_TOKEN => {
                    let asks = asks_container && (is_set(RELATIVE_URI) || is_set(FULL_URI));
                    asks && !is_set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
                }
                _ => true,
            };
            if counts {
                faults.keep(check(name, value));
            }
        }
        faults
    }
}

/// Checks one variable. An empty value counts as not set, unless the SDK uses it.
pub(super) fn check(name: &str, value: &str) -> Result<(), InvalidInput> {
    let refused_unless = |fits: bool, allowed: &str| {
        if fits { Ok(()) } else { Err(InvalidInput::new(name, value, allowed)) }
    };
    match name {
        // It may contain a password.
        name if is_endpoint_url(name) && value.contains('@') => {
            Err(InvalidInput::of_hidden(name, value, "a URL without a user name and a password"))
        }
        name if is_endpoint_url(name) => {
            refused_unless(is_url(value), "a URL such as https://ec2.eu-central-1.amazonaws.com")
        }
        "SSL_CERT_FILE" => {
            refused_unless(has_certificate(Path::new(value)), "a file with at least one certificate in PEM")
        }
        RELATIVE_URI => {
            let fits = value.starts_with('/') && value.bytes().all(|byte| byte.is_ascii_graphic());
            refused_unless(fits, "the path of a URL, which begins with a slash, such as /credentials")
        }
        // It may contain a password.
        FULL_URI if value.contains('@') => {
            Err(InvalidInput::of_hidden(name, value, "a URL without a user name and a password"))
        }
        FULL_URI => refused_unless(is_url(value), "a URL such as http://169.254.170.23/v1/credentials"),
        CONTAINER_TOKEN if !is_header(value) => {
            let allowed = "characters that a header can have, which are those of ASCII without line breaks";
            Err(InvalidInput::of_hidden(name, value, allowed))
        }
        _ if value.trim().is_empty() => Ok(()),
        name if SECRETS.contains(&name) && is_key(secret(name, value)) => Ok(()),
        name if SECRETS.contains(&name) => {
            let allowed = "visible characters of ASCII, without blanks and line breaks";
            Err(InvalidInput::of_hidden(name, value, allowed))
        }
        name if PROXY_VARIABLES.contains(&name) && !may_be_proxy(value) => {
            Err(InvalidInput::of_hidden(name, value, "the URL of an HTTP proxy, such as http://proxy:3128"))
        }
        name if USER_AGENT.contains(&name) => {
            let is_visible = value.bytes().all(|byte| byte.is_ascii_graphic());
            refused_unless(is_visible, "visible characters of ASCII, without blanks and line breaks")
        }
        "SSL_CERT_DIR" => {
            let fits = std::env::split_paths(value).any(|folder| has_certificates(&folder));
            refused_unless(fits, "folders, of which at least one has a file with a certificate in PEM")
        }
        "AWS_REGION" | "AWS_DEFAULT_REGION" => {
            refused_unless(is_region(value), "a Region such as eu-central-1")
        }
        name if BOOLEANS.contains(&name) => {
            refused_unless(is_true(value) || value.eq_ignore_ascii_case("false"), "true or false")
        }
        name if CHECKSUMS.contains(&name) => {
            let known = ["when_supported", "when_required"];
            let fits = known.iter().any(|known| value.eq_ignore_ascii_case(known));
            refused_unless(fits, "when_supported or when_required")
        }
        _ => Ok(()),
    }
}

/// Returns `false` if the SDK cannot use the value as a proxy: it would connect without one.
fn may_be_proxy(value: &str) -> bool {
    let scheme = value.split_once("://").map_or("http", |(scheme, _)| scheme).to_ascii_lowercase();
    matches!(scheme.as_str(), "http" | "https") && value.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns `true` for the variables that set an endpoint: for all services, or for one that is called.
pub(super) fn is_endpoint_url(name: &str) -> bool {
    name.strip_prefix("AWS_ENDPOINT_URL").is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('_').is_some_and(|service| SERVICES.contains(&service))
    })
}

/// Reads a boolean as the SDK does.
pub(super) fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

/// Checks that a text can be a part of a host's name, which the SDK builds from a Region. Stores other than AWS's have Regions of
/// other forms.
pub(super) fn is_region(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Returns the part of a secret that the SDK uses: it trims session tokens, and nothing else.
fn secret<'a>(name: &str, value: &'a str) -> &'a str {
    if name == "AWS_SESSION_TOKEN" { value.trim() } else { value }
}

/// Checks that a text can be the value of a header.
fn is_header(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\t' || byte == b' ' || byte.is_ascii_graphic())
}

/// Checks that a text is an absolute URL of HTTP with a host.
fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let Some((scheme, rest)) = scheme else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    matches!(scheme.as_str(), "http" | "https")
        && !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b))
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
        && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Looks for a certificate in the files of a folder, as the SDK does.
fn has_certificates(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| path.is_file() && has_certificate(&path))
}

fn has_certificate(path: &Path) -> bool {
    bounded_file::read(path, LARGEST_CERTIFICATES)
        .is_ok_and(|pem| CertificateDer::pem_slice_iter(&pem).any(|found| found.is_ok()))
}

/// Checks that a text can be a key, its secret or a session token: visible characters of ASCII.
pub(crate) fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(variables: &[(&str, &str)], has_region: bool) -> InvalidInputs {
        let variables = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Checked { variables: &variables, has_region }.faults()
    }

    #[test]
    fn a_password_in_a_url_is_quoted_nowhere() {
        for (name, value) in [
            ("AWS_ENDPOINT_URL_EC2", "http://maria:s3cr3t@host"),
            ("HTTPS_PROXY", "socks5://maria:s3cr3t@host"),
        ] {
            let found = faults(&[(name, value)], false).quoting_values().to_string();
            assert!(found.contains(name) && !found.contains("s3cr3t") && !found.contains("maria"), "{found}");
        }
    }

    #[test]
    fn a_value_that_the_sdk_would_panic_at_or_ignore_is_a_fault_by_its_name() {
        for (name, value, fits) in [
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", true),
            ("AWS_ACCESS_KEY_ID", "", true),
            ("AWS_ACCESS_KEY_ID", "AKID\nEXAMPLE", false),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE\n", false),
            ("AWS_ACCESS_KEY_ID", "AKID EXAMPLE", false),
            ("AWS_ACCESS_KEY_ID", "AKIDÉ", false),
            ("AWS_SECRET_ACCESS_KEY", "wJalr/+=", true),
            ("AWS_SECRET_ACCESS_KEY", "wJalr\r\n", false),
            ("AWS_SESSION_TOKEN", "token==\n", true),
            ("AWS_SESSION_TOKEN", "to\nken", false),
            ("AWS_REGION", "eu-central-1", true),
            ("AWS_REGION", "eu central 1", false),
            ("AWS_REGION", "eu-central-1\n", false),
            ("AWS_REGION", "evil.example/", false),
            ("AWS_DEFAULT_REGION", "-", false),
            ("AWS_USE_FIPS_ENDPOINT", "TRUE", true),
            ("AWS_USE_FIPS_ENDPOINT", "", true),
            ("AWS_USE_FIPS_ENDPOINT", "yes", false),
            ("AWS_USE_DUALSTACK_ENDPOINT", "1", false),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "on", false),
            ("AWS_REQUEST_CHECKSUM_CALCULATION", "WHEN_REQUIRED", true),
            ("AWS_REQUEST_CHECKSUM_CALCULATION", "when-required", false),
            ("AWS_RESPONSE_CHECKSUM_VALIDATION", "never", false),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000", true),
            ("AWS_ENDPOINT_URL", "HTTPS://[::1]:9000/path", true),
            ("AWS_ENDPOINT_URL", "http://[::1]", true),
            ("AWS_ENDPOINT_URL", "localhost:9000", false),
            ("AWS_ENDPOINT_URL", "//localhost", false),
            ("AWS_ENDPOINT_URL", "http://", false),
            ("AWS_ENDPOINT_URL", "", false),
            ("AWS_ENDPOINT_URL_EC2", "ftp://localhost", false),
            ("AWS_ENDPOINT_URL_S3", "http://local host", false),
            ("AWS_ENDPOINT_URL_KMS", "http://localhost:port", false),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "http://localhost:port", false),
            ("AWS_ENDPOINT_URL_STS", "http://localhost:99999", false),
            ("AWS_ENDPOINT_URL", "http://maria:secret@localhost:9000", false),
            ("HTTPS_PROXY", "http://maria:secret@proxy:3128", true),
            ("https_proxy", "proxy:3128", true),
            ("HTTPS_PROXY", "", true),
            ("HTTP_PROXY", "socks5://proxy:1080", false),
            ("ALL_PROXY", " http://proxy:3128", false),
            ("http_proxy", "http://pröxy:1", false),
            ("AWS_ENDPOINT_URL_DYNAMODB", "localhost:9000", true),
            ("SSL_CERT_FILE", "/no/such/file", false),
            ("SSL_CERT_FILE", "/dev/null", false),
            ("SSL_CERT_FILE", "/dev/zero", false),
            ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023", true),
            ("AWS_EXECUTION_ENV", "", true),
            ("AWS_EXECUTION_ENV", "a\nb", false),
            ("AWS_EXECUTION_ENV", "é", false),
            ("AWS_SDK_UA_APP_ID", "audit", true),
            ("AWS_SDK_UA_APP_ID", "a\r\nb", false),
            ("SSL_CERT_DIR", "/no/such/folder", false),
            ("SSL_CERT_DIR", "/dev:/no/such/folder", false),
            ("SSL_CERT_DIR", "", true),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/a?b=c", true),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "no slash", false),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "host", false),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "", false),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/a b", false),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/a\n", false),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "http://host/", false),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/x", true),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://[fd00:ec2::23]/v1/credentials", true),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "garbage", false),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "", false),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/credentials", false),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://maria:hush@host/", false),
            ("AWS_RETRY_MODE", "legacy", true),
            ("AWS_MAX_ATTEMPTS", "0", true),
            ("AWS_DEFAULTS_MODE", "odd", true),
        ] {
            let found = faults(&[(name, value)], false).to_string();
            assert_eq!(found.is_empty(), fits, "{name}={value:?}: {found}");
            assert!(fits || found.starts_with(&format!("{name}: found a text of ")), "{found}");
        }
    }

    #[test]
    fn certificates_may_lie_in_a_file_or_in_a_folder() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").unwrap();
        let (file, folder) = (file.to_str().unwrap(), folder.path().to_str().unwrap());
        let folders = format!("/no/such/folder:{folder}");
        for variables in [
            &[("SSL_CERT_FILE", file)][..],
            &[("SSL_CERT_DIR", folder)],
            &[("SSL_CERT_DIR", &folders)],
            &[("SSL_CERT_FILE", file), ("SSL_CERT_DIR", "/no/such/folder")],
        ] {
            assert_eq!(faults(variables, false).to_string(), "", "{variables:?}");
        }
    }

    #[test]
    fn no_key_is_quoted_even_on_the_command_line() {
        for name in SECRETS {
            let text = faults(&[(name, "hush hush")], false).quoting_values().to_string();
            assert!(text.starts_with(name) && !text.contains("hush"), "{text}");
        }
    }

    #[test]
    fn a_token_of_a_container_that_no_header_can_have_is_a_fault_and_not_quoted() {
        for (token, fits) in [
            ("Bearer abc", true),
            ("a\tb", true),
            ("", true),
            ("hu\nsh", false),
            ("hush\r\n", false),
            ("hushÉ", false),
        ] {
            for uri in [(RELATIVE_URI, "/x"), (FULL_URI, "https://host/")] {
                let found = faults(&[("AWS_ACCESS_KEY_ID", ""), uri, (CONTAINER_TOKEN, token)], false);
                let text = found.quoting_values().to_string();
                assert_eq!(text.is_empty(), fits, "{token:?}: {text}");
                assert!(fits || text.starts_with(&format!("{CONTAINER_TOKEN}: ")), "{text}");
                assert!(!text.contains("hu"), "{text}");
            }
        }
    }

    #[test]
    fn what_another_variable_or_a_flag_replaces_does_not_count() {
        for (variables, has_region) in [
            (&[("AWS_REGION", "eu-central-1"), ("AWS_DEFAULT_REGION", "x y")][..], false),
            (&[("AWS_REGION", "x y"), ("AWS_DEFAULT_REGION", "x y")], true),
            (&[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"), ("AWS_ENDPOINT_URL", "localhost")], false),
            (&[(RELATIVE_URI, "/x"), (FULL_URI, "garbage")], false),
            (&[("AWS_ACCESS_KEY_ID", "AKIA"), (FULL_URI, "garbage"), (CONTAINER_TOKEN, "a\nb")], false),
            (&[("AWS_PROFILE", "audit"), (RELATIVE_URI, "garbage")], false),
            (&[(CONTAINER_TOKEN, "a\nb")], false),
            (
                &[
                    (RELATIVE_URI, "/x"),
                    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/dev/null"),
                    (CONTAINER_TOKEN, "a\nb"),
                ],
                false,
            ),
        ] {
            assert_eq!(faults(variables, has_region).to_string(), "", "{variables:?}");
        }
    }

    #[test]
    fn a_key_has_visible_characters_of_ascii() {
        for (text, expected) in [
            ("AKIA", true),
            ("se/cret+", true),
            ("to==ken", true),
            ("AKIA\n", false),
            ("AK IA", false),
            ("AKIÄ", false),
            ("", false),
            ("secret\r\n", false),
            ("to\u{b}ken", false),
        ] {
            assert_eq!(is_key(text), expected, "{text:?}");
        }
    }
}
