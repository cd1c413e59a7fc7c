//! Errors of AWS: what of them is passed on, and which are worth another try.

use client_vpn_audit::aws::identity::{MemberRole, MemberSession, own_account};
use client_vpn_audit::clock::Clock;
use client_vpn_audit::lake::keys::Key;
use client_vpn_audit::lake::store::{S3Store, Store};
use client_vpn_audit::proof::signing::{Signer, SigningKey};
use client_vpn_audit::target::AccountId;
use serde_json::{Value, json};

use crate::harness::emulator::{Emulator, Invoked};
use crate::harness::stub::Stub;
use crate::harness::{World, command, error_codes, fleet, outcomes, sdk_config, snapshot};

/// A name in the forms that a message can give it.
const NAMES: [&str; 5] = ["maria.lopez", "MARIA.LOPEZ", "maria%2Elopez", "maria.lop", "bWFyaWEubG9wZXo="];

fn assert_nobody(what: &str, text: &str) {
    assert!(!text.is_empty(), "{what}: nothing was looked at");
    let lower = text.to_lowercase();
    for name in NAMES.iter().map(|name| name.to_lowercase()).chain(["maria".to_owned(), "lopez".to_owned()]) {
        assert!(!lower.contains(&name), "{what} has {name}: {text}");
    }
}

/// A message with the name wherever AWS puts one, and a denial that names its caller.
fn message() -> String {
    format!(
        "Value ({}) for filter is invalid. User: arn:aws:sts::123456789012:assumed-role/audit/maria.lopez@example.com is not \
         authorized to perform: ec2:DescribeClientVpnConnections on resource: arn:aws:ec2:eu-central-1:123456789012:client-vpn\
         -endpoint/cvpn-endpoint-0123456789abcdef0 with an explicit deny in a service control policy. Encoded: {}",
        NAMES[1],
        NAMES.join(" ")
    )
}

fn ec2_error(code: &str) -> String {
    let message = message();
    format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>maria-lopez</RequestID></Response>"
    )
}

fn s3_error(code: &str) -> String {
    let message = message();
    format!(
        "<Error><Code>{code}</Code><Message>{message}</Message><RequestId>maria-lopez</RequestId></Error>"
    )
}

fn sts_error(code: &str) -> String {
    format!("<ErrorResponse>{}</ErrorResponse>", s3_error(code))
}

const ID_HEADERS: &str =
    "x-amzn-requestid: maria-lopez-1985\r\nx-amz-request-id: maria.lopez\r\nx-amz-id-2: maria.lopez\r\n";

