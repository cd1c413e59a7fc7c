-- How long was each session, and how many bytes had it?
-- Bears on: the usage report of AWS's dashboard for Client VPN logs, for every way to authenticate.
-- Edit: how many days back. A session is shown in full if it reaches into these days. duration_seconds is the time from its beginning to
-- ends_at, which is the least that it lasted if end_seen is not true. authentication is not known if no row of the table endpoints has
-- the endpoint. If it is mixed, common_name is the certificate's, or the user's if AWS sent that name instead: named_like_user
-- marks the sessions in which it is both.
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
    -- On an endpoint with certificates and user names, AWS documents the common name as the one or the other.
    authentications.authentication = 'mixed'
      AND lower(sessions.common_name) IN (lower(sessions.username), sessions.identity_key) AS named_like_user
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
  endpoint_id,
  connection_id,
  username,
  common_name,
  authentication,
  connection_established_time,
  connection_end_time,
  duration_seconds,
  ingress_bytes,
  egress_bytes,
  account_id,
  region,
  identity_key,
  ends_at,
  end_seen,
  covered,
  coalesce(named_like_user, false) AS named_like_user
FROM used
ORDER BY ingress_bytes DESC, egress_bytes DESC, connection_id, account_id, region, endpoint_id
