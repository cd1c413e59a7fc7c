-- How much did each user name of a directory or of SAML use the VPN?
-- Serves: the distinct users of AWS's dashboard for Client VPN logs, for directory and SAML authentication.
-- Edit: how many days back.
SELECT
  username,
  count(*) AS sessions,
  sum(date_diff('second', connection_established_time, coalesce(connection_end_time, last_seen))) AS duration_seconds,
  sum(ingress_bytes) AS ingress_bytes,
  sum(egress_bytes) AS egress_bytes,
  max_by(endpoint_id, connection_established_time) AS last_endpoint_id
FROM sessions
WHERE connection_established_time >= current_date - INTERVAL '30' DAY
  AND username IS NOT NULL
GROUP BY username
ORDER BY ingress_bytes DESC, egress_bytes DESC
