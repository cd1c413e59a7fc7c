-- How much was each certificate used?
-- Serves: the distinct users of AWS's dashboard for Client VPN logs, for mutual authentication.
-- Edit: how many days back.
SELECT
  common_name,
  count(*) AS sessions,
  sum(date_diff('second', connection_established_time, coalesce(connection_end_time, last_seen))) AS duration_seconds,
  sum(ingress_bytes) AS ingress_bytes,
  sum(egress_bytes) AS egress_bytes,
  max_by(endpoint_id, connection_established_time) AS last_endpoint_id
FROM sessions
WHERE connection_established_time >= current_date - INTERVAL '30' DAY
  AND common_name IS NOT NULL
  -- Without a certificate AWS sends the user's name here too.
  AND (username IS NULL OR common_name <> username)
GROUP BY common_name
ORDER BY ingress_bytes DESC, egress_bytes DESC
