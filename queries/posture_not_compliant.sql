-- Which sessions came from devices whose posture was not compliant, or not known?
-- Bears on: NIST SP 800-53 AC-17, ISO/IEC 27001 A.8.1.
-- Edit: the words that your client connect handler uses for compliant, and how many days back. A session is shown if it may have lasted into
-- these days. posture_compliance_statuses has every status of the handler that any snapshot shows, so a device that became compliant later
-- is shown too. The result of an authorization policy is in the connection log alone. finding is `not compliant` if a status is not, or
-- if the policy denied the device at any time, in shadow mode too. It is `unknown` if AWS says that a policy was evaluated, and its result
-- is not recorded or is an error, if the policy permitted the device, and a window of the log between the beginning and the end, or an hour
-- before the last merge, was not read, so that a later denial may be there, or if there is no status, and the log was off or not read. It
-- is `missing` if there is neither a status nor, in the log, a result.
WITH asked AS (
  SELECT current_date - INTERVAL '30' DAY AS from_time
),
evaluated AS (
  -- The API gives the time of an evaluation, and not its result.
  SELECT DISTINCT account_id, region, endpoint_id, connection_id, true AS is_evaluated
  FROM (
    SELECT account_id, region, endpoint_id, connection_id, authorization_policy_last_evaluated_time
    FROM connections
    CROSS JOIN asked
    WHERE snapshot_date >= CAST(asked.from_time - INTERVAL '1' DAY AS varchar)
    UNION ALL
    SELECT account_id, region, endpoint_id, connection_id, authorization_policy_last_evaluated_time
    FROM partials
    CROSS JOIN asked
    WHERE snapshot_date >= CAST(asked.from_time - INTERVAL '1' DAY AS varchar)
  ) AS shown
  WHERE authorization_policy_last_evaluated_time IS NOT NULL
),
recent AS (
  SELECT sessions.*
  FROM sessions
  CROSS JOIN asked
  WHERE sessions.ended_before >= asked.from_time OR sessions.ended_before IS NULL
),
last_merge AS (
  SELECT max(merged_at) AS as_of
  FROM captures
),
windows AS (
  SELECT account_id, region, split_part(log_group, ':', 7) AS log_group, window_start, window_end
  FROM captures
  WHERE kind = 'window'
    AND outcome IN ('complete', 'already_captured')
    AND NOT late
),
log_groups AS (
  SELECT account_id, region, log_group, max(window_end) AS read_until
  FROM windows
  GROUP BY account_id, region, log_group
),
unread AS (
  -- Before the first window of a log group, between its windows, and after the last.
  SELECT *
  FROM (
    SELECT
      account_id,
      region,
      log_group,
      coalesce(
        max(window_end) OVER (
          PARTITION BY account_id, region, log_group
          ORDER BY window_start, window_end ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        TIMESTAMP '2018-12-01 00:00:00'
      ) AS begins,
      window_start AS ends
    FROM windows
    UNION ALL
    SELECT account_id, region, log_group, read_until, TIMESTAMP '9999-12-31 00:00:00'
    FROM log_groups
  ) AS step
  WHERE begins < ends
),
not_read AS (
  -- Sessions of which the log may have more than was read.
  SELECT DISTINCT sessions.account_id, sessions.region, sessions.endpoint_id, sessions.connection_id, true AS is_not_read
  FROM recent AS sessions
  CROSS JOIN last_merge
  LEFT JOIN log_groups
    ON log_groups.account_id = sessions.account_id
    AND log_groups.region = sessions.region
    AND log_groups.log_group = sessions.log_group
  LEFT JOIN unread
    ON unread.account_id = sessions.account_id
    AND unread.region = sessions.region
    AND unread.log_group = sessions.log_group
    AND unread.begins < least(coalesce(sessions.ended_before, last_merge.as_of), last_merge.as_of - INTERVAL '1' HOUR)
    AND unread.ends > sessions.connection_established_time
  WHERE sessions.policy_result = 'permit'
    AND (log_groups.read_until IS NULL OR unread.begins IS NOT NULL)
),
judged AS (
  SELECT
    sessions.*,
    CASE
      WHEN policy_denials > 0
        OR policy_result = 'deny'
        OR any_match(
          CAST(json_parse(posture_compliance_statuses) AS array(varchar)),
          status -> coalesce(status, '') NOT IN ('compliant')
        ) THEN 'not compliant'
      WHEN policy_result = 'permit' AND policy_denials IS NOT NULL AND not_read.is_not_read IS NULL THEN 'compliant'
      WHEN policy_result IS NOT NULL OR evaluated.is_evaluated THEN 'unknown'
      WHEN json_array_length(posture_compliance_statuses) > 0 THEN 'compliant'
      WHEN policy_denials IS NULL THEN 'unknown'
      ELSE 'missing'
    END AS finding
  FROM recent AS sessions
  LEFT JOIN evaluated
    ON evaluated.account_id = sessions.account_id
    AND evaluated.region = sessions.region
    AND evaluated.endpoint_id = sessions.endpoint_id
    AND evaluated.connection_id = sessions.connection_id
  LEFT JOIN not_read
    ON not_read.account_id = sessions.account_id
    AND not_read.region = sessions.region
    AND not_read.endpoint_id = sessions.endpoint_id
    AND not_read.connection_id = sessions.connection_id
)
SELECT
  identity,
  account_id,
  region,
  endpoint_id,
  connection_id,
  connection_established_time,
  connection_end_time,
  posture_compliance_statuses,
  finding,
  identity_key,
  ends_at,
  end_seen,
  ended_before,
  policy_result,
  policy_denials,
  logged
FROM judged
WHERE finding <> 'compliant'
ORDER BY connection_established_time, connection_id, account_id, region, endpoint_id
