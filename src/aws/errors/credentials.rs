//! Causes of missing credentials, in our own words. The SDK's texts quote files, profiles, commands and their output.

use std::error::Error;

use aws_config::meta::ProviderChainError;
use aws_credential_types::provider::error::CredentialsError;

use crate::error_causes::{chain, of_the_system};
use crate::error_code::{AwsCode, ErrorCode};

/// Fixed parts of the SDK's texts, and their meaning. The text around them can name people.
const PROBLEMS: [(&str, &str); 22] = [
    (
        "was not defined",
        "the profile that AWS_PROFILE names, or a profile that it refers to, is not in the configuration files",
    ),
    ("the SSO token has expired", "the SSO session has expired; run `aws sso login`"),
    ("cached SSO token", "there is no SSO session, or it has expired; run `aws sso login`"),
    ("could not decode output as UTF-8", "what credential_process printed is not text"),
    ("could not parse response", "what credential_process printed is not the JSON that it must print"),
    ("from external process", "credential_process could not be started; check its path"),
    ("infinite loop", "the profile's source_profile leads back to the profile itself"),
    ("missing credential source", "the profile has a role_arn without source_profile or credential_source"),
    ("invalid credential source", "the profile's credential_source is not valid"),
    ("that provider is not supported", "the profile's credential_source is none that is supported"),
    (
        "`credentials-process` feature",
        "the profile has a credential_process, which the function does not run",
    ),
    ("cargo feature(s) enabled: sso", "the profile uses SSO, which the function does not"),
    (
        "`credentials-login` feature",
        "the profile has a login_session, which is not supported; use SSO, or a credential_process",
    ),
    ("invalid SSO config", "the profile's SSO settings are not complete"),
    ("sso-session named", "the profile's sso_session has no section in the configuration file"),
    ("invalid profile", "the configuration file cannot be read as one"),
    (
        "invalid relative URI for ECS provider",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not the path of a URL, which begins with a slash",
    ),
    (
        "invalid full URI for ECS provider",
        "the host in AWS_CONTAINER_CREDENTIALS_FULL_URI is not allowed, or was not found; use https, or this machine or \
         the metadata service of a container",
    ),
    (
        "auth token could not be used",
        "the token in AWS_CONTAINER_AUTHORIZATION_TOKEN, or in the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names, has a \
         character that a header cannot have, such as a line break at its end",
    ),
    ("token file", "the file with the web identity token cannot be read"),
    (INSTANCE_ROLE, "the role of the instance does not trust EC2"),
    ("IMDS", "EC2's instance metadata did not give any"),
];

/// Part of the SDK's text about an instance whose role provides no credentials.
const INSTANCE_ROLE: &str = "trust relationship with EC2";

/// The configured providers of credentials, by kind: names of profiles can be those of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Provider {
    /// The kinds.
    pub kinds: String,
    /// `true` if any is configured; otherwise the SDK tries them all, and the metadata of the EC2 instance that this may be.
    pub is_configured: bool,
}

/// Cause of calls that could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there are no credentials to ask AWS with: {problem}; tried: {provider}")]
pub struct CredentialsFailure {
    /// [`ErrorCode::NoCredentials`], [`ErrorCode::CredentialsFailed`] or [`ErrorCode::CredentialsTimedOut`].
    pub code: ErrorCode,
    problem: String,
    /// The providers that were tried, by kind: names of profiles can be those of people.
    provider: String,
}

impl CredentialsFailure {
    /// Returns the cause if `provider` did not answer within `seconds`.
    pub(crate) fn timed_out(seconds: u64, provider: Provider) -> CredentialsFailure {
        let problem = format!("none came in {seconds} seconds; what gives them may be waiting for something");
        CredentialsFailure { code: ErrorCode::CredentialsTimedOut, problem, provider: provider.kinds }
    }

    /// Returns the cause if a request cannot carry the credentials provided.
    pub(crate) fn unusable(provider: Provider) -> CredentialsFailure {
        let problem = "those that are set have a character that a request cannot bear, such as a line break";
        CredentialsFailure {
            code: ErrorCode::CredentialsFailed,
            problem: problem.to_owned(),
            provider: provider.kinds,
        }
    }

    /// Returns the cause if nothing is configured that could provide any.
    pub(crate) fn none(provider: Provider) -> CredentialsFailure {
        let problem = "none is configured; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a \
                       role is attached";
        CredentialsFailure {
            code: ErrorCode::NoCredentials,
            problem: problem.to_owned(),
            provider: provider.kinds,
        }
    }

    /// Returns the meaning of the SDK's error about credentials from `provider`.
    pub(crate) fn read(error: &CredentialsError, provider: Provider) -> CredentialsFailure {
        if let Some(failure) = CredentialsFailure::within(error) {
            return failure;
        }
        let of_instance = chain(error).any(|cause| cause.to_string().contains(INSTANCE_ROLE));
        if !provider.is_configured && !of_instance {
            return CredentialsFailure::none(provider);
        }
        if let CredentialsError::CredentialsNotLoaded(_) = error {
            let problem = problem_of_profile(error);
            let none = CredentialsFailure::none(provider);
            return CredentialsFailure { problem: problem.unwrap_or_else(|| none.problem.clone()), ..none };
        }
        let problem = problem(error).unwrap_or_else(|| "what gives them failed".to_owned());
        CredentialsFailure { code: ErrorCode::CredentialsFailed, problem, provider: provider.kinds }
    }

