-- Which sessions came from devices whose posture was not compliant, or not known?
-- Serves: NIST SP 800-53 AC-17, ISO/IEC 27001 A.8.1.
-- Edit: the words that your client connect handler uses for compliant, and how many days back. A session is shown if it may have
-- lasted into these days. posture_compliance_statuses has every status that any snapshot shows, so a device that became compliant later is shown too.
SELECT
  identity,
  account_id,
  region,
  endpoint_id,
  connection_id,
  connection_established_time,
  connection_end_time,
  posture_compliance_statuses,
  CASE
    WHEN coalesce(json_array_length(posture_compliance_statuses), 0) = 0 THEN 'missing'
    ELSE 'not compliant'
  END AS finding,
  identity_key,
  ends_at,
  end_seen,
  ended_before
FROM sessions
WHERE (ended_before >= current_date - INTERVAL '30' DAY OR ended_before IS NULL)
  AND (
    coalesce(json_array_length(posture_compliance_statuses), 0) = 0
    OR any_match(
      CAST(json_parse(posture_compliance_statuses) AS array(varchar)),
      status -> coalesce(status, '') NOT IN ('compliant')
    )
  )
ORDER BY connection_established_time, connection_id, account_id, region, endpoint_id
