-- How much did each user name use the VPN with each certificate?
-- Bears on: the distinct users of AWS's dashboard for Client VPN logs, for mixed authentication.
-- Edit: how many days back. A session counts in full if it reaches into these days. User names are counted by identity_key, and username
-- has every spelling. If known_to_be_certificate is false, no row of the table endpoints shows how the endpoint authenticated, so
-- that the name may be the user's. In sessions_named_like_user the common name is the user's name too, and AWS may have sent it in
-- place of the certificate's. A row without a username or common name has the sessions of which AWS sent none. not_covered counts
-- sessions that a hole may have cut.
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
  array_join(array_sort(array_agg(DISTINCT username) FILTER (WHERE username IS NOT NULL)), ', ') AS username,
  common_name,
  count(*) AS sessions,
  sum(duration_seconds) AS duration_seconds,
  sum(ingress_bytes) AS ingress_bytes,
  sum(egress_bytes) AS egress_bytes,
  max_by(
    endpoint_id,
    ROW(connection_established_time, ends_at, account_id, region, endpoint_id, connection_id)
  ) AS last_endpoint_id,
  if(username IS NOT NULL, identity_key) AS identity_key,
  authentication <> 'not known' AS known_to_be_certificate,
  count_if(named_like_user) AS sessions_named_like_user,
  count_if(NOT covered) AS not_covered
FROM used
WHERE authentication = 'mixed'
  OR username IS NOT NULL AND authentication IN ('certificate', 'not known')
GROUP BY if(username IS NOT NULL, identity_key), common_name, authentication <> 'not known'
ORDER BY
  identity_key IS NULL OR common_name IS NULL, ingress_bytes DESC, egress_bytes DESC,
  identity_key, common_name, known_to_be_certificate
