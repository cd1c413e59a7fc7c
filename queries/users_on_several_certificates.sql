-- Which user names were used with several certificates?
-- Bears on: PCI DSS 8.2.2, NIST SP 800-53 IA-5(2).
-- Edit: how many days back. Sessions count that reach into these days. User names are counted by identity_key, and username has every
-- spelling. certificates and common_names are those of endpoints that use certificates. In common_names_not_known are those of endpoints
-- of which no row of the table endpoints shows how they authenticated: these may be certificates or the user's name. In
-- sessions_named_like_user the common name is the user's name too, and AWS may have sent it in place of the certificate's.
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
  WHERE sessions.ends_at >= current_date - INTERVAL '90' DAY
)
SELECT
  array_join(array_sort(array_agg(DISTINCT username)), ', ') AS username,
  count(DISTINCT common_name) FILTER (WHERE authentication <> 'not known') AS certificates,
  array_join(
    array_sort(array_agg(DISTINCT common_name) FILTER (WHERE authentication <> 'not known')), ', '
  ) AS common_names,
  count(*) AS sessions,
  min(connection_established_time) AS first_use,
  max(ends_at) AS last_use,
  identity_key,
  array_join(
    array_sort(array_agg(DISTINCT common_name) FILTER (WHERE authentication = 'not known')), ', '
  ) AS common_names_not_known,
  count_if(named_like_user) AS sessions_named_like_user,
  count_if(NOT covered) AS not_covered
FROM used
WHERE username IS NOT NULL
  AND common_name IS NOT NULL
  AND authentication <> 'directory or SAML'
GROUP BY identity_key
HAVING count(DISTINCT common_name) > 1
ORDER BY certificates DESC, identity_key
