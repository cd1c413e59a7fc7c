//! Providers of credentials, by kind and in the order in which the SDK tries them. Names of profiles and paths are not included:
//! they can be those of people.

use aws_config::profile::{self, ProfileSet};
use aws_types::os_shim_internal::{Env, Fs};

use crate::aws::errors::Provider;

/// Longest chain of profiles that refer to each other.
const MAX_DEPTH: usize = 8;

/// Returns the kinds that are configured, or all that are tried if none is.
pub(super) async fn configured() -> Provider {
    let (fs, env) = (Fs::real(), Env::real());
    let profiles = profile::load(&fs, &env, &Default::default(), None).await;
    kinds(|name| env.get(name).ok().filter(|value| !value.is_empty()), profiles.ok().as_ref())
}

fn kinds(variable: impl Fn(&str) -> Option<String>, profiles: Option<&ProfileSet>) -> Provider {
    let provider = |kinds, is_configured| Provider { kinds, is_configured };
    let is_set = |name| variable(name).is_some();
    let mut kinds = Vec::new();
    if is_set("AWS_ACCESS_KEY_ID") {
        // The SDK then tries nothing else.
        return provider("environment variables".to_owned(), true);
    }
    let profile = profiles.and_then(|profiles| kind_of_profile(profiles, profiles.selected_profile()));
    match profile {
        Some(kind) => kinds.push(format!("{kind} of the profile")),
        None if is_set("AWS_PROFILE") => kinds.push("profile without credentials".to_owned()),
        None => {}
    }
    if is_set("AWS_WEB_IDENTITY_TOKEN_FILE") {
        kinds.push("web identity token".to_owned());
    }
    if is_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || is_set("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        kinds.push("container credentials (ECS, EKS)".to_owned());
    }
    if kinds.is_empty() {
        let disabled =
            variable("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let metadata = if disabled { "EC2 instance metadata (disabled)" } else { "EC2 instance metadata" };
        let all = "environment variables, profile, web identity token, container credentials";
        return provider(format!("{all}, {metadata}"), false);
    }
    provider(kinds.join(", "), true)
}

/// Returns the kind of a profile, from the role at the end of the chain to the credentials at its start; `None` if it has none.
fn kind_of_profile(profiles: &ProfileSet, name: &str) -> Option<String> {
    let mut name = name.to_owned();
    let mut roles = String::new();
    for _ in 0..MAX_DEPTH {
        let profile = profiles.get_profile(&name)?;
        let has = |key: &str| profile.get(key).is_some();
        let source = profile.get("source_profile").filter(|source| *source != name);
        if has("role_arn")
            && let Some(source) = source
        {
            "role with ".clone_into(&mut roles);
            name = source.to_owned();
            continue;
        }
        let base = if has("web_identity_token_file") {
            "web identity token"
        } else if has("role_arn") && has("credential_source") {
            "role with a credential source"
        } else if has("role_arn") && has("aws_access_key_id") {
            "role with access key"
        } else if has("sso_session") || has("sso_account_id") || has("sso_start_url") {
            "SSO"
        } else if has("aws_access_key_id") {
            "access key"
        } else if has("credential_process") {
            "credential_process"
        } else if has("login_session") {
            "login session"
        } else {
            return None;
        };
        return Some(format!("{roles}{base}"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn profiles(config: &'static str) -> ProfileSet {
        let (fs, env) =
            (Fs::from_slice(&[("config", config)]), Env::from_slice(&[("AWS_CONFIG_FILE", "config")]));
        profile::load(&fs, &env, &Default::default(), None).await.unwrap()
    }

    #[tokio::test]
    async fn each_kind_is_named_without_the_name_of_the_profile() {
        for (config, expected) in [
            ("[default]\ncredential_process = /home/maria/x\n", "credential_process of the profile"),
            ("[default]\nsso_session = maria\n", "SSO of the profile"),
            ("[default]\naws_access_key_id = x\naws_secret_access_key = y\n", "access key of the profile"),
            (
                "[default]\nrole_arn = arn\nsource_profile = maria\n[profile maria]\ncredential_process = x\n",
                "role with credential_process of the profile",
            ),
            (
                "[default]\nrole_arn = arn\ncredential_source = Environment\n",
                "role with a credential source of the profile",
            ),
            ("[default]\nregion = eu-central-1\n", ""),
            ("[default]\nrole_arn = arn\nsource_profile = missing\n", ""),
        ] {
            let found = kinds(|_| None, Some(&profiles(config).await)).kinds;
            match expected {
                "" => assert!(found.starts_with("environment variables, profile, "), "{config}: {found}"),
                expected => assert_eq!(found, expected, "{config}"),
            }
        }
    }

    #[test]
    fn the_environment_comes_first() {
        let set = |names: &'static [&'static str]| {
            move |name: &str| names.contains(&name).then(|| "true".to_owned())
        };
        let kinds = |names| kinds(set(names), None).kinds;
        assert_eq!(kinds(&["AWS_ACCESS_KEY_ID", "AWS_PROFILE"]), "environment variables");
        assert_eq!(kinds(&["AWS_PROFILE"]), "profile without credentials");
        assert_eq!(kinds(&["AWS_WEB_IDENTITY_TOKEN_FILE"]), "web identity token");
        assert_eq!(kinds(&["AWS_CONTAINER_CREDENTIALS_FULL_URI"]), "container credentials (ECS, EKS)");
        let none = "environment variables, profile, web identity token, container credentials, EC2 instance metadata";
        assert_eq!(kinds(&[]), none);
        assert_eq!(kinds(&["AWS_EC2_METADATA_DISABLED"]), format!("{none} (disabled)"));
    }
}
