-- Which endpoints are configured weakly on a day, and in what way?
-- Bears on: AWS Security Hub EC2.51 (connection logging), NIST SP 800-53 AC-12, AC-17(2), CM-6 and IA-2, PCI DSS 2.2.1 and 8.2.8, ISO/IEC
-- 27001 A.8.9.
-- Edit: the day, in UTC, and the maximum number of hours of a session.
-- Rows: a weakness, or a check whose result is `not known`, of an endpoint at its latest snapshot of the day. If AWS described it in two
-- ways at once, both count. An endpoint that AWS lists as deleted has none.
-- weakness: `no connection logging`, `certificate authentication only`, `split tunnel`, `long session time-out`, `no valid revocation
-- list`, or `device posture is not asked for`: there is neither a client connect handler nor a device trust provider.
-- Not judged: authorization rules (group_access and sessions_under_open_rules show those for all users), the authorization policy and
-- its shadow mode, routes and security groups.
-- value: that of the snapshot, or `not known` if AWS sent none, if it could not be typed, or if EC2 did not answer for the revocation list.
-- A revocation list is required only where clients have certificates. It has expired if its next update is before captured_at, and is
-- `not known` if it names no next update or cannot be read.
-- endpoints_described: the number of endpoints in snapshots of the day, without deleted ones. Nothing is known of any other endpoint. One
-- row has only this if there is no other row.
WITH asked AS (
  SELECT DATE '2026-11-01' AS day, 12 AS hours
),
of_day AS (
  SELECT
    endpoints.*,
    first_value(snapshot_time) OVER (
      PARTITION BY account_id, region, endpoint_id ORDER BY captured_at DESC, snapshot_time DESC
    ) AS last_snapshot
  FROM endpoints
  CROSS JOIN asked
  WHERE snapshot_date = CAST(asked.day AS varchar)
),
described AS (
  SELECT
    *,
    -- Null if AWS named no way of authentication.
    if(cardinality(authentication_types) > 0, contains(authentication_types, 'certificate-authentication')) AS has_certificates
  FROM of_day
  WHERE snapshot_time = last_snapshot
    AND status_code IS DISTINCT FROM 'deleted'
),
judged AS (
  -- is_weak is null if it is not known.
  SELECT DISTINCT
    described.account_id,
    described.region,
    described.endpoint_id,
    described.snapshot_time,
    judgement.weakness,
    judgement.is_weak,
    judgement.value
  FROM described
  CROSS JOIN asked
  CROSS JOIN UNNEST(CAST(
    ARRAY[
      ROW(
        'no connection logging',
        if(
          element_at(unparsed, 'connectionLogOptions.Enabled') IS NULL,
          NOT connection_log_enabled OR coalesce(connection_log_group, '') = '' AND connection_log_enabled
        ),
        if(connection_log_enabled, 'on, without a log group', 'off')
      ),
      ROW(
        'certificate authentication only',
        if(
          cardinality(authentication_types) > 0 AND element_at(unparsed, 'authenticationOptions.item.type') IS NULL,
          all_match(authentication_types, type -> type = 'certificate-authentication')
        ),
        array_join(array_sort(authentication_types), ', ')
      ),
      ROW('split tunnel', if(element_at(unparsed, 'splitTunnel') IS NULL, split_tunnel), 'on'),
      ROW(
        'long session time-out',
        if(element_at(unparsed, 'sessionTimeoutHours') IS NULL, session_timeout_hours > asked.hours),
        CAST(session_timeout_hours AS varchar) || ' hours'
      ),
      ROW(
        'no valid revocation list',
        has_certificates AND CASE
          WHEN element_at(unparsed, 'certificateRevocationList#error') IS NOT NULL THEN NULL
          -- A list with characters that are not allowed has no hash.
          WHEN revocation_list_sha256 IS NULL AND element_at(unparsed, 'certificateRevocationList') IS NOT NULL THEN NULL
          WHEN revocation_list_sha256 IS NULL AND revocation_list_status_code = 'active' THEN NULL
          WHEN revocation_list_sha256 IS NULL THEN true
          ELSE revocation_list_next_update < captured_at
        END,
        if(
          revocation_list_sha256 IS NULL,
          'missing',
          'expired at ' || date_format(revocation_list_next_update, '%Y-%m-%d %H:%i:%s')
        )
      ),
      ROW(
        'device posture is not asked for',
        CASE
          WHEN client_connect_enabled OR device_trust_providers <> '[]' THEN false
          WHEN any_match(coalesce(map_keys(unparsed), ARRAY[]), name -> name LIKE 'devicePostureOptions%') THEN NULL
          ELSE NOT client_connect_enabled
        END,
        'no client connect handler, no device trust provider'
      )
    ] AS array(ROW(weakness varchar, is_weak boolean, value varchar))
  )) AS judgement (weakness, is_weak, value)
),
found AS (
  SELECT account_id, region, endpoint_id, snapshot_time, weakness, if(is_weak, value, 'not known') AS value
  FROM judged
  WHERE is_weak IS NULL OR is_weak
),
total AS (
  SELECT count(DISTINCT ROW(account_id, region, endpoint_id)) AS endpoints_described
  FROM described
)
SELECT
  found.account_id,
  found.region,
  found.endpoint_id,
  found.snapshot_time,
  found.weakness,
  found.value,
  total.endpoints_described
FROM total
LEFT JOIN found ON true
ORDER BY 1, 2, 3, 5, 6
