-- How much did each user name use the VPN with each certificate?
-- Serves: the distinct users of AWS's dashboard for Client VPN logs, for mixed authentication.
-- Edit: how many days back.
SELECT
  username,
  common_name,
  count(*) AS sessions,
  sum(date_diff('second', connection_established_time, coalesce(connection_end_time, last_seen))) AS duration_seconds,
  sum(ingress_bytes) AS ingress_bytes,
  sum(egress_bytes) AS egress_bytes,
  max_by(endpoint_id, connection_established_time) AS last_endpoint_id
FROM sessions
WHERE connection_established_time >= current_date - INTERVAL '30' DAY
  -- Without a certificate AWS sends the user's name here too.
  AND common_name <> username
GROUP BY username, common_name
ORDER BY ingress_bytes DESC, egress_bytes DESC
