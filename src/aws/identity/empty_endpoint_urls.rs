//! Settings of single services, such as `AWS_ENDPOINT_URL_EC2`. An empty one counts as not set, as in the AWS CLI: the SDK panics
//! at an empty endpoint.

use aws_config::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// Returns a configuration in which no endpoint is empty.
pub(super) fn without_empty_endpoints(sdk: SdkConfig) -> SdkConfig {
    let endpoint = sdk.endpoint_url().filter(|url| !url.is_empty()).map(str::to_owned);
    let settings = sdk.service_config().is_some().then(|| NonEmpty(sdk.clone()));
    let mut sdk = sdk.into_builder();
    sdk.set_endpoint_url(endpoint);
    sdk.set_service_config(settings);
    sdk.build()
}

#[derive(Debug)]
struct NonEmpty(SdkConfig);

impl LoadServiceConfig for NonEmpty {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        self.0.service_config()?.load_config(key).filter(|value| !value.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Always(&'static str);

    impl LoadServiceConfig for Always {
        fn load_config(&self, _: ServiceConfigKey<'_>) -> Option<String> {
            Some(self.0.to_owned())
        }
    }

    #[test]
    fn an_empty_endpoint_counts_as_none() {
        for (set, expected) in [("", None), (" ", None), ("http://localhost", Some("http://localhost"))] {
            let sdk = SdkConfig::builder().endpoint_url(set.trim()).service_config(Always(set)).build();
            let sdk = without_empty_endpoints(sdk);
            let key = ServiceConfigKey::builder().service_id("ec2").env("X").profile("x").build().unwrap();
            assert_eq!(sdk.service_config().unwrap().load_config(key).as_deref(), expected, "{set:?}");
            assert_eq!(sdk.endpoint_url(), expected, "{set:?}");
        }
    }
}