    /// Returns the first failure of credentials among an error's causes.
    pub(crate) fn within(error: &(dyn Error + 'static)) -> Option<CredentialsFailure> {
        chain(error).find_map(|cause| cause.downcast_ref::<CredentialsFailure>().cloned())
    }
}

/// Returns the problem with the profile if the SDK went on to try other providers.
fn problem_of_profile(error: &CredentialsError) -> Option<String> {
    let tried = chain(error).find_map(|cause| cause.downcast_ref::<ProviderChainError<CredentialsError>>());
    let Some(tried) = tried else { return problem_within(error) };
    let profile = tried.attempts().iter().find(|attempt| attempt.name() == "Profile")?;
    problem_within(profile.error())
}

/// Returns the problem that a provider's error reports; `None` if it is not a known one.
fn problem(error: &CredentialsError) -> Option<String> {
    problem_within(error)
        .or_else(|| {
            let code = chain(error).find_map(|cause| AwsCode::named_in(&cause.to_string()))?;
            let advice = if code.is_denial() {
                "check that the role exists, and that it trusts who asks for it"
            } else {
                code.advice().unwrap_or_default()
            };
            Some(format!("AWS answered {}: {advice}", code.as_str()))
        })
        .or_else(|| of_the_system(error))
}

fn problem_within(error: &CredentialsError) -> Option<String> {
    let exit = chain(error).find_map(|cause| exit_of_process(&cause.to_string()));
    let says = |part: &str| chain(error).any(|cause| cause.to_string().contains(part));
    exit.or_else(|| PROBLEMS.iter().find(|(part, _)| says(part)).map(|&(_, words)| words.to_owned()))
}

/// Describes the exit of a `credential_process`, without its output.
fn exit_of_process(text: &str) -> Option<String> {
    let (_, status) = text.split_once("external process exited with code ")?;
    let number = |rest: &str| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).take(3).collect();
        (!digits.is_empty()).then_some(digits)
    };
    let ended = match (status.strip_prefix("exit status: "), status.strip_prefix("signal: ")) {
        (Some(rest), _) => number(rest).map(|number| format!("ended with exit status {number}")),
        (_, Some(rest)) => number(rest).map(|number| format!("was ended by signal {number}")),
        _ => None,
    };
    Some(format!("credential_process {}; run it by hand", ended.as_deref().unwrap_or("failed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(is_configured: bool) -> Provider {
        Provider { kinds: "profile".to_owned(), is_configured }
    }

    fn read(error: CredentialsError) -> (ErrorCode, String) {
        let failure = CredentialsFailure::read(&error, profile(true));
        let text = failure.to_string();
        assert!(!text.to_lowercase().contains("maria"), "{text}");
        assert!(text.ends_with("; tried: profile"), "{text}");
        (failure.code, text)
    }

    #[test]
    fn each_cause_has_its_words_and_no_name() {
        let provider = |said: String| CredentialsError::provider_error(said);
        for (said, expected) in [
            (
                "Error retrieving credentials: external process exited with code exit status: 3. Stderr: no maria",
                "credential_process ended with exit status 3",
            ),
            (
                "Error retrieving credentials: external process exited with code signal: 9 (SIGKILL). Stderr: maria",
                "credential_process was ended by signal 9",
            ),
            (
                "Error retrieving credentials from external process, could not parse response: maria",
                "not the JSON that it must print",
            ),
            ("Error retrieving credentials from external process: /home/maria/bin", "could not be started"),
            ("the SSO token has expired and cannot be refreshed", "run `aws sso login`"),
            ("failed to read `/home/maria/.aws/sso/cache/x.json` cached SSO token", "run `aws sso login`"),
            (
                "unhandled error (AccessDenied): User: maria may not",
                "AWS answered AccessDenied: check that the role exists",
            ),
            (
                "Error { code: \"InvalidClientTokenId\", message: \"maria\" }",
                "AWS answered InvalidClientTokenId",
            ),
            (
                "invalid full URI for ECS provider (URI did not refer to an allowed IP address): http://maria/",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is not allowed",
            ),
            (
                "invalid relative URI for ECS provider (invalid format): maria",
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not",
            ),
            (
                "the auth token could not be used as an HTTP header value. maria",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names",
            ),
            ("maria", "what gives them failed"),
        ] {
            let (code, text) = read(provider(said.to_owned()));
            assert_eq!(code, ErrorCode::CredentialsFailed, "{said}");
            assert!(text.contains(expected), "{said}: {text}");
        }
        let (code, text) = read(CredentialsError::not_loaded("profile `maria` was not defined: x"));
        assert!(code == ErrorCode::NoCredentials, "{text}");
        let (code, text) = read(CredentialsError::not_loaded_no_source());
        assert!(code == ErrorCode::NoCredentials && text.contains("AWS_PROFILE"), "{text}");
        let (code, text) =
            read(CredentialsError::invalid_configuration("profile formed an infinite loop: maria"));
        assert!(code == ErrorCode::CredentialsFailed && text.contains("source_profile"), "{text}");
    }

    #[test]
    fn a_failure_is_found_in_what_wraps_it() {
        let failure = CredentialsFailure::timed_out(20, profile(true));
        let error = CredentialsError::provider_error(failure.clone());
        assert_eq!(CredentialsFailure::read(&error, profile(false)), failure);
        assert_eq!(failure.code, ErrorCode::CredentialsTimedOut);
    }

    #[test]
    fn where_nothing_is_configured_there_are_none() {
        for (said, code) in [
            ("failed to load IMDS session token", "NoCredentials"),
            (
                "Incorrect IMDS/IAM configuration: [x] maria. Hint: Does this role have a trust relationship with EC2?",
                "CredentialsFailed",
            ),
        ] {
            let failure =
                CredentialsFailure::read(&CredentialsError::provider_error(said.to_owned()), profile(false));
            assert_eq!(failure.code.as_str(), code, "{said}");
        }
    }
}
