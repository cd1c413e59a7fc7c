use super::*;

const ENDPOINT: &str = "cvpn-endpoint-0123456789abcdef0";

fn parse(variables: &[(&str, &str)]) -> Result<Settings, InvalidInputs> {
    Settings::parse(variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())))
}

fn home() -> AccountRegion {
    AccountRegion {
        account_id: AccountId::parse("111122223333").unwrap(),
        region: Region::parse("eu-central-1").unwrap(),
    }
}

#[test]
fn two_settings_are_enough() {
    let settings =
        parse(&[("AUDIT_TARGETS", ENDPOINT), ("AUDIT_LAKE", "s3://evidence/vpn"), ("PATH", "/bin")]).unwrap();
    assert_eq!(settings.page_size.get(), 1000);
    assert_eq!(settings.concurrency, 5);
    assert_eq!(settings.limits.call_timeout, Duration::from_secs(20));
    assert_eq!(settings.limits.max_attempts, 10);
    let targets = settings.targets_at(&home(), None, "AUDIT_TARGETS").unwrap();
    assert_eq!(targets.len(), 1);
    assert_eq!((targets[0].all, targets[0].named()[0].endpoint_id.as_str()), (false, ENDPOINT));
}

#[test]
fn every_fault_is_in_one_answer_by_name_and_value() {
    let faults = parse(&[
        ("AUDIT_TARGETS", "cvpn-endpoint-1,arn:aws:s3:::bucket,**"),
        ("AUDIT_LAKE", "gs://evidence"),
        ("AUDIT_LAKE_ACCOUNT", "evidence"),
        ("AUDIT_ACCOUNT_ID", "12"),
        ("AUDIT_ACCOUNTS", "x"),
        ("AUDIT_REGIONS", "Frankfurt"),
        ("AUDIT_PAGE_SIZE", "abc"),
        ("AUDIT_CONCURRENCY", "0"),
        ("AUDIT_CALL_TIMEOUT_SECONDS", "-1"),
        ("AUDIT_MAX_ATTEMPTS", "99"),
        ("AUDIT_KMS_KEY", "no key"),
        ("AUDIT_STACK", "a stack"),
        ("AUDIT_SIGNING_KEY", "no/such/key.pem"),
        ("AUDIT_TARGET", "typo"),
    ])
    .unwrap_err()
    .quoting_values();
    let text = faults.to_string();
    let found = [
        "AUDIT_TARGETS: found `cvpn-endpoint-1`",
        "AUDIT_TARGETS: found `arn:aws:s3:::bucket`",
        "AUDIT_TARGETS: found `**`",
        "AUDIT_LAKE: found `gs://evidence`",
        "AUDIT_LAKE_ACCOUNT: found `evidence`",
        "AUDIT_ACCOUNT_ID: found `12`",
        "AUDIT_ACCOUNTS: found `x`",
        "AUDIT_REGIONS: found `Frankfurt`",
        "AUDIT_PAGE_SIZE: found `abc`, allowed: a whole number from 5 to 1000",
        "AUDIT_CONCURRENCY: found `0`",
        "AUDIT_CALL_TIMEOUT_SECONDS: found `-1`",
        "AUDIT_MAX_ATTEMPTS: found `99`",
        "AUDIT_KMS_KEY: found `no key`",
        "AUDIT_STACK: found `a stack`",
        "AUDIT_SIGNING_KEY: found `no/such/key.pem`, allowed: a KMS key's ARN, alias/NAME, or a file that is there",
        "AUDIT_TARGET: is no setting; there are AUDIT_TARGETS, ",
    ];
    for part in found {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(faults.iter().count(), found.len());
}

#[test]
fn the_owner_of_the_bucket_the_stack_and_its_metrics_are_read() {
    let given = [("AUDIT_TARGETS", ENDPOINT), ("AUDIT_LAKE", "s3://evidence/vpn")];
    let settings = parse(&given).unwrap();
    assert_eq!((settings.lake_account, settings.stack, settings.endpoint_metrics), (None, None, false));
    let more = [
        ("AUDIT_LAKE_ACCOUNT", "001234567890"),
        ("AUDIT_STACK", "client-vpn-audit"),
        ("AUDIT_ENDPOINT_METRICS", "true"),
    ];
    let settings = parse(&[given.as_slice(), &more].concat()).unwrap();
    assert!(settings.endpoint_metrics);
    assert_eq!(settings.lake_account.unwrap().to_string(), "001234567890");
    assert_eq!(settings.stack.as_deref(), Some("client-vpn-audit"));
    for (name, value) in [
        ("AUDIT_LAKE_ACCOUNT", "111122223333,444455556666"),
        ("AUDIT_LAKE_ACCOUNT", "1234567890"),
        ("AUDIT_STACK", ":x"),
        ("AUDIT_STACK", &"x".repeat(129)),
        ("AUDIT_ENDPOINT_METRICS", "yes"),
    ] {
        let text = parse(&[given.as_slice(), &[(name, value)]].concat()).unwrap_err().to_string();
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn nothing_set_names_what_must_be() {
    let text = parse(&[]).unwrap_err().to_string();
    assert!(text.contains("AUDIT_TARGETS: is not set"), "{text}");
    assert!(text.contains("AUDIT_LAKE: is not set"), "{text}");
}

#[test]
fn page_sizes_outside_those_of_ec2_are_refused() {
    for (text, fits) in
        [("4", false), ("5", true), ("1000", true), ("1001", false), ("7.0", false), ("abc", false)]
    {
        let result = parse(&[("AUDIT_TARGETS", ENDPOINT), ("AUDIT_LAKE", "lake"), ("AUDIT_PAGE_SIZE", text)]);
        assert_eq!(result.is_ok(), fits, "{text}");
    }
}

fn targets(variables: &[(&str, &str)]) -> Result<Vec<PlaceTargets>, String> {
    let settings = parse(&[variables, &[("AUDIT_LAKE", "lake")]].concat()).unwrap();
    settings.targets_at(&home(), None, "AUDIT_TARGETS").map_err(|faults| faults.to_string())
}

#[test]
fn targets_outside_the_tables_and_accounts_without_a_role_are_refused() {
    let other = "arn:aws:ec2:eu-central-1:999999999999:client-vpn-endpoint/*";
    for (variables, part) in [
        (&[("AUDIT_TARGETS", ENDPOINT), ("AUDIT_ACCOUNTS", "999999999999")][..], "111122223333 is not"),
        (&[("AUDIT_TARGETS", ENDPOINT), ("AUDIT_REGIONS", "us-east-1,us-west-2")], "eu-central-1 is not"),
        (&[("AUDIT_TARGETS", other)], "AUDIT_MEMBER_ROLE must name the role"),
        (
            &[("AUDIT_TARGETS", other), ("AUDIT_MEMBER_ROLE", "audit"), ("AUDIT_ACCOUNTS", "111122223333")],
            "999999999999 is not",
        ),
    ] {
        let text = targets(variables).unwrap_err();
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn what_is_named_in_two_ways_is_wanted_once_and_said_so() {
    let arn = format!("arn:aws:ec2:eu-central-1:111122223333:client-vpn-endpoint/{ENDPOINT}");
    let elsewhere = "arn:aws:ec2:us-east-1:444455556666:client-vpn-endpoint/*";
    let texts = format!("{ENDPOINT} {elsewhere} {arn}");
    let wanted = targets(&[("AUDIT_TARGETS", &texts), ("AUDIT_MEMBER_ROLE", "audit")]).unwrap();
    let [here, there] = &wanted[..] else { panic!("two places, not {wanted:?}") };
    assert_eq!((here.named().len(), here.named_twice.len(), here.all), (1, 1, false));
    assert_eq!((there.named().len(), there.named_twice.len(), there.all), (0, 0, true));
    assert_eq!(there.arns(), [elsewhere]);
}

#[test]
fn a_member_role_is_a_name_and_an_external_id_goes_with_it() {
    let of = |variables: &[(&str, &str)]| {
        parse(&[variables, &[("AUDIT_LAKE", "lake"), ("AUDIT_TARGETS", "*")]].concat())
    };
    let role = of(&[("AUDIT_MEMBER_ROLE", "audit/client-vpn"), ("AUDIT_EXTERNAL_ID", "3f:9c")]).unwrap();
    let account = AccountId::parse("444455556666").unwrap();
    assert_eq!(
        role.member_role.unwrap().arn(&account, "aws"),
        "arn:aws:iam::444455556666:role/audit/client-vpn"
    );
    for (variables, part) in [
        (&[("AUDIT_MEMBER_ROLE", "arn:aws:iam::444455556666:role/audit")][..], "no ARN"),
        (&[("AUDIT_MEMBER_ROLE", "audit//x")], "AUDIT_MEMBER_ROLE: found `audit//x`"),
        (&[("AUDIT_MEMBER_ROLE", "audit"), ("AUDIT_EXTERNAL_ID", "a b")], "AUDIT_EXTERNAL_ID: found `a b`"),
        (&[("AUDIT_EXTERNAL_ID", "3f9c")], "AUDIT_MEMBER_ROLE is not set"),
        (&[("AUDIT_SPREAD_ABOVE", "many")], "AUDIT_SPREAD_ABOVE: found `many`"),
    ] {
        let text = of(variables).unwrap_err().quoting_values().to_string();
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn no_value_of_a_setting_is_in_a_fault() {
    const MARIA: &str = "Maria Lopez <maria.lopez@corp.example>";
    for setting in SETTINGS {
        let value = match setting.name {
            "AUDIT_LAKE" => format!("gs://{MARIA}"),
            _ => MARIA.to_owned(),
        };
        let good = [("AUDIT_TARGETS", ENDPOINT), ("AUDIT_LAKE", "lake"), ("AUDIT_MEMBER_ROLE", "audit")];
        let others = good.into_iter().filter(|(name, _)| *name != setting.name);
        let faults = parse(&others.chain([(setting.name, value.as_str())]).collect::<Vec<_>>()).unwrap_err();
        let text = format!("{faults} {faults:?}");
        assert!(text.contains(setting.name), "{text}");
        let text = text.to_lowercase();
        assert!(!text.contains("maria") && !text.contains("lopez"), "{text}");
    }
}

#[test]
fn a_fault_of_a_list_says_which_item_it_is() {
    let text =
        parse(&[("AUDIT_TARGETS", "*,x"), ("AUDIT_LAKE", "lake"), ("AUDIT_REGIONS", "eu-central-1 x")]);
    let text = text.unwrap_err().to_string();
    for part in [
        "AUDIT_TARGETS: item 2: found a text of 1 character, allowed: cvpn-endpoint-",
        "AUDIT_REGIONS: item 2: found a text of 1 character, allowed: Regions",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn keys_of_kms_may_be_of_any_partition() {
    for partition in ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-eusc", "aws-xyz"] {
        let arn = format!("arn:{partition}:kms:us-isob-east-1:111122223333:key/1234abcd-12ab");
        let variables = [
            ("AUDIT_TARGETS", ENDPOINT),
            ("AUDIT_LAKE", "lake"),
            ("AUDIT_KMS_KEY", &arn),
            ("AUDIT_SIGNING_KEY", &arn),
        ];
        let settings = parse(&variables).unwrap();
        assert_eq!(settings.kms_key.unwrap().as_str(), arn);
        assert_eq!(settings.signing_key, Some(SigningKey::Kms(arn)));
    }
}
