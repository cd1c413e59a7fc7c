//! Whether a capture could work, found out without writing evidence.

use serde::Serialize;

use crate::capture::Tools;
use crate::causes;
use crate::layout::Key;
use crate::snapshot::check_temporary_space;
use crate::store::{Object, Protection};
use crate::target::Target;

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: an API's action, or what is done with the lake.
    pub action: &'static str,
    /// On what: an endpoint's ARN or the lake.
    pub resource: String,
    /// Whether it may be done.
    pub ok: bool,
    /// Why not, and what to do; none when it may.
    pub problem: Option<String>,
}

/// Tries a dry run on every target, then whether there is temporary space for the `at_a_time` of them, and whether the lake can
/// be looked at and written.
pub async fn preflight(tools: &Tools, targets: &[Target], at_a_time: usize, lake: String) -> Vec<Check> {
    let mut checks = Vec::new();
    for target in targets {
        let problem = tools.source.dry_run(target).await.err().map(|error| error.to_string());
        checks.push(check("ec2:DescribeClientVpnConnections", target.arn(), problem));
    }
    let space = check_temporary_space(at_a_time).err().map(|error| causes::in_words(&error));
    checks.push(check("write temporary files", std::env::temp_dir().display().to_string(), space));
    let listed = tools.store.contains(Key::Preflight).await;
    checks.push(check("look for an object", lake.clone(), listed.err().map(|error| error.to_string())));
    // Whether the object was there already does not matter: a refusal because of that comes after the permission.
    let object = Object::from_bytes(b"client-vpn-audit preflight: no evidence\n", "text/plain");
    let put = tools.store.put_if_absent(Key::Preflight, object).await;
    checks.push(check("put an object", lake.clone(), put.err().map(|error| error.to_string())));
    checks.extend(protections(tools, lake).await);
    checks
}

/// Whether the bucket's policy protects the evidence; nothing to check where the lake is a directory.
async fn protections(tools: &Tools, lake: String) -> Vec<Check> {
    let missing = match tools.store.missing_protections().await {
        Ok(None) => return Vec::new(),
        Ok(Some(missing)) => missing,
        Err(error) => return vec![check("read the bucket's policy", lake, Some(error.to_string()))],
    };
    let advice = "the bucket's policy does not; docs/deploy.md has the statement to add";
    let check_of = |protection: Protection| {
        let problem = missing.contains(&protection).then(|| advice.to_owned());
        check(protection.in_words(), lake.clone(), problem)
    };
    Protection::ALL.map(check_of).to_vec()
}

fn check(action: &'static str, resource: String, problem: Option<String>) -> Check {
    Check { action, resource, ok: problem.is_none(), problem }
}
