-- How much was each endpoint used: connections, first and last, bytes, hours, users, certificates?
-- Serves: the total usage of AWS's dashboard for Client VPN logs.
-- Edit: how many days back.
SELECT
  account_id,
  region,
  endpoint_id,
  count(*) AS sessions,
  min(connection_established_time) AS first_use,
  max(coalesce(connection_end_time, last_seen)) AS last_use,
  sum(ingress_bytes) AS ingress_bytes,
  sum(egress_bytes) AS egress_bytes,
  sum(date_diff('second', connection_established_time, coalesce(connection_end_time, last_seen))) / 3600.0 AS hours,
  count(DISTINCT username) AS usernames,
  count(DISTINCT common_name) AS common_names
FROM sessions
WHERE connection_established_time >= current_date - INTERVAL '30' DAY
GROUP BY account_id, region, endpoint_id
ORDER BY ingress_bytes DESC, egress_bytes DESC
