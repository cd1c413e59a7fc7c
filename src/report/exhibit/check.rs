//! Checks the folder of an exhibit against its manifest, its receipt and its signature.

use std::io;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::difference::{ExhibitDifference, ExhibitDifferenceKind as Kind, compare};
use super::folder::{EntryError, ExhibitFolder};
use super::manifest::{ExhibitManifest, LARGEST_MANIFEST};
use super::receipt::{ExhibitReceipt, LARGEST_RECEIPT, receipt_text};
use super::timestamp::{LARGEST_TIMESTAMP, MessageImprint, message_imprint};
use super::{BESIDE_THE_MANIFEST, MANIFEST, RECEIPT, SIGNATURE, TIMESTAMP};
use crate::bounded_file::ReadError;
use crate::proof::signing::PublicKey;

/// Largest signature that is read, in bytes. One has about 70, or 100 in base64.
const LARGEST_SIGNATURE: u64 = 4 << 10;

/// Most added entries that are listed by name.
const MOST_ADDED: usize = 1_000;

/// The command that checks a timestamp.
const TIMESTAMP_COMMAND: &str = "openssl ts -verify -data manifest.json -in manifest.json.tsr -CAfile FILE, \
                                 with the certificate of the authority";

/// The result of a check.
#[derive(Debug, Default, Serialize)]
pub struct ExhibitCheck {
    /// The exhibit number; `None` without a manifest.
    pub exhibit: Option<String>,
    /// SHA-256 of the manifest, in hexadecimal; `None` without a manifest.
    pub manifest_sha256: Option<String>,
    /// Files of the manifest.
    pub files: usize,
    /// Every difference. None means that the exhibit is as it was.
    pub differences: Vec<ExhibitDifference>,
    /// Everything that was compared, in words.
    pub checked: Vec<String>,
    /// Everything that was not, in words, with the next step.
    pub not_checked: Vec<String>,
}

/// Checks a folder. `on_progress` gets the number of files and of bytes that were compared.
pub fn check(
    folder: &ExhibitFolder,
    receipt: Option<&ExhibitReceipt>,
    keys: &[PublicKey],
    on_progress: impl Fn(u64, u64),
) -> ExhibitCheck {
    let mut check = ExhibitCheck::default();
    let bytes = match folder.read(MANIFEST, LARGEST_MANIFEST) {
        Ok(bytes) => bytes,
        Err(error) => {
            check.differences.push(without_manifest(&error));
            check
                .not_checked
                .push(format!("everything else: without {MANIFEST} there is nothing to compare it with"));
            return check;
        }
    };
    let sha256 = Sha256::digest(&bytes);
    let sha256_text = hex::encode(sha256);
    let manifest = match ExhibitManifest::parse(&bytes) {
        Ok(manifest) => {
            check.files = manifest.files().len();
            check.exhibit = Some(manifest.exhibit().to_owned());
            check.files_of(folder, &manifest, on_progress);
            Some(manifest)
        }
        Err(error) => {
            check.add(Kind::ManifestInvalid, MANIFEST, error.to_string());
            check.not_checked.push(format!("the files: {MANIFEST} is no manifest to compare them with"));
            None
        }
    };
    if let Some(manifest) = &manifest {
        check.own_receipt(folder, &receipt_text(manifest.exhibit(), &sha256_text));
    }
    let is_signed = check.signature(folder, keys, &bytes);
    check.receipt(folder, receipt, &sha256_text, is_signed);
    check.timestamp(folder, &sha256);
    check.manifest_sha256 = Some(sha256_text);
    check
}

fn without_manifest(error: &EntryError) -> ExhibitDifference {
    match error {
        EntryError::Unreadable(error @ ReadError::TooLarge(_)) => {
            ExhibitDifference::new(Kind::ManifestInvalid, MANIFEST, error.to_string())
        }
        error => ExhibitDifference::without_bytes(MANIFEST, error),
    }
}

