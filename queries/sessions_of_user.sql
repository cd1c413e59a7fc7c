-- Which sessions had a user between two dates, how long, and with how many bytes?
-- Serves: PCI DSS 10.2.1.1, ISO/IEC 27001 A.8.15, NIST SP 800-53 AU-12.
-- Edit: the user (user name, or common name where there is none), the first day, and the day after the last, in UTC.
WITH asked AS (
  SELECT
    'maria.lopez@corp.example' AS identity,
    TIMESTAMP '2026-11-01 00:00:00' AS from_time,
    TIMESTAMP '2026-12-01 00:00:00' AS to_time
)
SELECT
  sessions.identity,
  sessions.account_id,
  sessions.region,
  sessions.endpoint_id,
  sessions.connection_id,
  sessions.client_ip,
  sessions.connection_established_time,
  sessions.connection_end_time,
  sessions.end_seen,
  date_diff(
    'second',
    sessions.connection_established_time,
    coalesce(sessions.connection_end_time, sessions.last_seen)
  ) AS duration_seconds,
  sessions.ingress_bytes,
  sessions.egress_bytes,
  sessions.covered
FROM sessions
CROSS JOIN asked
WHERE sessions.identity = asked.identity
  AND sessions.connection_established_time < asked.to_time
  -- A session lasts 24 hours at most, so no older month is read.
  AND sessions.connection_established_time > asked.from_time - INTERVAL '2' DAY
  AND coalesce(sessions.connection_end_time, sessions.last_seen) >= asked.from_time
ORDER BY sessions.connection_established_time, sessions.connection_id