/// Runs a snapshot with a filter by the name, at an EC2 that gives this error; everything that comes of it, and the error.
async fn snapshot_at(status: u16, body: &str, headers: &str) -> (String, Value) {
    let ec2 = Stub::with_headers(headers, &[(status, body)]).await;
    let lake = tempfile::TempDir::new().unwrap();
    let run = |json: &[&str]| {
        command(env!("CARGO_BIN_EXE_client-vpn-audit"), ec2.url())
            .args(["snapshot", "--account-id", "123456789012", "--target", "cvpn-endpoint-0123456789abcdef0"])
            .args(["--filter", "username=maria.lopez", "--lake", lake.path().to_str().unwrap()])
            .args(json)
            .env("AUDIT_MAX_ATTEMPTS", "1")
            .env("RUST_LOG", "trace")
            .output()
            .unwrap()
    };
    let (table, output) = (run(&[]), run(&["--json"]));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut text = [table.stdout, table.stderr, output.stdout, output.stderr].concat();
    for file in crate::harness::files_under(lake.path()) {
        text.extend(std::fs::read(lake.path().join(file)).unwrap());
    }
    (String::from_utf8_lossy(&text).into_owned(), answer["targets"][0]["error"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_message_of_ec2_is_passed_on() {
    for (status, code, expected) in [
        (400, "InvalidParameterValue", "InvalidParameterValue"),
        (403, "UnauthorizedOperation", "UnauthorizedOperation"),
        (403, "AccessDenied", "AccessDenied"),
        (401, "AuthFailure", "AuthFailure"),
        (400, "SomethingNewInvalid", "SomethingNewInvalid"),
        (400, "maria.lopez", "RequestFailed"),
        (400, "Maria.Lopez", "RequestFailed"),
        (400, "MariaLopez", "RequestFailed"),
        (400, "maria.lopez@example.com", "RequestFailed"),
        (400, "", "RequestFailed"),
    ] {
        let (text, error) = snapshot_at(status, &ec2_error(code), ID_HEADERS).await;
        assert_nobody(code, &text);
        assert_eq!((&error["code"], &error["request_id"]), (&json!(expected), &json!(null)), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(feature = "tools"), ignore = "needs cargo-lambda")]
async fn nor_is_it_in_the_log_of_the_function() {
    for code in ["UnauthorizedOperation", "maria.lopez"] {
        let aws = Stub::with_headers(ID_HEADERS, &[(403, &ec2_error(code))]).await;
        let world = World::new(fleet(1, 1)).await;
        let mut variables = world.variables(&[("RUST_LOG", "trace")]);
        variables.retain(|(name, _)| name != "AUDIT_ACCOUNT_ID");
        // Without an account STS is asked, with one EC2.
        for account in [None, Some(("AUDIT_ACCOUNT_ID".to_owned(), "123456789012".to_owned()))] {
            variables.extend(account);
            let emulator = Emulator::start(aws.url(), &variables);
            for payload in [json!({"action": "snapshot"}), json!({"action": "preflight"})] {
                match emulator.invoke(&payload) {
                    Invoked::Answer(answer) => assert_nobody(code, &answer.to_string()),
                    Invoked::Failed(error) => assert_nobody(code, &error),
                }
            }
            assert_nobody(code, &emulator.log());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_keeps_the_action_the_resource_and_the_kind_of_policy() {
    let id = "59dbff89-35bd-4eac-99ed-be587ed81825";
    for code in ["UnauthorizedOperation", "AccessDenied", "Client.UnauthorizedOperation"] {
        let (text, error) = snapshot_at(403, &ec2_error(code), &format!("x-amzn-requestid: {id}\r\n")).await;
        assert_nobody(code, &text);
        let resource =
            "arn:aws:ec2:eu-central-1:123456789012:client-vpn-endpoint/cvpn-endpoint-0123456789abcdef0";
        let denial = json!({
            "action": "ec2:DescribeClientVpnConnections",
            "resource": resource,
            "policy": "service_control",
            "explicit": true,
        });
        assert_eq!(
            (&error["code"], &error["denial"], &error["request_id"]),
            (&json!(code), &denial, &json!(id))
        );
        let words = format!(
            "the permission ec2:DescribeClientVpnConnections on {resource} is denied explicitly by a service control policy"
        );
        assert_eq!(error["message"], json!(words));
    }
    // A code that we have no words for.
    let (_, error) =
        snapshot_at(400, &ec2_error("BrandNewException"), &format!("x-amzn-requestid: {id}\r\n")).await;
    let words = format!("EC2 answered BrandNewException; see request id {id} in CloudTrail");
    assert_eq!((&error["message"], &error["denial"]), (&json!(words), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_is_one_of_sts_kms_or_s3() {
    let codes =
        ["AccessDenied", "AuthFailure", "ExpiredToken", "SomethingNewInvalid", "maria.lopez", "MariaLopez"];
    for code in codes {
        let sts = Stub::with_headers(ID_HEADERS, &[(403, &sts_error(code))]).await;
        let sdk = sdk_config(sts.url(), "eu-central-1");
        assert_nobody(code, &own_account(&sdk).await.unwrap_err().to_string());
        let role = MemberRole::new("audit", None).unwrap();
        let account_id = AccountId::parse("222233334444").unwrap();
        let session = MemberSession::new(&sdk, Clock::system(), &role, &account_id, "aws");
        let error = session.credentials().await.unwrap_err();
        assert_nobody(code, &format!("{error} {error:?}"));
        let expected = if code == "AccessDenied" { "AssumeRoleRefused" } else { "AssumeRoleFailed" };
        assert_eq!(error.code.as_str(), expected, "{error}");

        let body = json!({"__type": code, "message": message(), "Message": message()}).to_string();
        let kms = Stub::with_headers(ID_HEADERS, &[(400, &body)]).await;
        let key = SigningKey::Kms("alias/evidence".to_owned());
        let signer = Signer::new(Some(&key), &sdk_config(kms.url(), "eu-central-1")).unwrap();
        let error = signer.identification().await.unwrap_err();
        assert_nobody(code, &format!("{} {error} {error:?}", error.code));

        let s3 = Stub::with_headers(ID_HEADERS, &[(403, &s3_error(code))]).await;
        let client = aws_sdk_s3::Client::new(&sdk_config(s3.url(), "eu-central-1"));
        let store = Store::from(S3Store::new(client, "evidence".to_owned(), "vpn".to_owned(), None));
        for error in [
            store.contains(Key::Preflight).await.unwrap_err(),
            store.keys("runs/").await.unwrap_err(),
            store.list_folder("runs/").await.unwrap_err(),
            store.missing_protections().await.unwrap_err(),
        ] {
            assert_nobody(code, &format!("{} {error} {error:?}", error.code));
        }
    }
}

/// The error keeps S3's words about the policy that denies.
#[tokio::test(flavor = "multi_thread")]
async fn a_denial_of_s3_names_the_kind_of_policy() {
    let body = "<Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::1:assumed-role/x/maria is not authorized to perform: \
                s3:GetBucketPolicy on resource: \"arn:aws:s3:::evidence\" because no identity-based policy allows the \
                s3:GetBucketPolicy action</Message></Error>";
    let s3 = Stub::start(&[(403, body)]).await;
    let client = aws_sdk_s3::Client::new(&sdk_config(s3.url(), "eu-central-1"));
    let store = Store::from(S3Store::new(client, "evidence".to_owned(), String::new(), None));
    let error = store.missing_protections().await.unwrap_err().to_string();
    let words = "the permission s3:GetBucketPolicy on arn:aws:s3:::evidence is missing: no identity-based policy allows it";
    assert!(error.contains(words), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_in_another_region_is_told_with_its_region() {
    let body = |code: &str, inside: &str| {
        format!("<Error><Code>{code}</Code><Message>maria</Message>{inside}</Error>")
    };
    let (eu, name) = ("<Region>eu-west-1</Region>", "<Region>maria-lopez-1</Region>");
    for (status, headers, body, code, region) in [
        (301, "x-amz-bucket-region: eu-west-1\r\n", body("PermanentRedirect", ""), "PermanentRedirect", true),
        (301, "x-amz-bucket-region: eu-west-1\r\n", String::new(), "PermanentRedirect", true),
        (307, "x-amz-bucket-region: eu-west-1\r\n", body("TemporaryRedirect", ""), "TemporaryRedirect", true),
        (400, "", body("AuthorizationHeaderMalformed", eu), "AuthorizationHeaderMalformed", true),
        (
            301,
            "x-amz-bucket-region: maria-lopez-1\r\n",
            body("PermanentRedirect", name),
            "PermanentRedirect",
            false,
        ),
        (400, "", body("AuthorizationHeaderMalformed", name), "AuthorizationHeaderMalformed", false),
    ] {
        let s3 = Stub::with_headers(headers, &[(status, &body)]).await;
        let client = aws_sdk_s3::Client::new(&sdk_config(s3.url(), "eu-central-1"));
        let store = Store::from(S3Store::new(client, "evidence".to_owned(), String::new(), None));
        let error = store.keys("runs/").await.unwrap_err();
        let text = error.to_string();
        assert_eq!(error.code.as_str(), code, "{text}");
        assert_nobody(code, &text);
        let words = "the bucket evidence is in the Region eu-west-1; set AWS_REGION to it";
        assert_eq!(text.contains(words), region, "{text}");
        assert!(text.contains("set AWS_REGION"), "{text}");
    }
}

fn page(token: &str, id: &str) -> String {
    let token = if token.is_empty() { String::new() } else { format!("<nextToken>{token}</nextToken>") };
    format!(
        "<DescribeClientVpnConnectionsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>\
         <connections><item><connectionId>{id}</connectionId></item></connections>{token}</DescribeClientVpnConnectionsResponse>"
    )
}

/// A snapshot of one endpoint, and of nothing else, at these answers.
async fn capture_at(answers: &[(u16, &str)]) -> (client_vpn_audit::capture::run::Report, usize) {
    let ec2 = Stub::start(answers).await;
    let world = World::new(fleet(1, 1)).await;
    let settings = client_vpn_audit::invocation::settings::Settings::parse(world.variables(&[])).unwrap();
    let progress = client_vpn_audit::capture::request::Progress::silent();
    let sdk = sdk_config(ec2.url(), "eu-central-1");
    let auditor =
        client_vpn_audit::invocation::handler::Auditor::new(settings, sdk, world.clock.clone(), progress);
    (snapshot(&auditor, json!({})).await, ec2.heads().len())
}

fn error_of_ec2(code: &str, message: &str) -> String {
    format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_speaks_of_the_token_begins_the_listing_anew() {
    for (code, message) in [
        ("InvalidParameterValue", "Value ( t1 ) for parameter NextToken is invalid."),
        ("InvalidParameterValue", "The nextToken has expired"),
        ("InvalidParameter", "The pagination token is not valid"),
        ("InvalidNextToken", "x"),
        ("InvalidPaginationToken", "x"),
        ("InvalidParameterValue", "The token is invalid or has expired."),
        ("InvalidParameterValue", "Invalid token: t1"),
        ("InvalidParameterValue", "Value (t1) for parameter Token is invalid."),
        ("InvalidToken", "x"),
    ] {
        let (first, error, last) = (page("t1", "a"), error_of_ec2(code, message), page("", "b"));
        let (report, _) = capture_at(&[(200, &first), (400, &error), (200, &first), (200, &last)]).await;
        assert_eq!(outcomes(&report), ["complete"], "{code} {message}: {:?}", report.record.targets[0].error);
        assert_eq!(report.record.targets[0].rows(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_so_only_where_a_token_was_sent_and_the_message_is_about_it() {
    let about_token =
        error_of_ec2("InvalidParameterValue", "Value ( t1 ) for parameter NextToken is invalid.");
    let (report, _) = capture_at(&[(400, &about_token)]).await;
    assert_eq!((outcomes(&report), error_codes(&report)), (vec!["failed"], vec!["InvalidParameterValue"]));
    let of_credentials = error_of_ec2("AuthFailure", "The security token or the token is not valid");
    for (error, code) in [
        (error_of_ec2("InvalidToken", "x"), "InvalidToken"),
        (error_of_ec2("InvalidParameterValue", "Invalid token: t1"), "InvalidParameterValue"),
        (of_credentials.clone(), "AuthFailure"),
    ] {
        let (report, _) = capture_at(&[(400, &error)]).await;
        assert_eq!((outcomes(&report), error_codes(&report)), (vec!["failed"], vec![code]));
    }
    let (first, last) = (page("t1", "a"), page("", "b"));
    let (report, _) = capture_at(&[(200, &first), (400, &of_credentials), (200, &first), (200, &last)]).await;
    assert_eq!((outcomes(&report), error_codes(&report)), (vec!["partial"], vec!["AuthFailure"]));
    let about_filter = error_of_ec2("InvalidParameterValue", "Value (x) for parameter filter is invalid.");
    let (first, last) = (page("t1", "a"), page("", "b"));
    let (report, _) = capture_at(&[(200, &first), (400, &about_filter), (200, &first), (200, &last)]).await;
    assert_eq!((outcomes(&report), error_codes(&report)), (vec!["partial"], vec!["InvalidParameterValue"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_id_in_the_body_of_an_error_is_recorded() {
    const ID: &str = "59dbff89-35bd-4eac-99ed-be587ed81825";
    let error = error_of_ec2("InternalMistakeFailed", "x");
    let error = error.replace("</Response>", &format!("<RequestID>{ID}</RequestID></Response>"));
    let (report, _) = capture_at(&[(400, &error)]).await;
    let found = report.record.targets[0].error.as_ref().unwrap();
    assert_eq!(found.code.as_str(), "InternalMistakeFailed");
    assert!(found.message.contains(&format!("see request id {ID}")), "{}", found.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_place_of_a_code_is_not_repeated() {
    for name in ["SandraBlock", "MariaBadger.Lopez", "MariaNotley"] {
        let (report, _) = capture_at(&[(400, &error_of_ec2(name, "x"))]).await;
        assert_eq!(error_codes(&report), ["RequestFailed"], "{name}");
        assert!(!report.record.to_line().unwrap().contains(name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_credentials_of_the_own_account_get_one_more_try() {
    for code in ["RequestExpired", "ExpiredToken", "ExpiredTokenException"] {
        let (expired, last) = (error_of_ec2(code, "Request has expired."), page("", "a"));
        let (report, _) = capture_at(&[(400, &expired), (200, &last)]).await;
        assert_eq!(outcomes(&report), ["complete"], "{code}");
        let (report, asked) = capture_at(&[(400, &expired)]).await;
        assert_eq!((outcomes(&report), error_codes(&report)), (vec!["failed"], vec![code]));
        assert!(asked <= 8, "{code}: {asked} requests");
    }
    let (denied, last) = (error_of_ec2("UnauthorizedOperation", "x"), page("", "a"));
    let (report, _) = capture_at(&[(403, &denied), (200, &last)]).await;
    assert_eq!(outcomes(&report), ["failed"], "what is denied is not tried again");
}
