-- How much was each endpoint used: connections, first and last, bytes, hours, users, certificates?
-- Bears on: the total usage of AWS's dashboard for Client VPN logs.
-- Edit: how many days back. A session counts in full if it reaches into these days. hours has four decimals. usernames is the number
-- of users by identity_key, and common_names that of certificates. The common names of sessions of which it is not known how the
-- endpoint authenticated are counted in common_names_not_known alone, and common_names is null if that is not known of any.
-- sessions_without_identity have neither a user name nor a common name. not_covered counts sessions that a hole may have cut.
-- The table endpoints shows how an endpoint authenticated when a connection began: its newest row at or
-- before that time, or else the first. The query reads 400 days of it. Fewer are faster.
WITH configurations AS (
  -- How each snapshot shows an endpoint to authenticate.
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    min(captured_at) AS captured_at,
    array_distinct(flatten(array_agg(authentication_types))) AS types
  FROM endpoints
  WHERE snapshot_date >= CAST(current_date - INTERVAL '400' DAY AS varchar)
    AND endpoint_id IS NOT NULL
    AND cardinality(authentication_types) > 0
  GROUP BY account_id, region, endpoint_id, snapshot_time
),
classified AS (
  SELECT
    *,
    CASE
      WHEN contains(types, 'certificate-authentication') THEN if(cardinality(types) = 1, 'certificate', 'mixed')
      WHEN contains(types, 'directory-service-authentication') OR contains(types, 'federated-authentication')
        THEN 'directory or SAML'
      ELSE 'not known'
    END AS authentication
  FROM configurations
),
followed AS (
  SELECT
    *,
    lag(authentication) OVER (
      PARTITION BY account_id, region, endpoint_id ORDER BY captured_at, snapshot_time
    ) AS before
  FROM classified
),
authentications AS (
  -- From each change to the next. Before the first snapshot it is taken to be as in that one.
  SELECT
    account_id,
    region,
    endpoint_id,
    authentication,
    if(before IS NULL, TIMESTAMP '0001-01-01 00:00:00', captured_at) AS since,
    lead(captured_at) OVER (
      PARTITION BY account_id, region, endpoint_id ORDER BY captured_at, snapshot_time
    ) AS until
  FROM followed
  WHERE before IS DISTINCT FROM authentication
),
used AS (
  SELECT
    sessions.*,
    coalesce(authentications.authentication, 'not known') AS authentication,
    -- The user name. If users log in with a name alone, AWS sends it as the common name too.
    coalesce(
      sessions.username,
      if(authentications.authentication = 'directory or SAML', sessions.common_name)
    ) AS user_name
  FROM sessions
  LEFT JOIN authentications
    ON authentications.account_id = sessions.account_id
    AND authentications.region = sessions.region
    AND authentications.endpoint_id = sessions.endpoint_id
    AND authentications.since <= sessions.connection_established_time
    AND (authentications.until IS NULL OR authentications.until > sessions.connection_established_time)
  WHERE sessions.ends_at >= current_date - INTERVAL '30' DAY
)
SELECT
  account_id,
  region,
  endpoint_id,
  count(*) AS sessions,
  min(connection_established_time) AS first_use,
  max(ends_at) AS last_use,
  sum(ingress_bytes) AS ingress_bytes,
  sum(egress_bytes) AS egress_bytes,
  round(sum(duration_seconds) / 3600e0, 4) AS hours,
  count(DISTINCT identity_key) FILTER (WHERE user_name IS NOT NULL) AS usernames,
  if(
    bool_or(authentication <> 'not known'),
    count(DISTINCT common_name) FILTER (WHERE authentication IN ('certificate', 'mixed'))
  ) AS common_names,
  count(DISTINCT common_name) FILTER (WHERE authentication = 'not known') AS common_names_not_known,
  array_join(array_sort(array_agg(DISTINCT authentication)), ', ') AS authentication,
  count_if(identity IS NULL) AS sessions_without_identity,
  sum(duration_seconds) AS duration_seconds,
  count_if(NOT covered) AS not_covered
FROM used
GROUP BY account_id, region, endpoint_id
ORDER BY ingress_bytes DESC, egress_bytes DESC, account_id, region, endpoint_id
