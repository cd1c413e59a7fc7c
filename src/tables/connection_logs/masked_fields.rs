//! Fields that a data protection policy of a log group masks: CloudWatch Logs returns asterisks in place of their values.

use std::borrow::Cow;

use super::RawLoggedEvent;

/// The fields with data of a person. A policy can mask others too, but asterisks in them are kept as any text.
const MASKABLE: [&str; 4] = ["client-ip", "common-name", "device-ip", "username"];

/// Returns the names of the fields that have nothing but asterisks.
pub fn masked_fields(raw: &RawLoggedEvent<'_>) -> Vec<&'static str> {
    let texts = [&raw.client_ip, &raw.common_name, &raw.device_ip, &raw.username];
    let is_masked = |text: &Cow<'_, str>| !text.is_empty() && text.bytes().all(|byte| byte == b'*');
    let fields = MASKABLE.into_iter().zip(texts);
    fields.filter(|(_, text)| text.as_ref().is_some_and(is_masked)).map(|(field, _)| field).collect()
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
