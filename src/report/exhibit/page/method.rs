//! Section "Method": definitions, how to check without this program, and what is not proven.

use maud::{Markup, html};

use super::super::population::counted;
use super::super::verdict::EvidenceState;
use super::ExhibitPage;
use super::markup::{code, command, table};

/// Words and their meaning.
const GLOSSARY: [(&str, &str); 13] = [
    ("shown", "the evidence shows the claim, and nothing in it is against it"),
    ("not shown", "nothing shows the claim: a hole, no public key, nothing to compare with"),
    ("contradicted", "something in the evidence is against the claim"),
    ("insufficient evidence", "what would decide could not be read, is not there, or does not exist yet"),
    (
        "capture",
        "a reading of all connections that AWS lists of one endpoint at one time; complete if AWS's last page said that there is no more",
    ),
    ("snapshot", "the captures of all endpoints that bear the same time"),
    ("run record, ledger", "the JSON object that each run writes of what it did; all of them are the ledger"),
    ("session", "one connection, made of every row that shows it"),
    (
        "hole",
        "60 minutes or more from the request of a complete capture to the last page of one that follows; of an endpoint that is gone, any time after the last one",
    ),
    (
        "covered",
        "nothing of a session can have been missed: no hole touches it, and it lies within the record of its endpoint",
    ),
    (
        "digest",
        "the JSON object that lists what was written in an hour with its SHA-256; it has the hash and the signature of the one before it",
    ),
    ("sealed", "listed in a digest"),
    ("lake", "the bucket or directory with the record"),
];

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let altered: u64 = page.data_files.iter().map(|file| file.altered_cells).sum();
    html! {
        h3 { "How to check this report" }
        ol {
            li { "That the exhibit is the one that was handed over: " (code("client-vpn-audit report --check DIR --receipt receipt.txt")) ", or "
                 (code("sha256sum --check receipt.txt")) " and the SHA-256 of each file in " a href="manifest.json" { "manifest.json" } ". The receipt must have come separately." }
            li { "That the figures follow from the lake: run " a href="reperform.sql" { "reperform.sql" } " in DuckDB over a copy of the lake. It states each figure of this page beside the one that it computes, \
                  without any code of this program." }
            li { "That the lake is as it was sealed: " (code("client-vpn-audit verify --lake COPY --public-key FILE")) ", or by hand as docs/evidence.md shows with openssl and sha256sum." }
            li { "That AWS was asked: search CloudTrail for the request ids in " a href="captures.csv" { "captures.csv" } ". CloudTrail shows the call, not the answer." }
        }
        h3 { "Inputs" }
        p { "The parameters and " (counted(page.evidence.inputs.len() as u64, "object")) " of the lake with their SHA-256 are in " a href="inputs.csv" { "inputs.csv" }
            ". The exhibit number is the first 12 digits of its SHA-256." }
        p { "Command: " code { (command(&page.request.program.command)) } }
        h3 { "Data files" }
        (table("Data files", &[("File", false), ("Rows", true), ("Altered cells", true)], &html! {
            @for file in page.data_files {
                tr { td { a href={ (file.name) ".csv" } { (file.name) ".csv" } ", " a href={ (file.name) ".jsonl" } { (file.name) ".jsonl" } }
                     td.number { (file.rows) } td.number { (file.altered_cells) } }
            }
        }))
        p { "In CSV, text that begins with =, +, -, @, a tab or a carriage return has an apostrophe before it, so that no spreadsheet takes it for a formula: " (counted(altered, "cell"))
            " were altered. The JSON lines are verbatim. "
            @if page.evidence.pseudonyms_sha256.is_some() {
                "Names and addresses of people were replaced: the columns username, common_name, identity, identity_key, client_ip, client_ipv6_address and device_ip, \
                 and what the page has of them. One text has one pseudonym throughout; person-0001/2 is a second spelling of person-0001. Texts of the configuration, statuses and posture statuses, and ids were not."
            } @else { "Nothing was redacted." } }
        h3 { "Sessions" }
        p { "A session is made of every row of the captures with the same connection id. A text is the last known one, a counter the greatest. The beginning and the end are AWS's, if AWS gave them. \
             If no end is known, the session may have lasted until the next capture that does not show it. docs/schema.md of the program states the rule of each column." }
        h3 { "What is not proven" }
        ul {
            li { "That AWS lists every connection until 60 minutes after its end, and that its times are right." }
            li { "Who sat at the device: an identity is a name that AWS passes on." }
            li { "That no key holder signed a second, different record. Compare the newest digests with copies kept elsewhere." }
            li { "Anything about access to resources behind the VPN." }
            @if page.request.keys.is_empty() { li { "That the lake is as it was sealed: no public key was given." } }
            @else if page.changed.state != EvidenceState::Shown { li { "That nothing was changed: see section 3." } }
            @if page.request.protection.is_none() { li { "Who may write the lake and sign: no protection of the bucket was given." } }
            @if page.request.witnesses.is_empty() { li { "That a count of another source agrees: none was given." } }
        }
        h3 { "Glossary" }
        (table("Words", &[("Word", false), ("Meaning", false)], &html! {
            @for (word, meaning) in GLOSSARY { tr { th scope="row" { (word) } td { (meaning) } } }
        }))
    }
}
