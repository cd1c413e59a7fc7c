-- When did each user connect first, and when last?
-- Serves: PCI DSS 7.2.4, NIST SP 800-53 AC-2, ISO/IEC 27001 A.5.18.
-- Edit: how many days back. The record begins with the first capture.
SELECT
  identity,
  min(connection_established_time) AS first_use,
  max(coalesce(connection_end_time, last_seen)) AS last_use,
  count(*) AS sessions,
  date_diff('day', max(coalesce(connection_end_time, last_seen)), current_timestamp) AS days_since
FROM sessions
WHERE connection_established_time >= current_date - INTERVAL '400' DAY
GROUP BY identity
ORDER BY identity
