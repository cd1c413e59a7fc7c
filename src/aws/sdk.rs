//! The settings of AWS's SDK, loaded once for both front ends. A value that the SDK would panic at, or log and ignore, is
//! reported by the name of its variable.

mod panic_safe_provider;
mod variables;

use std::any::Any;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use aws_config::profile::Profile;
use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};

use crate::aws::https;
use crate::bounded_file::{self, ReadError};
use crate::error_causes;
use crate::invalid_input::{InvalidInput, InvalidInputs};
use panic_safe_provider::PanicSafeProvider;
pub(crate) use variables::is_key;
use variables::{Checked, is_region, is_true};

/// Attempts at a call, except those of EC2, which are a setting.
const MAX_ATTEMPTS: u32 = 3;

/// Files that the SDK reads to their end, each with its path below the home directory if it has one.
const FILES: [(&str, Option<&str>); 4] = [
    ("AWS_CONFIG_FILE", Some(".aws/config")),
    ("AWS_SHARED_CREDENTIALS_FILE", Some(".aws/credentials")),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", None),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", None),
];

/// Largest file that the SDK may read, in bytes: enough for ten thousand profiles.
const LARGEST_FILE: u64 = 4 << 20;

/// Loads the SDK's settings from the environment and the profile's files. `variables` is the environment, and `region` replaces
/// the environment's.
///
/// # Errors
/// Returns every value that is not allowed, by the name of its variable. A panic of the SDK counts as one.
pub async fn load(
    region: Option<String>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<SdkConfig, InvalidInputs> {
    let variables: BTreeMap<String, String> = variables.into_iter().collect();
    check(region.as_deref(), &variables).await?;
    // Given a retry configuration, the SDK reads none. An invalid one would make it panic.
    let mut loader = aws_config::from_env()
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
        .http_client(https::client());
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    // A task of its own keeps a panic from ending the process.
    let sdk = tokio::spawn(loader.load()).await.map_err(|error| panicked(error.try_into_panic().ok()))?;
    check_loaded(&sdk, &variables)?;
    let credentials = sdk.credentials_provider().map(PanicSafeProvider::of);
    let mut builder = sdk.into_builder();
    builder.set_credentials_provider(credentials);
    Ok(builder.build())
}

/// Checks the settings as far as possible without loading anything: `variables`, of which those of the Region do not count if
/// there is a `region`, and the profile's files.
///
/// # Errors
/// Returns every value that is not allowed, by the name of its variable.
pub async fn check(region: Option<&str>, variables: &BTreeMap<String, String>) -> Result<(), InvalidInputs> {
    let mut faults = Checked { variables, has_region: region.is_some() }.faults();
    if let Some(region) = region {
        faults.keep(variables::check("AWS_REGION", region));
    }
    faults.extend(files(variables).await.err().unwrap_or_default());
    faults.or(())
}

/// Checks the profile's files by reading them as the SDK does, which goes on without them if they are invalid.
async fn files(variables: &BTreeMap<String, String>) -> Result<(), InvalidInputs> {
    unreadable_files(variables).or(())?;
    let mut faults = InvalidInputs::default();
    // The SDK's default locations.
    let load = async {
        aws_config::profile::load(&Default::default(), &Default::default(), &Default::default(), None).await
    };
    let profiles = match tokio::spawn(load).await.map_err(|error| panicked(error.try_into_panic().ok()))? {
        Ok(profiles) => profiles,
        Err(error) => {
            let error = error_causes::in_words(&error);
            let allowed =
                "files of profiles as the AWS CLI reads them; AWS_SHARED_CREDENTIALS_FILE is the other one";
            faults.push(InvalidInput::of_shape(
                "AWS_CONFIG_FILE",
                "a file that cannot be parsed",
                &error,
                allowed,
            ));
            return Err(faults);
        }
    };
    let named = variables.get("AWS_PROFILE").filter(|name| !name.is_empty());
    match profiles.get_profile(profiles.selected_profile()) {
        Some(profile) => faults.extend(profile_faults(profile)),
        None => {
            if let Some(name) = named.filter(|name| *name != "default") {
                let allowed = "a profile of ~/.aws/config, ~/.aws/credentials, or the files that AWS_CONFIG_FILE and \
                               AWS_SHARED_CREDENTIALS_FILE name; this one is in none of them";
                faults.push(InvalidInput::new("AWS_PROFILE", name, allowed));
            }
        }
    }
    faults.or(())
}

/// Checks that the files of [`FILES`] can be read to their end, or do not exist.
fn unreadable_files(variables: &BTreeMap<String, String>) -> InvalidInputs {
    let mut faults = InvalidInputs::default();
    let home = variables.get("HOME").map(Path::new);
    for (name, in_home) in FILES {
        let named = variables.get(name).filter(|path| !path.is_empty()).map(|path| {
            // As the SDK does.
            match (path.strip_prefix("~/"), home) {
                (Some(rest), Some(home)) => home.join(rest),
                _ => PathBuf::from(path),
            }
        });
        // The SDK goes on without a profile's file that is not configured, or a token that may never be requested.
        let must_be_readable = named.is_some() && in_home.is_some();
        if let Some(path) = named.or_else(|| Some(home?.join(in_home?)))
            && let Some(problem) = problem_of_file(&path)
            && (must_be_readable || !matches!(problem, ReadError::Io(_)))
        {
            faults.push(unreadable(name, &path, &problem));
        }
    }
    faults
}

/// Returns the error of reading a file to its end as text; `None` if it can be read, or does not exist.
fn problem_of_file(path: &Path) -> Option<ReadError> {
    // The usual way to have no such file. It ends at once.
    if path == Path::new("/dev/null") {
        return None;
    }
    match bounded_file::read(path, LARGEST_FILE) {
        Err(ReadError::Io(error)) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => Some(error),
        Ok(bytes) => String::from_utf8(bytes).is_err().then_some(ReadError::NotText),
    }
}

fn unreadable(name: &str, path: &Path, problem: &ReadError) -> InvalidInput {
    let allowed = format!("a file of text that can be read; reading this one: {problem}");
    InvalidInput::new(name, &path.to_string_lossy(), allowed)
}

/// Checks the profile's settings that take the place of variables.
fn profile_faults(profile: &Profile) -> InvalidInputs {
    let mut faults = InvalidInputs::default();
    for (variable, key) in [
        ("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"),
        ("AWS_ENDPOINT_URL", "endpoint_url"),
    ] {
        if let Some(value) = profile.get(key)
            && let Err(mut fault) = variables::check(variable, value)
        {
            fault.name = format!("{key} in the profile");
            faults.push(fault);
        }
    }
    let token = profile.get("web_identity_token_file").map(Path::new);
    if let Some(path) = token
        && let Some(problem) = problem_of_file(path).filter(|problem| !matches!(problem, ReadError::Io(_)))
    {
        faults.push(unreadable("web_identity_token_file in the profile", path, &problem));
    }
    faults
}

/// Checks the values that the SDK loaded, from any source.
fn check_loaded(sdk: &SdkConfig, variables: &BTreeMap<String, String>) -> Result<(), InvalidInputs> {
    let mut faults = InvalidInputs::default();
    if let Some(region) = sdk.region().map(AsRef::as_ref)
        && !region.is_empty()
        && !is_region(region)
    {
        faults.push(InvalidInput::new("AWS_REGION", region, "a Region such as eu-central-1"));
    }
    let ignored = variables.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| is_true(value));
    let own = variables.keys().find(|name| variables::is_endpoint_url(name)).filter(|_| !ignored);
    let own = own.map(String::as_str).or(sdk.endpoint_url().map(|_| "AWS_ENDPOINT_URL"));
    for (name, is_set) in [
        ("AWS_USE_FIPS_ENDPOINT", sdk.use_fips() == Some(true)),
        ("AWS_USE_DUALSTACK_ENDPOINT", sdk.use_dual_stack() == Some(true)),
    ] {
        if let Some(own) = own.filter(|_| is_set) {
            let allowed =
                format!("is true, and an endpoint is set too, which the SDK refuses; unset it or {own}");
            faults.push(InvalidInput::without_value(name, allowed));
        }
    }
    faults.or(())
}

