//! A recorded lake that can be sealed, verified and tampered with, in a directory or in a bucket.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, ChecksumAlgorithm, DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled,
    ObjectLockRetentionMode, ObjectLockRule, VersioningConfiguration,
};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use client_vpn_audit::clock::Clock;
use client_vpn_audit::hour::Hour;
use client_vpn_audit::lake::store::{Location, Store};
use client_vpn_audit::proof::seal::{Sealed, Sealer};
use client_vpn_audit::proof::signing::{PublicKey, Signer, SigningKey};
use client_vpn_audit::proof::verify::{Kind, Verification, Verifier, VerifyError};
use client_vpn_sim::TimeSource;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tempfile::TempDir;

use super::proxy::Proxy;
use super::seaweed::Seaweed;
use super::{World, files_under, fleet, snapshot};

/// Objects of a lake that is sealed: ten snapshots of two endpoints and of how these are configured, in three tables, one in part, and
/// eleven run records.
pub const OBJECTS: u64 = 20 + 2 + 3 * 10 + 11;

/// The beginning of the record, which continues past midnight.
pub const FIRST: &str = "2025-11-22T21:00:00Z";
/// The time at which it is sealed and verified, unless a test gives another: 02:00 is the last hour that is closed by then.
pub const LATER: &str = "2025-11-23T03:40:00Z";

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A pair of keys.
pub struct Keys {
    directory: TempDir,
}

impl Keys {
    /// Keys that can sign digests. OpenSSL makes them; without the feature `tools`, the library that signs does.
    pub fn new() -> Keys {
        if cfg!(feature = "tools") { Keys::of_curve("prime256v1") } else { Keys::without_openssl() }
    }

