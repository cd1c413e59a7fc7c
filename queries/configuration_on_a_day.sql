-- How was each endpoint configured on a day: its options, rules, routes, authorization policy and revocation list?
-- Bears on: NIST SP 800-53 CM-2 and CM-6, PCI DSS 1.2.1 and 2.2.1, ISO/IEC 27001 A.8.9.
-- Edit: the day, in UTC.
-- Rows: each value that a snapshot of the day shows. An option whose value changed has several rows.
-- kind: `option`, `authorization_rule`, `route`, `authorization_policy` or `revocation_list`.
-- name, value: as in configuration_changes. value is null if AWS sent none. A policy is enforced if authorization_policy_status is
-- `active` and authorization_policy_shadow_mode is not `enabled`. Without a policy, both are null.
-- A revocation list is shown by its SHA-256.
-- is_known: false in a row for snapshots at which the value is not known: unparsed of endpoints has an error for it, or associated_networks
-- is null. Such a row has no value, and no name if it is about rules or routes: the rules and routes that EC2 did return have rows of their own.
-- A row about rules or routes without a name, and with is_known true, says that no snapshot of the day shows any.
-- first_shown, last_shown, shown_snapshots: the first and the last snapshot with this value, by their snapshot_time, and the number of all.
-- Between the two, snapshots may show another value, or no such rule or route: configuration_changes has the order.
-- snapshots: the snapshots of the day that describe the endpoint. Between them, nothing is known of it.
-- endpoints_described: the endpoints in snapshots of the day, but for those without an id. One row has only this if there is no other.
WITH asked AS (
  SELECT DATE '2026-11-01' AS day
),
days AS (
  SELECT CAST(day AS varchar) AS first_day, CAST(day AS varchar) AS last_day
  FROM asked
),
-- BEGIN GENERATED sql_fragments/configuration.sql
-- Lists every value of the configuration of endpoints that the questions compare, at each snapshot.
-- Reads endpoints, authorization_rules, routes, and days (first_day, last_day): the first and the last snapshot_date to read.
-- Gives described: the rows of endpoints that are not deleted.
-- Gives entries: a row for each value of an option, a rule or a route. part is what EC2 answers for in one call, and has one kind. is_known
-- is false if the part is not known at the snapshot. It is null for rules and routes: a row of their part without a name says it.
described AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    CAST(captured_at AS timestamp(6)) AS captured_at,
    CAST(authorization_rules_captured_at AS timestamp(6)) AS rules_captured_at,
    CAST(routes_captured_at AS timestamp(6)) AS routes_captured_at,
    coalesce(unparsed, MAP()) AS unparsed,
    associated_networks IS NOT NULL AS are_networks_known,
    -- The part whose error makes the value unknown, the column, the field in unparsed, and the value.
    CAST(
      ARRAY[
        ROW('', 'description', 'description', description),
        ROW('', 'status_code', 'status.code', status_code),
        ROW('', 'creation_time', 'creationTime', CAST(creation_time AS varchar)),
        ROW('', 'deletion_time', 'deletionTime', CAST(deletion_time AS varchar)),
        ROW('', 'dns_name', 'dnsName', dns_name),
        ROW('', 'client_cidr_block', 'clientCidrBlock', client_cidr_block),
        ROW('', 'vpc_id', 'vpcId', vpc_id),
        ROW('', 'split_tunnel', 'splitTunnel', CAST(split_tunnel AS varchar)),
        ROW('', 'vpn_protocol', 'vpnProtocol', vpn_protocol),
        ROW('', 'transport_protocol', 'transportProtocol', transport_protocol),
        ROW('', 'vpn_port', 'vpnPort', CAST(vpn_port AS varchar)),
        ROW('', 'endpoint_ip_address_type', 'endpointIpAddressType', endpoint_ip_address_type),
        ROW('', 'traffic_ip_address_type', 'trafficIpAddressType', traffic_ip_address_type),
        ROW('', 'directory_id', 'authenticationOptions.item.activeDirectory.directoryId', directory_id),
        ROW(
          '',
          'client_root_certificate_chain',
          'authenticationOptions.item.mutualAuthentication.clientRootCertificateChain',
          client_root_certificate_chain
        ),
        ROW('', 'saml_provider_arn', 'authenticationOptions.item.federatedAuthentication.samlProviderArn', saml_provider_arn),
        ROW(
          '',
          'self_service_saml_provider_arn',
          'authenticationOptions.item.federatedAuthentication.selfServiceSamlProviderArn',
          self_service_saml_provider_arn
        ),
        ROW('', 'connection_log_enabled', 'connectionLogOptions.Enabled', CAST(connection_log_enabled AS varchar)),
        ROW('', 'connection_log_group', 'connectionLogOptions.CloudwatchLogGroup', connection_log_group),
        ROW('', 'connection_log_stream', 'connectionLogOptions.CloudwatchLogStream', connection_log_stream),
        ROW(
          '',
          'connection_log_policy_context',
          'connectionLogOptions.IncludeAuthorizationPolicyContext',
          CAST(connection_log_policy_context AS varchar)
        ),
        ROW('', 'session_timeout_hours', 'sessionTimeoutHours', CAST(session_timeout_hours AS varchar)),
        ROW('', 'disconnect_on_session_timeout', 'disconnectOnSessionTimeout', CAST(disconnect_on_session_timeout AS varchar)),
        ROW('', 'client_connect_enabled', 'clientConnectOptions.enabled', CAST(client_connect_enabled AS varchar)),
        ROW('', 'client_connect_function_arn', 'clientConnectOptions.lambdaFunctionArn', client_connect_function_arn),
        ROW('', 'client_connect_status_code', 'clientConnectOptions.status.code', client_connect_status_code),
        ROW('', 'client_login_banner_enabled', 'clientLoginBannerOptions.enabled', CAST(client_login_banner_enabled AS varchar)),
        ROW('', 'client_login_banner_text', 'clientLoginBannerOptions.bannerText', client_login_banner_text),
        ROW('', 'client_route_enforced', 'clientRouteEnforcementOptions.enforced', CAST(client_route_enforced AS varchar)),
        ROW('', 'self_service_portal_url', 'selfServicePortalUrl', self_service_portal_url),
        ROW('', 'server_certificate_arn', 'serverCertificateArn', server_certificate_arn),
        ROW('', 'transit_gateway_id', 'transitGatewayConfiguration.transitGatewayId', transit_gateway_id),
        ROW(
          '',
          'transit_gateway_attachment_id',
          'transitGatewayConfiguration.transitGatewayAttachmentId',
          transit_gateway_attachment_id
        ),
        ROW(
          '',
          'availability_zones',
          'transitGatewayConfiguration.availabilityZoneSet',
          json_format(CAST(array_sort(availability_zones) AS json))
        ),
        ROW(
          '',
          'availability_zone_ids',
          'transitGatewayConfiguration.availabilityZoneIdSet',
          json_format(CAST(array_sort(availability_zone_ids) AS json))
        ),
        ROW('', 'security_group_ids', 'securityGroupIdSet', json_format(CAST(array_sort(security_group_ids) AS json))),
        ROW('', 'dns_servers', 'dnsServer', json_format(CAST(array_sort(dns_servers) AS json))),
        ROW('', 'authentication_types', 'authenticationOptions.item.type', json_format(CAST(array_sort(authentication_types) AS json))),
        ROW('', 'device_trust_providers', 'devicePostureOptions.trustProviderSet', device_trust_providers),
        ROW('', 'associated_target_networks', 'associatedTargetNetwork', associated_target_networks),
        ROW('', 'tags', 'tagSet', json_format(CAST(tags AS json))),
        ROW('targetNetworkId', 'associated_networks', '', json_format(CAST(array_sort(associated_networks) AS json))),
        ROW('targetNetworkId', 'network_associations', 'clientVpnTargetNetworks', network_associations),
        ROW('authorizationPolicy', 'authorization_policy', 'authorizationPolicy.policyDocument', authorization_policy),
        ROW(
          'authorizationPolicy',
          'authorization_policy_description',
          'authorizationPolicy.description',
          authorization_policy_description
        ),
        ROW(
          'authorizationPolicy',
          'authorization_policy_shadow_mode',
          'authorizationPolicy.shadowMode',
          authorization_policy_shadow_mode
        ),
        ROW('authorizationPolicy', 'authorization_policy_status', 'authorizationPolicy.status', authorization_policy_status),
        ROW('certificateRevocationList', 'revocation_list_sha256', 'certificateRevocationList', revocation_list_sha256),
        ROW('certificateRevocationList', 'revocation_list_entries', '', CAST(revocation_list_entries AS varchar)),
        ROW('certificateRevocationList', 'revocation_list_next_update', '', CAST(revocation_list_next_update AS varchar)),
        ROW(
          'certificateRevocationList',
          'revocation_list_status_code',
          'certificateRevocationList.status.code',
          revocation_list_status_code
        ),
        -- Each of these parts is known at a snapshot also if it has no rule or route.
        ROW('authorizationRule', NULL, NULL, NULL),
        ROW('routes', NULL, NULL, NULL)
      ] AS array(ROW(part varchar, name varchar, field varchar, value varchar))
    ) AS options
  FROM endpoints
  CROSS JOIN days
  WHERE snapshot_date BETWEEN days.first_day AND days.last_day
    AND endpoint_id IS NOT NULL
    AND status_code IS DISTINCT FROM 'deleted'
),
entries AS (
  -- Only the row of an endpoint says when it was seen, and what is known of it.
  SELECT
    described.account_id,
    described.region,
    described.endpoint_id,
    described.snapshot_time,
    coalesce(
      CASE option.part
        WHEN 'authorizationRule' THEN described.rules_captured_at
        WHEN 'routes' THEN described.routes_captured_at
      END,
      described.captured_at
    ) AS captured_at,
    option.part,
    CASE option.part
      WHEN 'authorizationRule' THEN 'authorization_rule'
      WHEN 'routes' THEN 'route'
      WHEN 'authorizationPolicy' THEN 'authorization_policy'
      WHEN 'certificateRevocationList' THEN 'revocation_list'
      ELSE 'option'
    END AS kind,
    option.name,
    if(
      element_at(described.unparsed, option.field) IS NULL,
      coalesce(
        CASE
          WHEN option.name IN ('network_associations', 'device_trust_providers', 'associated_target_networks') THEN try(array_join(
            -- In an order that does not depend on AWS's, and without messages.
            array_sort(transform(
              CAST(json_parse(option.value) AS array(map(varchar, json))),
              item -> json_format(CAST(
                transform_values(item, (name, value) -> coalesce(
                  if(name = 'status', json_extract(value, '$.code')),
                  CAST(array_sort(try_cast(value AS array(varchar))) AS json),
                  value
                )) AS json
              ))
            )),
            ', '
          ))
        END,
        option.value
      ),
      -- What the column does not have, or not exactly.
      concat_ws(' | ', option.value, element_at(described.unparsed, option.field))
    ) AS value,
    element_at(described.unparsed, option.part || '#error') IS NULL
      AND (option.part <> 'targetNetworkId' OR described.are_networks_known) AS is_known
  FROM described
  CROSS JOIN UNNEST(described.options) AS option (part, name, field, value)
  UNION ALL
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    NULL,
    'authorizationRule',
    'authorization_rule',
    concat(
      coalesce(nullif(concat_ws(' | ', destination_cidr, element_at(unparsed, 'destinationCidr')), ''), 'not known'),
      ' for ',
      CASE
        -- AWS said two things, or something that is neither true nor false, or named another endpoint too.
        WHEN element_at(unparsed, 'accessAll') IS NOT NULL OR element_at(unparsed, 'clientVpnEndpointId') IS NOT NULL THEN 'not known'
        WHEN access_all THEN 'all users'
        ELSE coalesce('group ' || nullif(concat_ws(' | ', nullif(group_id, ''), element_at(unparsed, 'groupId')), ''), 'not known')
      END
    ),
    json_format(CAST(MAP(ARRAY['status_code', 'description'], ARRAY[status_code, description]) AS json)),
    NULL
  FROM authorization_rules
  CROSS JOIN days
  WHERE snapshot_date BETWEEN days.first_day AND days.last_day
  UNION ALL
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    NULL,
    'routes',
    'route',
    concat(
      coalesce(nullif(concat_ws(' | ', destination_cidr, element_at(unparsed, 'destinationCidr')), ''), 'not known'),
      ' via ',
      coalesce(
        nullif(target_subnet, ''),
        nullif(transit_gateway_attachment_id, ''),
        element_at(unparsed, 'targetSubnet'),
        element_at(unparsed, 'transitGatewayAttachmentId'),
        'not known'
      )
    ),
    json_format(CAST(
      MAP(ARRAY['status_code', 'origin', 'type', 'description'], ARRAY[status_code, origin, route_type, description]) AS json
    )),
    NULL
  FROM routes
  CROSS JOIN days
  WHERE snapshot_date BETWEEN days.first_day AND days.last_day
),
-- END GENERATED sql_fragments/configuration.sql
found AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    kind,
    name,
    value,
    is_known,
    min(snapshot_time) AS first_shown,
    max(snapshot_time) AS last_shown,
    count(DISTINCT snapshot_time) AS shown_snapshots,
    count(name) OVER (PARTITION BY account_id, region, endpoint_id, kind) AS names
  FROM (
    SELECT
      account_id,
      region,
      endpoint_id,
      snapshot_time,
      kind,
      name,
      if(coalesce(is_known, true), value) AS value,
      coalesce(is_known, true) AS is_known
    FROM entries
  )
  GROUP BY account_id, region, endpoint_id, kind, name, value, is_known
),
counted AS (
  SELECT account_id, region, endpoint_id, count(DISTINCT snapshot_time) AS snapshots
  FROM described
  GROUP BY account_id, region, endpoint_id
),
total AS (
  SELECT count(*) AS endpoints_described
  FROM counted
),
shown AS (
  SELECT
    found.account_id,
    found.region,
    found.endpoint_id,
    found.kind,
    found.name,
    found.value,
    found.is_known,
    found.first_shown,
    found.last_shown,
    found.shown_snapshots,
    coalesce(counted.snapshots, 0) AS snapshots
  FROM found
  LEFT JOIN counted
    ON counted.account_id = found.account_id
    AND counted.region = found.region
    AND counted.endpoint_id = found.endpoint_id
  -- A part with rules or routes needs no row that says so.
  WHERE found.name IS NOT NULL
    OR NOT found.is_known
    OR found.names = 0
)
SELECT shown.*, total.endpoints_described
FROM total
LEFT JOIN shown ON true
ORDER BY shown.account_id, shown.region, shown.endpoint_id, shown.kind, shown.name, shown.first_shown, shown.value, shown.is_known
