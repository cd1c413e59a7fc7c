//! Section "Was anything changed?".

use std::collections::BTreeMap;

use jiff::civil::Date;
use maud::{Markup, html};

use super::super::population::counted;
use super::ExhibitPage;
use super::markup::{code, key, message, more, name, number, source, table};
use crate::lake::keys::{ObjectKey, Table};
use crate::proof::signing::LOCAL;
use crate::proof::verify::{Scope, Verification};

/// Most faults and records that the page shows.
const MOST_SHOWN: usize = 200;

/// Returns the section.
pub(super) fn section(page: &ExhibitPage<'_>) -> Markup {
    let (request, evidence) = (page.request, page.evidence);
    let (first, last) = (evidence.verified_hours.first, evidence.verified_hours.last);
    let scopes =
        evidence.verification.as_ref().map_or(&[][..], |verification| verification.scopes.as_slice());
    let is_outside = |key: &ObjectKey| {
        let is_verified =
            key.hour >= evidence.verified_hours.begin() && scopes.iter().any(|scope| scope.reaches(key));
        evidence.verification.is_ok() && key.table != Table::Digests && !is_verified
    };
    let outside = evidence.inputs.keys().filter_map(|key| ObjectKey::parse(key)).filter(is_outside).count();
    let late = &evidence.coverage.sealed_late;
    html! {
        h3 { "Key" }
        @if request.keys.is_empty() {
            p.answer.open { span.state.open { "Not verified" } ". No public key was given to make this report, so no signature was checked: " (code("--public-key FILE")) "." }
        } @else {
            p { "Signatures were checked with the public key whose SHA-256 (DER, SubjectPublicKeyInfo) is "
                @for key in &request.keys { span.mono { (key.sha256) } " " }
                ". Compare it with a copy of your own, from somebody who cannot write the lake: this report cannot show where the given one came from." }
        }
        @for (sha256, key_id) in &evidence.digests.keys {
            p { "The digests name the key " span.mono { (name(key_id)) } ", SHA-256 " span.mono { (name(sha256)) } "." }
        }
        @if evidence.digests.unsigned > 0 { p { (evidence.digests.unsigned) " digests are not signed." } }
        @if request.known.is_empty() {
            p { "No digest known from elsewhere was given (" (code("--known-digest KEY=SHA256")) "): if the newest digests were removed together with \
                 their objects and recreated by somebody who may sign, nothing here shows it." }
        } @else {
            @for (key, sha256) in &request.known { p { "Compared with the digest known from elsewhere: " code { (key) } ", SHA-256 " span.mono { (sha256) } "." } }
        }
        h3 { "Verified" }
        @if evidence.verification.is_ok() { p { "The objects of the hours " (first) " to " (last) " (UTC) were compared with the digests: these hours have what the sessions and configurations were made of, and so were the 24 hours on each side, as far as there are digests. The table \
                 states the hours that have digests of their own; the first digest of a chain lists what is older." } }
        @if outside > 0 {
            p { (counted(outside as u64, "object")) " of other hours " @if outside == 1 { "was" } @else { "were" } " read and not verified here: run records, which decide since when an endpoint exists and which gaps lie around sessions that \
                 reach out of the period, or which name connection logs that were read after it. To verify all: " (code("client-vpn-audit verify")) "." }
        }
        @match &evidence.verification {
            Ok(verification) => { (verified(page, verification)) }
            Err(problem) => { p { (name(problem)) } }
        }
        @if !late.is_empty() {
            (table("Run records that were sealed late", &[("Day (UTC)", false), ("Digest of their hour", false), ("Records", true), ("First", false)], &html! {
                @for ((day, is_early), keys) in by_day(late, &evidence.verification).iter().take(MOST_SHOWN) {
                    tr { td { (day) } td { @if *is_early { "there was none yet" } @else { "does not list them" } } (number(keys.len() as u64)) td.mono { @if let Some(first) = keys.first() { (key(first)) } } }
                }
            }))
            p { "Records that the digest of their hour does not list were written or added after it. Nothing shows what was there before they were sealed. " (code("client-vpn-audit coverage")) " lists each of them." }
        }
        h3 { "Ends of the chains" }
        @if evidence.digests.newest.is_empty() { p { "No digest was read." } } @else { (table("Newest digest of each account and Region that was read", &[("Account", false), ("Region", false), ("Digest", false), ("SHA-256", false)], &html! {
            @for (place, newest) in &evidence.digests.newest {
                tr { td { (place.account_id) } td.nowrap { (place.region) } td.mono { (key(&newest.key)) } td.mono { (newest.sha256) } }
            }
        })) }
        h3 { "Who could alter it" }
        @match &request.protection {
            Some(lines) => {
                p { "Checks of the bucket and the settings that " (code("preflight --json")) " printed, as they were given (" (code("--protection")) "):" }
                (table("Protection", &[("Check", false), ("Resource", false), ("Passed", false), ("Problem or note", false)], &html! {
                    @for line in lines.iter().take(MOST_SHOWN) {
                        tr { td { (name(&line.action)) } td { (name(&line.resource)) } td { @if line.ok { "yes" } @else { "no" } } td { (name(&line.remark)) } }
                    }
                }))
            }
            None => { p { span.state.open { "Not shown" } ". No protection of the bucket was given: " (code("--protection FILE")) ", with what "
                       (code("client-vpn-audit preflight --json")) " printed." } }
        }
        @if evidence.digests.keys.values().any(|key_id| key_id == LOCAL) {
            p { "The key is a file: whoever has it can sign another record, and nothing logs its use." }
        }
        @if evidence.digests.keys.values().any(|key_id| key_id != LOCAL) {
            p { "Whoever may call " (code("kms:Sign")) " with the key can sign another record. CloudTrail logs each use: one " (code("Sign")) " for each digest." }
        }
        @if evidence.digests.keys.is_empty() { p { "No signed digest was read: whoever may write the lake can change all of it." } }
    }
}

