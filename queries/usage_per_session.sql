-- How long was each session, and how many bytes had it?
-- Serves: the usage report of AWS's dashboard for Client VPN logs, for every way to authenticate.
-- Edit: how many days back.
SELECT
  endpoint_id,
  connection_id,
  username,
  common_name,
  CASE
    WHEN username IS NULL THEN 'certificate'
    WHEN common_name IS NULL OR common_name = username THEN 'directory or SAML'
    ELSE 'mixed'
  END AS authentication,
  connection_established_time,
  connection_end_time,
  date_diff('second', connection_established_time, coalesce(connection_end_time, last_seen)) AS duration_seconds,
  ingress_bytes,
  egress_bytes
FROM sessions
WHERE connection_established_time >= current_date - INTERVAL '30' DAY
ORDER BY ingress_bytes DESC, egress_bytes DESC, connection_id
