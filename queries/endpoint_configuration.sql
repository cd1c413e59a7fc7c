-- How are the main options of each endpoint set, and since when?
-- Bears on: AWS Security Hub EC2.51 (connection logging), NIST SP 800-53 CM-3 and CM-6.
-- Edit: how many days back.
-- For changes of every option, of rules, routes, the authorization policy and the revocation list, use configuration_changes.
-- configuration_on_a_day shows all of them on one day.
-- Rows: the first row of an endpoint is its configuration at the beginning, and each further one a change of a column shown here. If AWS
-- described an endpoint in two ways at once, each has a row. If later snapshots of the account and Region lack an endpoint, it is gone:
-- configuration_changes shows when. If there are no later ones, see the ledger.
-- since, seen_at: the first snapshot of these days that shows it, and the arrival of that page. In the first row, it may have been so
-- earlier. Snapshots count in the order of arrival.
-- unparsed: fields that have no column, as JSON. If EC2 does not answer for a part, a row appears with a key #error, and another when it
-- answers again. Neither is a change of the endpoint. With targetNetworkId#error, associated_networks is not known, and
-- clientVpnTargetNetworks has the networks of the pages before the error, if there were any: in another row it can have others.
WITH configurations AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    captured_at,
    status_code,
    array_join(array_sort(authentication_types), ', ') AS authentication_types,
    split_tunnel,
    transport_protocol,
    vpn_port,
    connection_log_enabled,
    connection_log_group,
    session_timeout_hours,
    disconnect_on_session_timeout,
    client_connect_enabled,
    client_cidr_block,
    vpc_id,
    array_join(array_sort(associated_networks), ', ') AS associated_networks,
    array_join(array_sort(security_group_ids), ', ') AS security_group_ids,
    server_certificate_arn,
    description,
    array_join(array_sort(transform(map_entries(tags), tag -> tag[1] || '=' || tag[2])), ', ') AS tags,
    status_message,
    dns_name,
    creation_time,
    deletion_time,
    json_format(CAST(unparsed AS json)) AS unparsed,
    -- Two lists or maps that differ have one text in the columns above if their values have a comma.
    json_format(CAST(array_sort(authentication_types) AS json)) AS authentication_types_as_json,
    json_format(CAST(array_sort(associated_networks) AS json)) AS associated_networks_as_json,
    json_format(CAST(array_sort(security_group_ids) AS json)) AS security_group_ids_as_json,
    json_format(CAST(tags AS json)) AS tags_as_json
  FROM endpoints
  WHERE snapshot_date >= CAST(current_date - INTERVAL '30' DAY AS varchar)
),
compared AS (
  SELECT
    configurations.*,
    json_format(CAST(ROW(
      status_code, split_tunnel, transport_protocol, vpn_port, connection_log_enabled,
      connection_log_group, session_timeout_hours, disconnect_on_session_timeout, client_connect_enabled,
      client_cidr_block, vpc_id, server_certificate_arn, description,
      status_message, dns_name, creation_time, deletion_time, unparsed,
      authentication_types_as_json, associated_networks_as_json, security_group_ids_as_json, tags_as_json
    ) AS json)) AS configuration
  FROM configurations
),
numbered AS (
  SELECT
    compared.*,
    row_number() OVER (
      PARTITION BY account_id, region, endpoint_id, snapshot_time, configuration ORDER BY captured_at
    ) AS number
  FROM compared
),
snapshots AS (
  -- An endpoint has one configuration in a snapshot, or several if AWS described it in several ways.
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    min(captured_at) AS seen_at,
    json_format(CAST(array_sort(array_agg(DISTINCT configuration)) AS json)) AS described
  FROM compared
  GROUP BY account_id, region, endpoint_id, snapshot_time
),
followed AS (
  SELECT
    snapshots.*,
    lag(described) OVER (PARTITION BY account_id, region, endpoint_id ORDER BY seen_at, snapshot_time) AS before
  FROM snapshots
)
SELECT
  compared.account_id,
  compared.region,
  compared.endpoint_id,
  compared.snapshot_time AS since,
  compared.status_code,
  compared.authentication_types,
  compared.split_tunnel,
  compared.transport_protocol,
  compared.vpn_port,
  compared.connection_log_enabled,
  compared.connection_log_group,
  compared.session_timeout_hours,
  compared.disconnect_on_session_timeout,
  compared.client_connect_enabled,
  compared.client_cidr_block,
  compared.vpc_id,
  compared.associated_networks,
  compared.security_group_ids,
  compared.server_certificate_arn,
  compared.description,
  compared.tags,
  compared.status_message,
  compared.dns_name,
  compared.creation_time,
  compared.deletion_time,
  compared.unparsed,
  followed.seen_at
FROM followed
JOIN numbered AS compared
  ON compared.account_id = followed.account_id
  AND compared.region = followed.region
  AND compared.endpoint_id IS NOT DISTINCT FROM followed.endpoint_id
  AND compared.snapshot_time = followed.snapshot_time
WHERE (followed.before IS NULL OR followed.before <> followed.described)
  AND compared.number = 1
ORDER BY 1, 2, 3, followed.seen_at, 4, compared.configuration
