-- Which users have not connected for N days?
-- Serves: PCI DSS 8.2.6, NIST SP 800-53 AC-2(3): accounts to disable.
-- Edit: the days of silence, and how many days back to look for users.
SELECT
  identity,
  max(coalesce(connection_end_time, last_seen)) AS last_use,
  date_diff('day', max(coalesce(connection_end_time, last_seen)), current_timestamp) AS days_silent
FROM sessions
WHERE connection_established_time >= current_date - INTERVAL '400' DAY
GROUP BY identity
HAVING max(coalesce(connection_end_time, last_seen)) < current_timestamp - INTERVAL '90' DAY
ORDER BY last_use, identity
