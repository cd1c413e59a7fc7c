//! The examples and exit statuses at the end of each command's help.

pub const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  # One endpoint of the own account, into a directory
  client-vpn-audit snapshot --lake ./lake --target cvpn-endpoint-0123456789abcdef0

  # Two endpoints, into a bucket, for a machine to read
  client-vpn-audit snapshot --lake s3://evidence/vpn --target cvpn-endpoint-0123456789abcdef0 \\
      --target cvpn-endpoint-0fedcba9876543210 --json

  # Every endpoint of this account and Region, and every one of another account, where a role is assumed
  AUDIT_MEMBER_ROLE=client-vpn-audit client-vpn-audit snapshot --lake s3://evidence/vpn --target '*' \\
      --target 'arn:aws:ec2:eu-central-1:444455556666:client-vpn-endpoint/*'

  # What one user does now; filtered, so it is kept as partial
  client-vpn-audit snapshot --lake ./lake --target cvpn-endpoint-0123456789abcdef0 --filter username=maria

Exit status: 0 every target complete or already captured and the endpoints' configuration on record, 1 something was not, 2 wrong
usage.
Settings without a flag come from the environment: AUDIT_MEMBER_ROLE, AUDIT_CONCURRENCY and others, see docs/settings.md.
Credentials, profiles, Regions and endpoints are the AWS SDK's own: AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_EC2, …
Proxies are HTTPS_PROXY, HTTP_PROXY and NO_PROXY (* for none); nothing that hands out credentials is asked through one.";

pub const PREFLIGHT_EXAMPLES: &str = "\
Examples:
  client-vpn-audit preflight --lake s3://evidence/vpn --target cvpn-endpoint-0123456789abcdef0

  # With the log groups that logs is to read; the checks name those of the endpoints that are missing here
  client-vpn-audit preflight --lake s3://evidence/vpn --target '*' --log-group 'arn:aws:logs:*:*:log-group:/vpn/*'

Exit status: 0 everything is as it should be, 1 something is not, 2 wrong usage.";

pub const LOGS_EXAMPLES: &str = "\
Examples:
  # The windows that are due, of the log group that an endpoint logs to
  client-vpn-audit logs --lake ./lake --target cvpn-endpoint-0123456789abcdef0 \\
      --log-group arn:aws:logs:eu-central-1:111122223333:log-group:/vpn/connections

  # Every log group whose name begins with /vpn/, of all endpoints of this account and Region
  client-vpn-audit logs --lake s3://evidence/vpn --target '*' --log-group 'arn:aws:logs:*:*:log-group:/vpn/*'

Exit status: 0 every window that was due is in the lake, or no log group is allowed, 1 something was not, 2 wrong usage.";

pub const SEAL_EXAMPLES: &str = "\
Examples:
  # Every hour that is closed and not sealed yet, with a KMS key of your own (only the function may sign with the template's)
  client-vpn-audit seal --lake s3://evidence/vpn --signing-key alias/evidence

  # Outside AWS, with a key in a file
  openssl ecparam -genkey -name prime256v1 -noout -out key.pem
  openssl ec -in key.pem -pubout -out public.pem
  client-vpn-audit seal --lake ./lake --signing-key key.pem

Exit status: 0 everything is sealed, 1 something could not be, 2 wrong usage.
Sealing again changes nothing. An hour is closed 35 minutes after its end, when no retry of it can come any more.";

pub const VERIFY_EXAMPLES: &str = "\
Examples:
  # All of a bucket, with the public part of the key that signed
  aws kms get-public-key --key-id alias/evidence --query PublicKey --output text | base64 -d > public.der
  client-vpn-audit verify --lake s3://evidence/vpn --public-key public.der

  # November, of a copy in a directory, where evidence older than 400 days may be gone
  client-vpn-audit verify --lake ./copy --public-key public.pem --from 2026-11-01 --to 2026-12-01 --retention-days 400

Exit status: 0 no difference from what was sealed, 1 a difference or something that could not be read, 2 wrong usage.
Without --public-key no signature is checked: then whoever may write the lake could have made all of it anew.
For --known-digest, keep the digest_key and digest_sha256 that `seal --json` prints where the lake's administrators cannot write.";

