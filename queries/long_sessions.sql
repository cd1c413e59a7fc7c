-- Which sessions lasted longer than N hours?
-- Serves: NIST SP 800-53 AC-12, ISO/IEC 27001 A.8.5.
-- Edit: the hours, and how many days back.
SELECT
  identity,
  account_id,
  region,
  endpoint_id,
  connection_id,
  connection_established_time,
  connection_end_time,
  end_seen,
  date_diff('second', connection_established_time, coalesce(connection_end_time, last_seen)) AS duration_seconds
FROM sessions
WHERE connection_established_time >= current_date - INTERVAL '30' DAY
  AND date_diff('second', connection_established_time, coalesce(connection_end_time, last_seen)) > 8 * 3600
ORDER BY duration_seconds DESC, connection_id
