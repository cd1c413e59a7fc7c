//! The options of an endpoint, as elements of its row.

use crate::access::{AuthenticationOption, EndpointOptions, TransitGateway, TrustProvider};
use crate::element::Element;

pub(super) fn authentication(options: &[AuthenticationOption]) -> Element {
    let items = options.iter().map(|option| Element::Parent("item", authentication_option(option)));
    Element::Parent("authenticationOptions", items.collect())
}

fn authentication_option(option: &AuthenticationOption) -> Vec<Element> {
    let (kind, content) = match option {
        AuthenticationOption::Certificate { root_certificate_arn } => {
            let chain = Element::text("clientRootCertificateChain", root_certificate_arn);
            ("certificate-authentication", Element::Parent("mutualAuthentication", vec![chain]))
        }
        AuthenticationOption::DirectoryService { directory_id } => {
            let directory = Element::text("directoryId", directory_id);
            ("directory-service-authentication", Element::Parent("activeDirectory", vec![directory]))
        }
        AuthenticationOption::Federated { saml_provider_arn, self_service_saml_provider_arn } => {
            let provider = Element::text("samlProviderArn", saml_provider_arn);
            let portal = self_service_saml_provider_arn.as_deref();
            let portal = Element::optional("selfServiceSamlProviderArn", portal);
            let federated = Element::parent("federatedAuthentication", [Some(provider), portal]);
            ("federated-authentication", federated)
        }
    };
    vec![Element::text("type", kind), content]
}

/// Returns the options of the connection log. Their names begin with capitals, as in EC2's own answers.
pub(super) fn log(options: &EndpointOptions, group: &str, is_on: bool) -> Element {
    let stream = options.log_stream.as_deref().filter(|_| is_on);
    let context = options.log_policy_context;
    Element::parent(
        "connectionLogOptions",
        [
            Some(Element::flag("Enabled", is_on)),
            Element::optional("CloudwatchLogGroup", is_on.then_some(group)),
            Element::optional("CloudwatchLogStream", stream),
            context.map(|context| Element::flag("IncludeAuthorizationPolicyContext", context)),
        ],
    )
}

pub(super) fn tags(tags: &[(String, String)]) -> Element {
    let tag = |(key, value): &(String, String)| {
        Element::Parent("item", vec![Element::text("key", key), Element::text("value", value)])
    };
    Element::Parent("tagSet", tags.iter().map(tag).collect())
}

pub(super) fn connect(options: &EndpointOptions) -> Element {
    let function = options.connect_handler_arn.as_deref();
    Element::parent(
        "clientConnectOptions",
        [
            Some(Element::flag("enabled", function.is_some())),
            Element::optional("lambdaFunctionArn", function),
            Some(Element::of_status(&options.connect_handler_status)),
        ],
    )
}

pub(super) fn login_banner(banner: Option<&str>) -> Element {
    let enabled = Element::flag("enabled", banner.is_some());
    Element::parent("clientLoginBannerOptions", [Some(enabled), Element::optional("bannerText", banner)])
}

pub(super) fn route_enforcement(is_enforced: bool) -> Element {
    Element::Parent("clientRouteEnforcementOptions", vec![Element::flag("enforced", is_enforced)])
}

pub(super) fn transit_gateway(gateway: &TransitGateway) -> Element {
    Element::Parent(
        "transitGatewayConfiguration",
        vec![
            Element::text("transitGatewayId", &gateway.id),
            Element::text("transitGatewayAttachmentId", &gateway.attachment_id),
            Element::items("availabilityZoneSet", &gateway.availability_zones),
            Element::items("availabilityZoneIdSet", &gateway.availability_zone_ids),
        ],
    )
}

/// Returns the providers of device posture; `None` if there are none.
pub(super) fn device_posture(providers: &[TrustProvider]) -> Option<Element> {
    let items = providers.iter().map(trust_provider).collect();
    let set = Element::Parent("trustProviderSet", items);
    (!providers.is_empty()).then(|| Element::Parent("devicePostureOptions", vec![set]))
}

fn trust_provider(provider: &TrustProvider) -> Element {
    Element::parent(
        "item",
        [
            Some(Element::text("trustProviderType", &provider.provider_type)),
            Element::optional("tenantId", provider.tenant_id.as_deref()),
            Element::optional("publicSigningKeyUrl", provider.public_signing_key_url.as_deref()),
        ],
    )
}
