-- Which sessions came from devices whose posture was not compliant, or not known?
-- Serves: NIST SP 800-53 AC-17, ISO/IEC 27001 A.8.1.
-- Edit: the words that your client connect handler uses for compliant, and how many days back. A session is shown if it may have lasted into
-- these days. posture_compliance_statuses has every status of the handler that any snapshot shows, so a device that became compliant later
-- is shown too. The result of an authorization policy is in the connection log alone. finding is `not compliant` if a status is not, or
-- if the policy denied the device at any time, in shadow mode too. It is `unknown` if AWS says that a policy was evaluated, and its result
-- is not recorded or is an error, or if there is no status, and the log was off or not read. It is `missing` if there is neither a
-- status nor, in the log, a result.
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
      WHEN policy_result = 'permit' AND policy_denials IS NOT NULL THEN 'compliant'
      WHEN policy_result IS NOT NULL OR evaluated.is_evaluated THEN 'unknown'
      WHEN json_array_length(posture_compliance_statuses) > 0 THEN 'compliant'
      WHEN policy_denials IS NULL THEN 'unknown'
      ELSE 'missing'
    END AS finding
  FROM sessions
  CROSS JOIN asked
  LEFT JOIN evaluated
    ON evaluated.account_id = sessions.account_id
    AND evaluated.region = sessions.region
    AND evaluated.endpoint_id = sessions.endpoint_id
    AND evaluated.connection_id = sessions.connection_id
  WHERE sessions.ended_before >= asked.from_time OR sessions.ended_before IS NULL
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
