-- Which connections could not be terminated?
-- Bears on: NIST SP 800-53 AC-12, ISO/IEC 27001 A.8.16.
-- Edit: how many days back. A connection counts that may have lasted into them, however long ago it began.
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
  last_seen,
  CASE
    WHEN end_seen IS NOT NULL THEN 'ended'
    WHEN as_of >= current_timestamp - INTERVAL '60' MINUTE THEN 'active'
    ELSE 'not known since as_of'
  END AS state,
  begin_seen,
  ended_after,
  ended_before,
  as_of
FROM sessions
WHERE connection_established_time < current_date + INTERVAL '1' DAY
  AND (ended_before >= current_date - INTERVAL '90' DAY OR ended_before IS NULL)
  AND failed_to_terminate
ORDER BY connection_established_time, connection_id, account_id, region, endpoint_id
