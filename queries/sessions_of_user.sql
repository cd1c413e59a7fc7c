-- Which sessions had a user between two dates, how long, and with how many bytes?
-- Bears on: PCI DSS 10.2.1.1, ISO/IEC 27001 A.8.15, NIST SP 800-53 AU-12.
-- Edit: the user (user name, or common name where there is none, in any case, with or without a domain), the first day, and the day
-- after the last, in UTC. With proven, the session reached into these days. Without, it may have: see began_after, ended_after
-- and ended_before. duration_seconds is the least that it lasted. A session that began and ended within a hole is in no record:
-- coverage_holes has the holes.
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
  sessions.duration_seconds,
  sessions.ingress_bytes,
  sessions.egress_bytes,
  sessions.covered,
  sessions.connection_established_time < asked.to_time
    AND sessions.ends_at >= asked.from_time
    AND sessions.ended_after IS NOT NULL AS proven,
  CASE
    WHEN sessions.end_seen IS NOT NULL THEN 'ended'
    WHEN sessions.as_of >= least(asked.to_time, current_timestamp) - INTERVAL '60' MINUTE THEN 'active'
    ELSE 'not known since as_of'
  END AS state,
  sessions.begin_seen,
  sessions.began_after,
  sessions.ended_after,
  sessions.ended_before,
  sessions.as_of
FROM sessions
CROSS JOIN asked
WHERE sessions.identity_key = lower(coalesce(
    nullif(regexp_replace(asked.identity, '^[^\\]*\\', ''), ''),
    asked.identity
  ))
  AND if(
    sessions.begin_seen,
    sessions.connection_established_time,
    -- Client VPN did not exist earlier.
    coalesce(sessions.began_after, TIMESTAMP '2018-12-01 00:00:00')
  ) < asked.to_time
  AND (sessions.ended_before >= asked.from_time OR sessions.ended_before IS NULL)
ORDER BY
  sessions.connection_established_time,
  sessions.connection_id,
  sessions.account_id,
  sessions.region,
  sessions.endpoint_id