pub const COVERAGE_EXAMPLES: &str = "\
Examples:
  # Everything that is on record
  client-vpn-audit coverage --lake s3://evidence/vpn

  # November, compared with CloudWatch's own count
  aws cloudwatch get-metric-statistics --namespace AWS/ClientVPN --metric-name ActiveConnectionsCount \\
      --dimensions Name=Endpoint,Value=cvpn-endpoint-0123456789abcdef0 --statistics Maximum --period 300 \\
      --start-time 2026-11-01T00:00:00Z --end-time 2026-11-05T00:00:00Z > connections.json
  client-vpn-audit coverage --lake s3://evidence/vpn --from 2026-11-01 --to 2026-11-05 \\
      --witness cvpn-endpoint-0123456789abcdef0=connections.json

Exit status: 0 no hole and no missing window of connection logs, 1 a hole, a missing window, log groups that are not known, a capture whose
clock stepped, or a run record or digest that cannot be read, 2 wrong usage.
A hole is a time of 60 minutes or more from the request of a complete capture to the last page of one that follows: AWS forgets a
connection 60 minutes after its end. Of an endpoint that is gone, the time after its last capture is one, however short. * is the
list of endpoints itself. --from covers every endpoint that was ever known and is not gone.";

pub const SESSIONS_EXAMPLES: &str = "\
Examples:
  # November, as a table
  client-vpn-audit sessions --lake s3://evidence/vpn --from 2026-11-01 --to 2026-12-01

  # Who was connected at an instant
  client-vpn-audit sessions --lake ./copy --at 2026-11-01T12:00:00Z

  # Everything of one user, for a spreadsheet
  client-vpn-audit sessions --lake ./copy --user maria.lopez --csv > sessions.csv

  # Does the record have each log-in of the identity provider?
  client-vpn-audit sessions --lake ./copy --trace logins.csv

Exit status: 0 everything could be read (and with --trace each line was found), 1 there is no run record, an object could not be read or
is not there (or a line was not found), 2 wrong usage.
The rules are those of the table sessions in Athena, and the record is taken as it is now: docs/schema.md describes each column. A
time with `by` is the latest that it can have been. A session that began and ended within a hole is in no record: see coverage.
--csv writes values as they are. A spreadsheet may take text that begins with = + - or @ for a formula.";

pub const REPORT_EXAMPLES: &str = "\
Examples:
  # November, of a copy of the lake, with the public part of the key that signed
  client-vpn-audit report --lake ./copy --from 2026-11-01 --to 2026-12-01 --public-key public.der --out ./exhibit

  # In local time, with a sample of 25 sessions for each endpoint
  client-vpn-audit report --lake ./copy --from 2026-11-01 --to 2026-12-01 --time-zone Europe/Berlin \\
      --public-key public.der --sample 25 --seed 'audit 2026-17' --out ./exhibit

  # Everything about one session, for a case
  client-vpn-audit report --lake ./copy --from 2026-11-01 --to 2026-11-03 --public-key public.der \\
      --prove cvpn-connection-0123456789abcdef0 --out ./case

  # Nothing was changed since the exhibit was made, by the receipt that was handed over separately
  client-vpn-audit report --check ./exhibit --receipt ./exhibit/receipt.txt

  # By a signature of whoever handed it over, made as here
  openssl dgst -sha256 -sign key.pem ./exhibit/manifest.json | base64 > ./exhibit/manifest.json.sig
  client-vpn-audit report --check ./exhibit --public-key public.pem

Exit status: 0 the exhibit was made, or is as its manifest and receipt say; 1 a hole, a fault of verify, something that could not be read, or no
record (the exhibit is made all the same), or a difference; 2 wrong usage.
Without --receipt and --public-key, --check does not notice a manifest that was rewritten together with the files.
--out must not exist or be empty: nothing is overwritten. Names and addresses of people are in the exhibit.";

pub const DEMO_EXAMPLES: &str = "\
Examples:
  client-vpn-audit demo
  client-vpn-audit demo --lake ./demo-lake

The lake, the key that signs it and the exhibit are kept: in a new temporary directory, or for --lake DIR as DIR, DIR-key.pem,
DIR-public.pem and DIR-exhibit.

Exit status: 0 everything but the faults that it plays was complete, 1 something was not, 2 wrong usage.";
