//! The files of the demo: the lake, a key pair that signs it, and the exhibit.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Characters of a line of PEM.
const PEM_LINE: usize = 64;

/// The files of the demo.
pub struct DemoFiles {
    pub lake: PathBuf,
    pub private_key: PathBuf,
    pub public_key: PathBuf,
    /// Folder of the exhibit, which does not exist yet.
    pub exhibit: PathBuf,
}

impl DemoFiles {
    /// Returns files in a new directory, which is kept.
    pub fn temporary() -> io::Result<DemoFiles> {
        let directory = tempfile::Builder::new().prefix("client-vpn-audit-demo-").tempdir()?.keep();
        DemoFiles::beside(&directory.join("lake"))
    }

    /// Returns files beside a lake. Each run of the demo writes another exhibit.
    pub fn beside(lake: &Path) -> io::Result<DemoFiles> {
        let beside = |name: &str| {
            let mut path = lake.as_os_str().to_owned();
            path.push(name);
            PathBuf::from(path)
        };
        let numbers = std::iter::once(String::new()).chain((2..1_000).map(|number| format!("-{number}")));
        let exhibit = numbers.map(|number| beside(&format!("-exhibit{number}"))).find(|path| !path.exists());
        let exhibit =
            exhibit.ok_or_else(|| io::Error::other("there are a thousand exhibits beside the lake"))?;
        Ok(DemoFiles {
            lake: lake.to_owned(),
            private_key: beside("-key.pem"),
            public_key: beside("-public.pem"),
            exhibit,
        })
    }

    /// Writes a new key pair, unless an earlier run of the demo did.
    pub fn write_keys(&self) -> io::Result<()> {
        if self.private_key.exists() {
            return Ok(());
        }
        let failed = |_unspecified| io::Error::other("no key pair could be made");
        let key_pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(failed)?;
        let document = key_pair.to_pkcs8v1().map_err(failed)?;
        let public = key_pair.public_key().as_der().map_err(failed)?;
        if let Some(folder) = self.lake.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut private_key =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.private_key)?;
        private_key.write_all(pem("PRIVATE KEY", document.as_ref()).as_bytes())?;
        std::fs::write(&self.public_key, pem("PUBLIC KEY", public.as_ref()))
    }
}

/// Returns bytes in PEM.
fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(PEM_LINE));
        lines.push(line.to_owned());
        rest = after;
    }
    lines.push(format!("-----END {label}-----\n"));
    lines.join("\n")
}
