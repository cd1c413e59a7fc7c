-- What did each user do in a month, as a sheet for the access review?
-- Serves: PCI DSS 7.2.4, NIST SP 800-53 AC-2, ISO/IEC 27001 A.5.18.
-- Edit: the first day of the month.
WITH asked AS (
  SELECT TIMESTAMP '2026-11-01 00:00:00' AS month
)
SELECT
  sessions.identity,
  count(*) AS sessions,
  count(DISTINCT CAST(sessions.connection_established_time AS date)) AS days,
  min(sessions.connection_established_time) AS first_use,
  max(coalesce(sessions.connection_end_time, sessions.last_seen)) AS last_use,
  sum(date_diff(
    'second',
    sessions.connection_established_time,
    coalesce(sessions.connection_end_time, sessions.last_seen)
  )) AS duration_seconds,
  sum(sessions.ingress_bytes) AS ingress_bytes,
  sum(sessions.egress_bytes) AS egress_bytes,
  array_join(array_sort(array_agg(DISTINCT sessions.endpoint_id)), ', ') AS endpoint_ids,
  array_join(array_sort(array_agg(DISTINCT sessions.common_name)), ', ') AS common_names,
  count_if(sessions.failed_to_terminate) AS failed_to_terminate,
  count_if(NOT sessions.covered) AS not_covered
FROM sessions
CROSS JOIN asked
WHERE sessions.connection_established_time >= asked.month
  AND sessions.connection_established_time < asked.month + INTERVAL '1' MONTH
GROUP BY sessions.identity
ORDER BY identity
