-- Which sessions lasted longer than N hours?
-- Bears on: NIST SP 800-53 AC-12, ISO/IEC 27001 A.8.5.
-- Edit: the hours, and how many days back: a session counts that may have lasted into them. duration_seconds is the least that it
-- lasted, greatest_seconds the greatest, up to now if no end is known, and null if the beginning is not. With proven, the least is
-- longer than N hours. Without, only the greatest is, or may be.
WITH bounded AS (
  SELECT
    *,
    if(
      begin_seen OR began_after IS NOT NULL,
      date_diff(
        'second',
        if(begin_seen, connection_established_time, began_after),
        greatest(coalesce(ended_before, current_timestamp), ends_at)
      )
    ) AS greatest_seconds
  FROM sessions
  WHERE connection_established_time < current_date + INTERVAL '1' DAY
    AND (ended_before >= current_date - INTERVAL '30' DAY OR ended_before IS NULL)
)
SELECT
  identity,
  account_id,
  region,
  endpoint_id,
  connection_id,
  connection_established_time,
  connection_end_time,
  end_seen,
  duration_seconds,
  greatest_seconds,
  duration_seconds > 8 * 3600 AS proven,
  CASE
    WHEN end_seen IS NOT NULL THEN 'ended'
    WHEN as_of >= current_timestamp - INTERVAL '60' MINUTE THEN 'active'
    ELSE 'not known since as_of'
  END AS state,
  begin_seen,
  began_after,
  ended_after,
  ended_before,
  as_of,
  covered
FROM bounded
WHERE coalesce(greatest_seconds > 8 * 3600, true)
ORDER BY duration_seconds DESC, connection_id, account_id, region, endpoint_id
