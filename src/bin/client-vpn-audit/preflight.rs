//! The text of a preflight: each check in a table.

use client_vpn_audit::capture::preflight::Check;

use super::output::new_table;

/// Renders the checks as a table.
pub fn text(checks: &[Check]) -> String {
    let mut table = new_table(["Check", "Resource", "Passed", "Problem or note"]);
    for check in checks {
        let passed = if check.ok { "yes" } else { "no" };
        let words: Vec<&str> =
            [&check.problem, &check.note].into_iter().flatten().map(String::as_str).collect();
        table.add_row([check.action, &check.resource, passed, &words.join("; ")]);
    }
    table.to_string()
}
