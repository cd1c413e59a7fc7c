-- Which users had two sessions at the same time?
-- Serves: PCI DSS 8.2.2, NIST SP 800-53 AC-10: shared credentials, or a second device.
-- Edit: how many days back.
WITH recent AS (
  SELECT
    identity,
    account_id,
    region,
    endpoint_id,
    connection_id,
    client_ip,
    connection_established_time,
    coalesce(connection_end_time, last_seen) AS until_time
  FROM sessions
  WHERE connection_established_time >= current_date - INTERVAL '30' DAY
    AND identity IS NOT NULL
)
SELECT
  earlier.identity,
  earlier.endpoint_id AS first_endpoint_id,
  earlier.connection_id AS first_connection_id,
  earlier.client_ip AS first_client_ip,
  later.endpoint_id AS second_endpoint_id,
  later.connection_id AS second_connection_id,
  later.client_ip AS second_client_ip,
  later.connection_established_time AS overlap_begins,
  least(earlier.until_time, later.until_time) AS overlap_ends,
  date_diff(
    'second',
    later.connection_established_time,
    least(earlier.until_time, later.until_time)
  ) AS overlap_seconds
FROM recent AS earlier
JOIN recent AS later
  ON later.identity = earlier.identity
  AND later.connection_established_time < earlier.until_time
  -- Each pair once.
  AND (
    earlier.connection_established_time < later.connection_established_time
    OR (
      earlier.connection_established_time = later.connection_established_time
      AND earlier.connection_id < later.connection_id
    )
  )
ORDER BY overlap_begins, first_connection_id, second_connection_id