impl ExhibitCheck {
    fn add(&mut self, kind: Kind, file: &str, message: impl Into<String>) {
        self.differences.push(ExhibitDifference::new(kind, file, message));
    }

    /// Compares the files with the manifest, one after the other.
    fn files_of(
        &mut self,
        folder: &ExhibitFolder,
        manifest: &ExhibitManifest,
        on_progress: impl Fn(u64, u64),
    ) {
        let mut bytes = 0;
        for (number, file) in (1..).zip(manifest.files()) {
            let found = folder.hash(&file.path, file.bytes);
            bytes += found.as_ref().map_or(0, |(bytes, _)| *bytes);
            self.differences.extend(compare(file, found));
            on_progress(number, bytes);
        }
        self.checked
            .push(format!("every file against {MANIFEST}, and the exhibit number against inputs.csv"));
        match self.other_entries(folder, manifest) {
            Ok(()) => self.checked.push("that nothing else is in the folder".to_owned()),
            Err(error) => {
                let message = format!("it could not be listed: {error}; an added file would not be noticed");
                self.add(Kind::Unreadable, ".", message);
            }
        }
    }

    /// Finds the entries of a folder that the manifest does not have.
    fn other_entries(&mut self, folder: &ExhibitFolder, manifest: &ExhibitManifest) -> io::Result<()> {
        let is_known = |name: &[u8]| {
            BESIDE_THE_MANIFEST.iter().any(|known| known.as_bytes() == name)
                || manifest.files().binary_search_by(|file| file.path.as_bytes().cmp(name)).is_ok()
        };
        let (mut added, mut more) = (Vec::new(), 0_u64);
        for entry in folder.entries()? {
            match entry? {
                (name, _) if is_known(&name) => {}
                (name, entry) if added.len() < MOST_ADDED => {
                    added.push(ExhibitDifference::added(&name, entry))
                }
                _ => more += 1,
            }
        }
        // A folder has no order of its own.
        added.sort_by(|one, other| one.file.cmp(&other.file));
        self.differences.append(&mut added);
        if more > 0 {
            self.add(Kind::Added, ".", format!("it has {more} more entries that are not in the manifest"));
        }
        Ok(())
    }

    /// Reads a file that may be there; `None` if it is not, or cannot be read.
    fn optional(&mut self, folder: &ExhibitFolder, name: &str, limit: u64) -> Option<Vec<u8>> {
        match folder.read(name, limit) {
            Ok(bytes) => Some(bytes),
            Err(EntryError::Missing) => None,
            Err(error) => {
                self.differences.push(ExhibitDifference::without_bytes(name, &error));
                None
            }
        }
    }

    /// Compares the receipt that lies in the folder itself with the one that follows from the manifest.
    fn own_receipt(&mut self, folder: &ExhibitFolder, expected: &str) {
        if let Some(found) = self.optional(folder, RECEIPT, LARGEST_RECEIPT) {
            self.checked.push(format!("{RECEIPT} in the folder against {MANIFEST}"));
            if found != expected.as_bytes() {
                self.add(Kind::ReceiptInvalid, RECEIPT, "it is not the receipt of this manifest");
            }
        }
    }