    fn without_openssl() -> Keys {
        let keys = Keys { directory: TempDir::new().unwrap() };
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        write_pem(&keys.private(), "PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref());
        write_pem(&keys.public(), "PUBLIC KEY", pair.public_key().as_der().unwrap().as_ref());
        keys
    }

    /// Keys of this curve, which OpenSSL makes.
    pub fn of_curve(curve: &str) -> Keys {
        let directory = TempDir::new().unwrap();
        let keys = Keys { directory };
        let private = keys.private();
        let private = private.to_str().unwrap();
        openssl(&["ecparam", "-genkey", "-name", curve, "-noout", "-out", private]);
        openssl(&["ec", "-in", private, "-pubout", "-out", keys.public().to_str().unwrap()]);
        keys
    }

    pub fn private(&self) -> PathBuf {
        self.directory.path().join("key.pem")
    }

    pub fn public(&self) -> PathBuf {
        self.directory.path().join("public.pem")
    }
}

fn write_pem(path: &Path, label: &str, der: &[u8]) {
    let base64 = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    let lines = lines.join("\n");
    std::fs::write(path, format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")).unwrap();
}

/// Runs `openssl`, which has to succeed.
pub fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The lake.
pub struct SealedLake {
    pub store: Store,
    pub location: Location,
    pub keys: Keys,
    sdk: SdkConfig,
    place: Place,
}

enum Place {
    Directory(TempDir),
    Bucket { client: Client, bucket: String, _seaweed: Arc<Seaweed> },
}

/// Two endpoints, every half hour from [`FIRST`] on for five hours, and one capture of a part.
async fn record(directory: &Path) {
    record_from(directory, time(FIRST), 10).await;
}

/// The same from `first` on, that many times.
pub async fn record_from(directory: &Path, first: Timestamp, snapshots: i32) {
    record_with(directory, first, snapshots, &[]).await;
}

/// The same with settings of one's own.
async fn record_with(directory: &Path, first: Timestamp, snapshots: i32, own: &[(&str, &str)]) {
    let config = client_vpn_sim::Config { time: TimeSource::Manual(first), ..fleet(2, 6) };
    let world = World::new(config).await;
    let lake = directory.to_str().unwrap();
    let auditor = world.auditor(&[&[("AUDIT_LAKE", lake)], own].concat());
    for half_hours in 0..snapshots {
        let at = first + SignedDuration::from_mins(30) * half_hours;
        world.simulator.set_time(at);
        world.clock.set(at);
        snapshot(&auditor, json!({"time": at.to_string()})).await;
        if half_hours == 1 {
            snapshot(&auditor, json!({"time": at.to_string(), "max_items": 2})).await;
        }
    }
}

impl SealedLake {
    /// In a directory and in a bucket, recorded and not sealed. Without the feature `tools` there is no bucket.
    pub async fn in_each_store() -> Vec<SealedLake> {
        let mut lakes = vec![SealedLake::in_a_directory().await];
        if cfg!(feature = "tools") {
            lakes.push(SealedLake::in_a_bucket().await);
        }
        lakes
    }

    /// In a directory, recorded and not sealed.
    pub async fn in_a_directory() -> SealedLake {
        let directory = TempDir::new().unwrap();
        record(directory.path()).await;
        SealedLake::at(directory)
    }

    /// In a directory, recorded by runs that listed the endpoints first, and not sealed.
    pub async fn of_all_endpoints() -> SealedLake {
        let directory = TempDir::new().unwrap();
        record_with(directory.path(), time(FIRST), 3, &[("AUDIT_TARGETS", "*")]).await;
        SealedLake::at(directory)
    }

    /// In this directory.
    pub fn at(directory: TempDir) -> SealedLake {
        let location = Location::Directory(directory.path().to_owned());
        let sdk = SdkConfig::builder().build();
        let store = Store::new(&location, &sdk, None);
        SealedLake { store, location, keys: Keys::new(), sdk, place: Place::Directory(directory) }
    }

    /// In a bucket with versions, recorded and not sealed. Every other object comes without a SHA-256.
    pub async fn in_a_bucket() -> SealedLake {
        let seaweed = Seaweed::shared();
        let bucket = seaweed.bucket().await;
        let admin = Client::new(&seaweed.sdk_admin());
        let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        admin
            .put_bucket_versioning()
            .bucket(&bucket)
            .versioning_configuration(versions)
            .send()
            .await
            .unwrap();
        SealedLake::in_this_bucket(seaweed, bucket).await
    }

    /// The same under Object Lock, for a day that nobody can shorten.
    pub async fn in_a_locked_bucket() -> SealedLake {
        let seaweed = Seaweed::shared();
        // Once this one is there, the server is up.
        let bucket = format!("{}-locked", seaweed.bucket().await);
        let admin = Client::new(&seaweed.sdk_admin());
        admin.create_bucket().bucket(&bucket).object_lock_enabled_for_bucket(true).send().await.unwrap();
        let retention = DefaultRetention::builder().mode(ObjectLockRetentionMode::Compliance).days(1).build();
        let lock = ObjectLockConfiguration::builder()
            .object_lock_enabled(ObjectLockEnabled::Enabled)
            .rule(ObjectLockRule::builder().default_retention(retention).build())
            .build();
        admin
            .put_object_lock_configuration()
            .bucket(&bucket)
            .object_lock_configuration(lock)
            .send()
            .await
            .unwrap();
        SealedLake::in_this_bucket(seaweed, bucket).await
    }

    async fn in_this_bucket(seaweed: Arc<Seaweed>, bucket: String) -> SealedLake {
        let directory = TempDir::new().unwrap();
        record(directory.path()).await;
        let client = Client::new(&seaweed.sdk());
        for (index, file) in files_under(directory.path()).into_iter().enumerate() {
            let body = std::fs::read(directory.path().join(&file)).unwrap();
            let put =
                client.put_object().bucket(&bucket).key(format!("vpn/{file}")).body(ByteStream::from(body));
            let algorithm = (index % 2 == 0).then_some(ChecksumAlgorithm::Sha256);
            put.set_checksum_algorithm(algorithm).send().await.unwrap();
        }
        let location = Location::parse(&format!("s3://{bucket}/vpn")).unwrap();
        let sdk = seaweed.sdk();
        let store = Store::new(&location, &sdk, None);
        let place = Place::Bucket { client, bucket, _seaweed: seaweed };
        SealedLake { store, location, keys: Keys::new(), sdk, place }
    }

    /// Starts a proxy before the bucket's server. Returns it with the store that it leads to.
    pub async fn behind_a_proxy(&self) -> (Proxy, Store) {
        let server = self.sdk.endpoint_url().unwrap();
        let proxy = Proxy::start(server, server).await;
        let sdk = self.sdk.to_builder().endpoint_url(proxy.url()).build();
        let store = Store::new(&self.location, &sdk, None);
        (proxy, store)
    }

    /// Seals every hour that is closed at `now`.
    pub async fn seal_at(&self, now: &str) -> Vec<Sealed> {
        self.seal_with(Some(&SigningKey::File(self.keys.private())), now, None).await
    }

    pub async fn seal_with(&self, key: Option<&SigningKey>, now: &str, hour: Option<&str>) -> Vec<Sealed> {
        let signer = Signer::new(key, &self.sdk).unwrap();
        let clock = Clock::manual(time(now));
        let sealer = Sealer::new(&self.store, &self.location, &signer, &clock);
        sealer.seal(&[], hour.map(|hour| Hour::parse(hour).unwrap()), None).await.unwrap()
    }

    /// Verifies with the lake's own public key at [`LATER`].
    pub async fn verify(&self) -> Verification {
        self.verify_with(&[&self.keys], |_| ()).await.unwrap()
    }

    /// Verifies with the public keys of `keys`, after `change`.
    pub async fn verify_with(
        &self,
        keys: &[&Keys],
        change: impl FnOnce(&mut Verifier<'_>),
    ) -> Result<Verification, VerifyError> {
        let keys: Vec<PublicKey> =
            keys.iter().flat_map(|keys| PublicKey::read_all(&keys.public()).unwrap()).collect();
        let mut verifier = Verifier {
            store: &self.store,
            lake: &self.location,
            keys: &keys,
            known: BTreeMap::new(),
            from: None,
            to: None,
            up_to: None,
            retention_days: None,
            now: time(LATER),
            max_concurrency: 4,
        };
        change(&mut verifier);
        verifier.verify(|_, _| ()).await
    }

    /// Verifies a copy of the lake in another directory, with the lake's own public key.
    pub async fn verify_copy(&self, directory: &Path, now: Timestamp) -> Verification {
        let location = Location::Directory(directory.to_owned());
        let store = Store::new(&location, &self.sdk, None);
        let keys = PublicKey::read_all(&self.keys.public()).unwrap();
        let verifier = Verifier {
            store: &store,
            lake: &location,
            keys: &keys,
            known: BTreeMap::new(),
            from: None,
            to: None,
            up_to: None,
            retention_days: None,
            now,
            max_concurrency: 4,
        };
        verifier.verify(|_, _| ()).await.unwrap()
    }

    /// Every key of a table, in order; of objects that are not hidden.
    pub async fn keys_of(&self, table: &str) -> Vec<String> {
        let found = self.store.find(&format!("{table}/")).await.unwrap();
        found.into_iter().filter(|found| !found.hidden).map(|found| found.key).collect()
    }

    pub async fn get(&self, key: &str) -> Vec<u8> {
        match &self.place {
            Place::Directory(directory) => std::fs::read(directory.path().join(key)).unwrap(),
            Place::Bucket { client, bucket, .. } => {
                let object =
                    client.get_object().bucket(bucket).key(format!("vpn/{key}")).send().await.unwrap();
                object.body.collect().await.unwrap().to_vec()
            }
        }
    }

    /// Reads the oldest version of what a delete marker hides.
    pub async fn get_first_version(&self, key: &str) -> Vec<u8> {
        let Place::Bucket { client, bucket, .. } = &self.place else { unreachable!() };
        let key = format!("vpn/{key}");
        let listed = client.list_object_versions().bucket(bucket).prefix(&key).send().await.unwrap();
        let version = listed.versions().last().unwrap().version_id().unwrap();
        let object = client.get_object().bucket(bucket).key(&key).version_id(version).send().await.unwrap();
        object.body.collect().await.unwrap().to_vec()
    }

    /// Puts past the program, over what is there.
    pub async fn put(&self, key: &str, bytes: Vec<u8>) {
        match &self.place {
            Place::Directory(directory) => {
                let path = directory.path().join(key);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                let _ = std::fs::remove_file(&path);
                std::fs::write(path, bytes).unwrap();
            }
            Place::Bucket { client, bucket, .. } => {
                let put = client.put_object().bucket(bucket).key(format!("vpn/{key}"));
                put.body(ByteStream::from(bytes)).send().await.unwrap();
            }
        }
    }

    /// Puts back what was there, as the only version.
    pub async fn put_back(&self, key: &str, bytes: Vec<u8>) {
        if let Place::Bucket { .. } = &self.place {
            self.delete(key).await;
        }
        self.put(key, bytes).await;
    }

    /// Deletes past the program, in a bucket every version.
    pub async fn delete(&self, key: &str) {
        assert_eq!(self.delete_versions(key).await, None, "{key}");
    }

    /// The same; the code of the refusal, where it is refused.
    pub async fn delete_versions(&self, key: &str) -> Option<String> {
        match &self.place {
            Place::Directory(directory) => std::fs::remove_file(directory.path().join(key)).unwrap(),
            Place::Bucket { client, bucket, .. } => {
                let key = format!("vpn/{key}");
                let listed = client.list_object_versions().bucket(bucket).prefix(&key).send().await.unwrap();
                for version in listed.versions() {
                    let delete = client.delete_object().bucket(bucket).key(&key);
                    if let Err(error) = delete.version_id(version.version_id().unwrap()).send().await {
                        return Some(error.code().unwrap_or("no code").to_owned());
                    }
                }
            }
        }
        None
    }

    /// Puts a delete marker over an object. None in a directory, which has none.
    pub async fn hide(&self, key: &str) -> Option<()> {
        match &self.place {
            Place::Directory(_) => None,
            Place::Bucket { client, bucket, .. } => {
                client.delete_object().bucket(bucket).key(format!("vpn/{key}")).send().await.unwrap();
                Some(())
            }
        }
    }
}

/// The faults of a verification, without their messages.
pub fn faults(verification: &Verification) -> Vec<(Kind, String)> {
    verification.faults.iter().map(|fault| (fault.kind, fault.object_key.clone())).collect()
}
