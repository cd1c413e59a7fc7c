-- Who was connected at an instant?
-- Serves: PCI DSS 10.2.1.1, ISO/IEC 27001 A.8.15, NIST SP 800-53 AC-17(1).
-- Edit: the instant, in UTC. Where end_seen is false, AWS never told the end and the time of it is the last sight.
-- Where it is null, the connection was still active at last_seen. Where proven is false, the instant lies after last_seen.
WITH asked AS (
  SELECT TIMESTAMP '2026-11-01 12:00:00' AS instant
)
SELECT
  sessions.identity,
  sessions.username,
  sessions.common_name,
  sessions.account_id,
  sessions.region,
  sessions.endpoint_id,
  sessions.connection_id,
  sessions.client_ip,
  sessions.connection_established_time,
  sessions.connection_end_time,
  sessions.end_seen,
  sessions.last_seen,
  sessions.last_seen >= asked.instant AS proven
FROM sessions
CROSS JOIN asked
WHERE sessions.connection_established_time <= asked.instant
  -- A session lasts 24 hours at most, so no older month is read.
  AND sessions.connection_established_time > asked.instant - INTERVAL '2' DAY
  AND (sessions.connection_end_time > asked.instant OR sessions.connection_end_time IS NULL)
ORDER BY sessions.identity, sessions.connection_established_time, sessions.connection_id