    /// Compares the manifest with a receipt that was kept elsewhere.
    fn receipt(
        &mut self,
        folder: &ExhibitFolder,
        receipt: Option<&ExhibitReceipt>,
        sha256: &str,
        is_signed: bool,
    ) {
        let advice = "give --receipt with the receipt that was handed over separately";
        let not_noticed = if is_signed {
            format!(
                "another exhibit, signed with the same key, would not be noticed in place of this one; {advice}"
            )
        } else {
            format!("a manifest that was rewritten together with the files would not be noticed; {advice}")
        };
        let Some(receipt) = receipt else {
            return self.not_checked.push(not_noticed);
        };
        self.checked.push(format!("{MANIFEST} against the receipt of --receipt"));
        if folder.identity(RECEIPT).is_some_and(|own| receipt.is_file(own)) {
            self.not_checked
                .push(format!("the receipt of --receipt is the one in the folder itself: {not_noticed}"));
        }
        match receipt.manifest_sha256() {
            None => {
                let message = "it does not name one SHA-256 of manifest.json, as sha256sum writes it";
                self.add(Kind::ReceiptInvalid, "--receipt", message);
            }
            Some(kept) if kept == sha256 => {}
            Some(kept) => {
                let of_another = receipt.exhibit().filter(|exhibit| self.exhibit.as_deref() != Some(exhibit));
                let title = of_another.map(|exhibit| format!(" of exhibit {exhibit}")).unwrap_or_default();
                let message = format!(
                    "it has the SHA-256 {sha256}, and the receipt{title} has {kept}: the manifest was rewritten, or \
                     the receipt is that of another exhibit"
                );
                self.add(Kind::ManifestRewritten, MANIFEST, message);
            }
        }
    }

    /// Checks the signature, if there is one or has to be one. Returns `true` if it is by one of the keys.
    fn signature(&mut self, folder: &ExhibitFolder, keys: &[PublicKey], manifest: &[u8]) -> bool {
        let before = self.differences.len();
        let signature = self.optional(folder, SIGNATURE, LARGEST_SIGNATURE);
        let Some(signature) = signature else {
            if !keys.is_empty() && self.differences.len() == before {
                self.add(
                    Kind::SignatureMissing,
                    SIGNATURE,
                    "it is not in the folder, and --public-key was given",
                );
            }
            return false;
        };
        if keys.is_empty() {
            self.not_checked.push(format!("the signature {SIGNATURE}; give --public-key"));
            return false;
        }
        let forms = signature_forms(signature);
        let signer = keys.iter().find(|key| forms.iter().any(|der| key.verifies_der(manifest, der)));
        match signer {
            Some(key) => self
                .checked
                .push(format!("the signature, which is by the public key with the SHA-256 {}", key.sha256)),
            None => {
                self.checked.push("the signature".to_owned());
                let message = "it is no signature of manifest.json by a key of --public-key (ECDSA on P-256 over \
                               SHA-256, in DER or base64)";
                self.add(Kind::SignatureInvalid, SIGNATURE, message);
            }
        }
        signer.is_some()
    }

    /// Compares the manifest with the hash of a timestamp, if there is one.
    fn timestamp(&mut self, folder: &ExhibitFolder, sha256: &[u8]) {
        let Some(timestamp) = self.optional(folder, TIMESTAMP, LARGEST_TIMESTAMP) else {
            return;
        };
        match message_imprint(&timestamp) {
            Some(MessageImprint::Sha256(imprint)) => {
                self.checked.push(format!("the hash in {TIMESTAMP} against {MANIFEST}"));
                if imprint != sha256 {
                    let message = format!(
                        "it is a timestamp of the SHA-256 {}, not of manifest.json",
                        hex::encode(imprint)
                    );
                    self.add(Kind::TimestampInvalid, TIMESTAMP, message);
                }
                self.not_checked.push(format!("who made {TIMESTAMP}, and when; run {TIMESTAMP_COMMAND}"));
            }
            Some(MessageImprint::Other) => {
                self.not_checked
                    .push(format!("{TIMESTAMP}, whose hash is not SHA-256; run {TIMESTAMP_COMMAND}"));
            }
            None => self.add(
                Kind::TimestampInvalid,
                TIMESTAMP,
                "it is no answer of RFC 3161 with a timestamp, in DER",
            ),
        }
    }
}

/// Returns the forms that a signature may have: the bytes, and those of which they are the base64, in lines or not.
fn signature_forms(bytes: Vec<u8>) -> Vec<Vec<u8>> {
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let decoded = BASE64_STANDARD.decode(text).ok();
    [Some(bytes), decoded].into_iter().flatten().collect()
}
