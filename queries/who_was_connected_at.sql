-- Who was connected at an instant?
-- Bears on: PCI DSS 10.2.1.1, ISO/IEC 27001 A.8.15, NIST SP 800-53 AC-17(1).
-- Edit: the instant, in UTC. Everybody is listed who may have been connected. With proven, AWS showed the connection as active at
-- that time or later, or gave a later end. Without, it may have begun later (begin_seen is false: after began_after, or, if that is
-- null, at any time before), or ended earlier: between ended_after and ended_before, or, if that is null, at any time since. Nothing is
-- known of it since as_of then. Who came and went within a hole is in no record: coverage_holes has the holes.
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
  sessions.connection_established_time <= asked.instant
    AND sessions.ended_after >= asked.instant AS proven,
  CASE
    WHEN sessions.end_seen IS NOT NULL THEN 'ended'
    WHEN sessions.as_of >= asked.instant - INTERVAL '60' MINUTE THEN 'active'
    ELSE 'not known since as_of'
  END AS state,
  sessions.begin_seen,
  sessions.began_after,
  sessions.ended_after,
  sessions.ended_before,
  sessions.as_of,
  sessions.covered,
  sessions.identity_key
FROM sessions
CROSS JOIN asked
WHERE if(
    sessions.begin_seen,
    sessions.connection_established_time,
    -- Client VPN did not exist earlier.
    coalesce(sessions.began_after, TIMESTAMP '2018-12-01 00:00:00')
  ) <= asked.instant
  AND (sessions.ended_before > asked.instant OR sessions.ended_before IS NULL)
ORDER BY
  sessions.identity,
  sessions.connection_established_time,
  sessions.connection_id,
  sessions.account_id,
  sessions.region,
  sessions.endpoint_id