/// Groups the keys of run records by the day in them, and by `true` if their hour lies before the first digest.
fn by_day<'a>(
    keys: &'a [String],
    verification: &Result<Verification, String>,
) -> BTreeMap<(Date, bool), Vec<&'a String>> {
    let scopes = verification.as_ref().map_or(&[][..], |verification| verification.scopes.as_slice());
    let is_early = |key: &ObjectKey| {
        scopes.iter().find(|scope| scope.is_of(&key.place)).is_some_and(|scope| key.hour < scope.first_hour)
    };
    let mut days: BTreeMap<(Date, bool), Vec<&String>> = BTreeMap::new();
    for key in keys {
        if let Some(parsed) = ObjectKey::parse(key) {
            days.entry((parsed.hour.date(), is_early(&parsed))).or_default().push(key);
        }
    }
    days
}

fn verified(page: &ExhibitPage<'_>, verification: &Verification) -> Markup {
    let faults = &verification.faults;
    let sum = |count: fn(&Scope) -> u64| verification.scopes.iter().map(count).sum::<u64>();
    html! {
        (table("Accounts and Regions", &[
            ("Account", false), ("Region", false), ("Hours", false), ("Digests", true), ("Signed", true), ("Objects", true), ("Late", true), ("Expired", true), ("Without a digest", true),
        ], &html! {
            @for scope in verification.scopes.iter().take(MOST_SHOWN) {
                tr {
                    td { (name(&scope.account_id)) } td.nowrap { (name(&scope.region)) }
                    td { span.nowrap { (scope.first_hour) } " to " span.nowrap { (scope.last_hour) } }
                    (number(scope.digests)) (number(scope.signatures)) (number(scope.objects)) (number(scope.late)) (number(scope.expired))
                    (number(scope.not_sealed_yet + scope.without_digest))
                }
            }
        }))
        (source("verified"))
        @if sum(|scope| scope.not_sealed_yet) > 0 {
            p { "Objects of an hour that is not sealed yet may be sealed by now: make the report again." }
        }
        @if sum(|scope| scope.without_digest) > 0 {
            p { (sum(|scope| scope.without_digest)) " more objects have no digest, because that of their hour is missing or invalid: see the faults." }
        }
        @if !faults.is_empty() {
            (table("Faults", &[("Kind", false), ("Object", false), ("Finding", false)], &html! {
                @for fault in faults.iter().take(MOST_SHOWN) {
                    tr { td { (fault.kind.in_words()) } td.mono { (key(&fault.object_key)) } td { (message(&fault.message)) } }
                }
            }))
            (more(MOST_SHOWN, faults.len(), "faults"))
            (source("faults"))
        }
        @if !page.request.keys.is_empty() && !verification.is_tamper_evident() {
            p { "Not every digest has a right signature by a key that was given." }
        }
    }
}
