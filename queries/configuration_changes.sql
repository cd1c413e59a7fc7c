-- When did a rule, a route, the authorization policy, the revocation list or an option of an endpoint change, from what to what?
-- Bears on: NIST SP 800-53 CM-3, CM-5 and AU-12, PCI DSS 1.2.2 and 10.2.1.7, ISO/IEC 27001 A.8.9 and A.8.32.
-- Edit: the first day, and the day after the last, in UTC.
-- Rows: a change of one value. Without rows, no change was seen among the values that are known. What is missing is not in coverage_holes,
-- but in the ledger and in unparsed of endpoints: docs/ledger.md, "Missing configuration". Who changed it is in CloudTrail: look between
-- the two times for AuthorizeClientVpnIngress, RevokeClientVpnIngress, CreateClientVpnRoute, DeleteClientVpnRoute, ModifyClientVpnEndpoint,
-- ImportClientVpnClientCertificateRevocationList and others.
-- kind: `option`, `authorization_rule`, `route`, `authorization_policy`, `revocation_list` or `endpoint`.
-- name: a column of endpoints. For a rule, its network and whom it is for. For a route, its network and target. For an endpoint, its id.
-- from_value, to_value: before and after. from_value is null if a rule, a route or an endpoint appeared, or if AWS sent no value before.
-- to_value is null if it disappeared, or if AWS no longer sends a value. Rules and routes are JSON that includes the status, and an
-- endpoint is `there`. A text that could not be typed, or not exactly, is shown as in unparsed, behind
-- the column if that has something. If AWS gave two values at once, both are shown. Two texts are separated by ` | `, and
-- null is then `no value`.
-- from_snapshot, to_snapshot: the last snapshot that shows from_value, and the first that shows to_value. The change was between EC2's
-- answers for the two, not between these times. Of rules and routes, authorization_rules_captured_at and routes_captured_at in endpoints
-- have the times of the answers. Of a policy, a revocation list and networks, captured_at has that of the listing, and EC2 answered for
-- them later in the same run.
-- A value that is not known at a snapshot, because EC2 did not answer, is no change: the next known value is compared with the last.
-- A value that changed back between two snapshots is not seen, and the first known value is no change. Values are compared from the day
-- before the first day on, in the order in which the snapshots arrived.
-- An endpoint is gone if a later snapshot or listing of its account and Region lacks it, or if AWS lists it as deleted. One that is new or
-- gone has one row: its first and last rules, routes and options are those of that snapshot.
-- Not compared: status messages, unparsed, and the text of a revocation list. Its SHA-256 is.
WITH asked AS (
  SELECT
    CAST(current_date - INTERVAL '30' DAY AS timestamp(6)) AS from_time,
    CAST(current_date + INTERVAL '1' DAY AS timestamp(6)) AS to_time
),
days AS (
  -- A day earlier: for the values at the beginning.
  SELECT
    CAST(CAST(from_time - INTERVAL '1' DAY AS date) AS varchar) AS first_day,
    CAST(CAST(to_time AS date) AS varchar) AS last_day
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
listings AS (
  -- The endpoints of an account and Region, by its snapshots and listings. An endpoint without an id is null in a list.
  SELECT account_id, region, snapshot_time, CAST(min(captured_at) AS timestamp(6)) AS seen_at, array_agg(endpoint_id) FILTER (
    WHERE status_code IS DISTINCT FROM 'deleted'
  ) AS endpoint_ids
  FROM endpoints
  CROSS JOIN days
  WHERE snapshot_date BETWEEN days.first_day AND days.last_day
  GROUP BY account_id, region, snapshot_time
  UNION ALL
  SELECT account_id, region, snapshot_time, attempted_at, CAST(json_parse(endpoint_ids) AS array(varchar))
  FROM captures
  CROSS JOIN asked
  WHERE kind IN ('listing', 'endpoints')
    AND outcome = 'complete'
    AND endpoint_ids IS NOT NULL
    AND attempted_at >= asked.from_time - INTERVAL '1' DAY
    AND attempted_at < asked.to_time
),
places AS (
  -- Of those that follow one another and have the same endpoints, the first and the last.
  SELECT account_id, region, snapshot_time, seen_at, endpoint_ids
  FROM (
    SELECT
      *,
      lag(endpoint_ids) OVER place AS ids_before,
      lead(endpoint_ids) OVER place AS ids_after
    FROM (
      SELECT account_id, region, snapshot_time, seen_at, array_sort(array_distinct(coalesce(endpoint_ids, ARRAY[]))) AS endpoint_ids
      FROM listings
    )
    WINDOW place AS (PARTITION BY account_id, region ORDER BY seen_at, snapshot_time)
  )
  WHERE endpoint_ids IS DISTINCT FROM ids_before
    OR endpoint_ids IS DISTINCT FROM ids_after
),
parts AS (
  -- What is known of each part of an endpoint, as the values by their names.
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    part,
    kind,
    min(captured_at) AS seen_at,
    transform_values(
      coalesce(multimap_agg(name, value) FILTER (WHERE name IS NOT NULL), MAP()),
      (name, of_name) -> if(
        any_match(of_name, value -> value IS NOT NULL),
        array_join(array_sort(array_distinct(of_name)), ' | ', 'no value')
      )
    ) AS shown
  FROM entries
  GROUP BY account_id, region, endpoint_id, snapshot_time, part, kind
  HAVING bool_and(is_known)
  UNION ALL
  SELECT
    lived.account_id,
    lived.region,
    lived.endpoint_id,
    places.snapshot_time,
    'endpoint',
    'endpoint',
    places.seen_at,
    if(contains(places.endpoint_ids, lived.endpoint_id), MAP(ARRAY[lived.endpoint_id], ARRAY['there']), MAP())
  FROM (
    SELECT DISTINCT places.account_id, places.region, one.endpoint_id
    FROM places
    CROSS JOIN UNNEST(places.endpoint_ids) AS one (endpoint_id)
    WHERE one.endpoint_id IS NOT NULL
  ) AS lived
  JOIN places
    ON places.account_id = lived.account_id
    AND places.region = lived.region
  -- An endpoint without an id may be this one.
  WHERE contains(places.endpoint_ids, lived.endpoint_id) IS NOT NULL
),
followed AS (
  SELECT
    *,
    lag(snapshot_time) OVER part_of AS from_snapshot,
    lag(shown) OVER part_of AS shown_before
  FROM parts
  WINDOW part_of AS (PARTITION BY account_id, region, endpoint_id, part ORDER BY seen_at, snapshot_time)
)
SELECT
  followed.account_id,
  followed.region,
  followed.endpoint_id,
  followed.from_snapshot,
  followed.snapshot_time AS to_snapshot,
  followed.kind,
  changed.name,
  element_at(followed.shown_before, changed.name) AS from_value,
  element_at(followed.shown, changed.name) AS to_value
FROM followed
CROSS JOIN asked
CROSS JOIN UNNEST(array_union(map_keys(followed.shown_before), map_keys(followed.shown))) AS changed (name)
WHERE element_at(followed.shown_before, changed.name) IS DISTINCT FROM element_at(followed.shown, changed.name)
  AND followed.snapshot_time >= asked.from_time
  AND followed.snapshot_time < asked.to_time
ORDER BY 1, 2, 3, followed.seen_at, 5, 6, 7
