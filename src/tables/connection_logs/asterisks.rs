//! Fields that a data protection policy of a log group masks: CloudWatch Logs returns asterisks in place of their values.

use std::borrow::Cow;

use super::RawLoggedEvent;

/// Returns the names of the fields with data of a person that have nothing but asterisks. A policy can mask others too, but asterisks
/// in them are kept as any text.
pub fn masked_fields(raw: &RawLoggedEvent<'_>) -> Vec<&'static str> {
    let fields = [
        ("client-ip", &raw.client_ip),
        ("common-name", &raw.common_name),
        ("device-ip", &raw.device_ip),
        ("username", &raw.username),
    ];
    let is_masked = |text: &Cow<'_, str>| !text.is_empty() && text.bytes().all(|byte| byte == b'*');
    let mut masked = Vec::new();
    for (field, text) in fields {
        if text.as_ref().is_some_and(is_masked) {
            masked.push(field);
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_asterisks_are_masked() {
        let raw =
            |device_ip: &'static str, username: &'static str, device_type: &'static str| RawLoggedEvent {
                device_ip: Some(device_ip.into()),
                username: Some(username.into()),
                device_type: Some(device_type.into()),
                ..RawLoggedEvent::default()
            };
        for (raw, expected) in [
            (raw("***********", "*", "linux"), &["device-ip", "username"][..]),
            (raw("198.51.***", "", "linux"), &[]),
            (raw("198.51.100.1", "ada", "***"), &[]),
        ] {
            assert_eq!(masked_fields(&raw), expected, "{raw:?}");
        }
    }
}
