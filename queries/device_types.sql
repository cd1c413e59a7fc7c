-- Which types of devices connected: users, sessions, first and last seen?
-- Bears on: NIST SP 800-53 CM-8 and AC-19, ISO/IEC 27001 A.8.1, CIS Controls 1.
-- Edit: how many days back. A session counts if it may have lasted into these days. device_type is the word of the connection log: mac,
-- win, linux, or another as AWS wrote it. The row without a type has the sessions of which no event is recorded that has one:
-- logging was off, the window was not read, or it is not merged yet. users counts identity_key, which is null if AWS gave
-- no name: sessions_without_identity has those. Sessions within a hole are in no record: see coverage_holes. as_of is the last merge. If
-- there is nothing to show, one row has it.
WITH asked AS (
  SELECT current_date - INTERVAL '30' DAY AS from_time
),
last_merge AS (
  SELECT with_timezone(max(merged_at), 'UTC') AS as_of
  FROM captures
),
types AS (
  SELECT
    device_type,
    count(DISTINCT identity_key) AS users,
    count(*) AS sessions,
    count_if(identity_key IS NULL) AS sessions_without_identity,
    min(connection_established_time) AS first_seen,
    max(ends_at) AS last_seen
  FROM sessions
  CROSS JOIN asked
  WHERE ended_before >= asked.from_time OR ended_before IS NULL
  GROUP BY device_type
)
SELECT
  types.device_type,
  types.users,
  coalesce(types.sessions, 0) AS sessions,
  types.sessions_without_identity,
  types.first_seen,
  types.last_seen,
  last_merge.as_of
FROM last_merge
LEFT JOIN types ON true
ORDER BY types.sessions DESC, types.device_type
