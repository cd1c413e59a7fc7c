-- Which connections could not be terminated?
-- Serves: NIST SP 800-53 AC-12, ISO/IEC 27001 A.8.16.
-- Edit: how many days back.
SELECT
  identity,
  account_id,
  region,
  endpoint_id,
  connection_id,
  connection_established_time,
  connection_end_time,
  end_seen,
  status_code,
  status_message,
  last_seen
FROM sessions
WHERE connection_established_time >= current_date - INTERVAL '90' DAY
  AND failed_to_terminate
ORDER BY connection_established_time, connection_id