/// Converts a panic to a fault. Its text may quote a value.
fn panicked(panic: Option<Box<dyn Any + Send>>) -> InvalidInputs {
    let text = panic.as_deref().and_then(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or(panic.downcast_ref::<&str>().copied())
    });
    let allowed = "variables AWS_… and a profile that the SDK can load; it panicked at them";
    InvalidInput::of_shape("AWS_…", "a value of the SDK's own", text.unwrap_or_default(), allowed).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_end_is_a_fault_by_the_name_of_its_variable() {
        let folder = tempfile::TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let pipe = at("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
            .unwrap();
        std::fs::write(at("large"), vec![b'#'; 1 + usize::try_from(LARGEST_FILE).unwrap()]).unwrap();
        std::fs::write(at("latin-1"), b"[profile m\xfcller]").unwrap();
        std::fs::write(at("text"), "[default]").unwrap();
        for (name, _) in FILES {
            for (path, problem) in [
                ("/dev/zero", Some("it is no regular file")),
                (&pipe, Some("it is no regular file")),
                (&at(""), Some("it is no regular file")),
                (&at("large"), Some("LimitExceeded: it has more than 4194304 bytes")),
                (&at("latin-1"), Some("it is not UTF-8")),
                (&at("text"), None),
                ("/dev/null", None),
                (&at("none"), None),
            ] {
                let faults = unreadable_files(&[(name.to_owned(), (*path).to_owned())].into()).to_string();
                assert_eq!(faults.starts_with(name), problem.is_some(), "{name}={path}: {faults}");
                assert!(faults.contains(problem.unwrap_or_default()), "{name}={path}: {faults}");
            }
        }
        // A folder in the way is a fault only of a file that must exist.
        let in_a_file = at("text/config");
        for (name, in_home) in FILES {
            let faults = unreadable_files(&[(name.to_owned(), in_a_file.clone())].into()).to_string();
            assert_eq!(faults.starts_with(name), in_home.is_some(), "{name}: {faults}");
        }
        // The SDK's default locations.
        let home = [("HOME".to_owned(), at(""))].into();
        std::fs::create_dir(at(".aws")).unwrap();
        std::fs::rename(&pipe, at(".aws/credentials")).unwrap();
        let faults = unreadable_files(&home).to_string();
        assert!(faults.starts_with("AWS_SHARED_CREDENTIALS_FILE: "), "{faults}");
        let named =
            [("HOME".to_owned(), at("")), ("AWS_SHARED_CREDENTIALS_FILE".to_owned(), "~/text".to_owned())];
        assert_eq!(unreadable_files(&named.into()).to_string(), "");
    }

    #[test]
    fn a_panic_is_a_fault_whose_text_is_for_the_command_line() {
        for panic in [Box::new("maria".to_owned()) as Box<dyn Any + Send>, Box::new("maria")] {
            let faults = panicked(Some(panic));
            assert!(!faults.to_string().contains("maria"), "{faults}");
            assert!(faults.quoting_values().to_string().starts_with("AWS_…: found `maria`, allowed: "));
        }
        assert!(panicked(None).to_string().starts_with("AWS_…: found a value"));
    }
}
