-- How is each endpoint configured, and when did that change?
-- Serves: AWS Security Hub EC2.51 (connection logging), NIST SP 800-53 CM-3 and CM-6.
-- Edit: how many days back. The first row of an endpoint is how it was at the beginning, each further one is a change, and
-- since is the first snapshot that shows it. An endpoint of which snapshots stop is gone, or could not be read: see the ledger.
WITH configurations AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
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
    array_join(array_sort(transform(map_entries(tags), tag -> tag[1] || '=' || tag[2])), ', ') AS tags
  FROM endpoints
  WHERE snapshot_date >= CAST(current_date - INTERVAL '30' DAY AS varchar)
),
compared AS (
  SELECT
    configurations.*,
    json_format(CAST(ROW(
      status_code, authentication_types, split_tunnel, transport_protocol, vpn_port, connection_log_enabled,
      connection_log_group, session_timeout_hours, disconnect_on_session_timeout, client_connect_enabled,
      client_cidr_block, vpc_id, associated_networks, security_group_ids, server_certificate_arn, description, tags
    ) AS json)) AS configuration
  FROM configurations
),
followed AS (
  SELECT
    compared.*,
    lag(configuration) OVER (PARTITION BY account_id, region, endpoint_id ORDER BY snapshot_time) AS before
  FROM compared
)
SELECT
  account_id,
  region,
  endpoint_id,
  snapshot_time AS since,
  status_code,
  authentication_types,
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
  associated_networks,
  security_group_ids,
  server_certificate_arn,
  description,
  tags
FROM followed
WHERE before IS NULL OR before <> configuration
ORDER BY 1, 2, 3, 4
