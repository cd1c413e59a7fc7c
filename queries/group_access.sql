-- What could a group reach on a day, by the authorization rules of each endpoint?
-- Bears on: PCI DSS 7.2.1 and 7.2.4, NIST SP 800-53 AC-3 and AC-6, ISO/IEC 27001 A.5.15 and A.5.18.
-- Edit: the group as the rules name it (the SID of a group of Active Directory, or the name that SAML gives), and the day, in UTC.
-- Rows: a rule for the group or for all users. No rule lists members: the directory or the SAML provider has them. An authorization policy
-- (authorization_policy in endpoints) and the security groups of the networks can deny what a rule allows. A policy whose
-- authorization_policy_shadow_mode is `enabled` denies nothing, it only logs.
-- why: `rule for the group`, `rule for all users`, or `not known` if AWS does not state whom the rule is for. It is `rules not known` in
-- the row of an endpoint without such a rule, if its rules are not known at some snapshot: the group may have had access.
-- description, statuses: all that snapshots of the day show.
-- first_active, last_active, active_snapshots: the first and the last snapshot that show the rule as active, by their snapshot_time, or
-- null, and the number of all of them. Between the two, the rule may have been removed and added again.
-- route_overlaps: `yes` if, at one of these, an active route of the endpoint contains the destination or lies within it. It is `not known`
-- if the routes of one of them are unknown, or a network is not a CIDR, and `no` otherwise.
-- not_reached: networks inside the destination that narrower rules take away in at least one of these snapshots, or null. AWS applies only
-- the rules of the narrowest network that contains an address, and none of these networks' rules is known to be for the group or for all
-- users. Other rows can give access to a part of them. Snapshots with unknown rules are ignored.
-- snapshots, snapshots_not_known: the snapshots of the day that describe the endpoint, and those of them that may lack rules. Versions
-- that recorded no rules left no sign of it: ask about days after the upgrade.
-- endpoints_described: the endpoints in snapshots of the day. Nothing is known of others. One row has only this if there is no other row.
WITH asked AS (
  SELECT 'S-1-5-21-1111111111-2222222222-3333333333-1001' AS group_id, DATE '2026-11-01' AS day
),
described AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    bool_or(element_at(unparsed, 'authorizationRule#error') IS NOT NULL) AS rules_not_known,
    bool_or(element_at(unparsed, 'routes#error') IS NOT NULL) AS routes_not_known
  FROM endpoints
  CROSS JOIN asked
  WHERE snapshot_date = CAST(asked.day AS varchar)
    AND endpoint_id IS NOT NULL
    AND status_code IS DISTINCT FROM 'deleted'
  GROUP BY account_id, region, endpoint_id, snapshot_time
),
rules AS (
  SELECT
    authorization_rules.account_id,
    authorization_rules.region,
    authorization_rules.endpoint_id,
    authorization_rules.snapshot_time,
    coalesce(authorization_rules.destination_cidr, element_at(authorization_rules.unparsed, 'destinationCidr')) AS destination_cidr,
    CASE
      -- AWS said something that is neither true nor false or no exact text, or two things, or named another endpoint too.
      WHEN element_at(authorization_rules.unparsed, 'accessAll') IS NOT NULL
        OR element_at(authorization_rules.unparsed, 'groupId') IS NOT NULL
        OR element_at(authorization_rules.unparsed, 'clientVpnEndpointId') IS NOT NULL THEN 'not known'
      WHEN authorization_rules.access_all THEN 'rule for all users'
      WHEN authorization_rules.group_id = asked.group_id THEN 'rule for the group'
      WHEN coalesce(authorization_rules.group_id, '') = '' THEN 'not known'
    END AS why,
    authorization_rules.description,
    coalesce(authorization_rules.status_code, 'not known') AS status_code,
    -- Trino fails at a prefix that is no number, and try() does not catch that.
    regexp_extract(authorization_rules.destination_cidr, '^[0-9a-fA-F:.]+/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8])$') AS network
  FROM authorization_rules
  CROSS JOIN asked
  WHERE authorization_rules.snapshot_date = CAST(asked.day AS varchar)
),
of_day AS (
  SELECT routes.*, regexp_extract(routes.destination_cidr, '^[0-9a-fA-F:.]+/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8])$') AS network
  FROM routes
  CROSS JOIN asked
  WHERE routes.snapshot_date = CAST(asked.day AS varchar)
),
beside_routes AS (
  -- is_covered is null if it is not known. Two networks have an address in common only if one contains the other.
  SELECT
    rules.*,
    CASE
      WHEN of_day.endpoint_id IS NULL THEN false
      WHEN (strpos(of_day.destination_cidr, ':') > 0) <> (strpos(rules.destination_cidr, ':') > 0) THEN false
      ELSE of_day.status_code = 'active' AND try(
        contains(of_day.network, CAST(split_part(rules.network, '/', 1) AS ipaddress))
        OR contains(rules.network, CAST(split_part(of_day.network, '/', 1) AS ipaddress))
      )
      -- Another route may cover it.
    END OR if(coalesce(described.routes_not_known, true), NULL, false) AS is_covered
  FROM rules
  LEFT JOIN described
    ON described.account_id = rules.account_id
    AND described.region = rules.region
    AND described.endpoint_id = rules.endpoint_id
    AND described.snapshot_time = rules.snapshot_time
  LEFT JOIN of_day
    ON of_day.account_id = rules.account_id
    AND of_day.region = rules.region
    AND of_day.endpoint_id = rules.endpoint_id
    AND of_day.snapshot_time = rules.snapshot_time
  WHERE rules.why IS NOT NULL
),
networks AS (
  -- Each network with an active rule at a snapshot.
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    destination_cidr,
    network,
    try_cast(split_part(network, '/', 2) AS bigint) AS prefix_length,
    count_if(why IN ('rule for the group', 'rule for all users')) > 0 AS is_reached,
    count(why) > 0 AS is_shown
  FROM rules
  WHERE status_code = 'active'
  GROUP BY account_id, region, endpoint_id, snapshot_time, destination_cidr, network
),
narrower AS (
  SELECT
    wide.account_id,
    wide.region,
    wide.endpoint_id,
    wide.destination_cidr,
    array_join(array_sort(array_agg(DISTINCT narrow.destination_cidr)), ', ') AS not_reached
  FROM networks AS wide
  JOIN networks AS narrow
    ON narrow.account_id = wide.account_id
    AND narrow.region = wide.region
    AND narrow.endpoint_id = wide.endpoint_id
    AND narrow.snapshot_time = wide.snapshot_time
    AND narrow.prefix_length > wide.prefix_length
  -- Where some rules are not known, one of them may be for the group.
  JOIN described
    ON described.account_id = wide.account_id
    AND described.region = wide.region
    AND described.endpoint_id = wide.endpoint_id
    AND described.snapshot_time = wide.snapshot_time
    AND NOT described.rules_not_known
  WHERE wide.is_shown
    AND NOT narrow.is_reached
    AND (strpos(narrow.destination_cidr, ':') > 0) = (strpos(wide.destination_cidr, ':') > 0)
    AND try(contains(wide.network, CAST(split_part(narrow.network, '/', 1) AS ipaddress)))
  GROUP BY wide.account_id, wide.region, wide.endpoint_id, wide.destination_cidr
),
found AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    destination_cidr,
    why,
    min(snapshot_time) FILTER (WHERE status_code = 'active') AS first_active,
    max(snapshot_time) FILTER (WHERE status_code = 'active') AS last_active,
    count(DISTINCT snapshot_time) FILTER (WHERE status_code = 'active') AS active_snapshots,
    array_join(array_sort(array_agg(DISTINCT status_code)), ', ') AS statuses,
    nullif(array_join(array_sort(array_agg(DISTINCT description)), ' | '), '') AS description,
    CASE
      WHEN count_if(status_code = 'active') = 0 THEN NULL
      WHEN count_if(status_code = 'active' AND is_covered) > 0 THEN 'yes'
      WHEN count_if(status_code = 'active' AND is_covered IS NULL) > 0 THEN 'not known'
      ELSE 'no'
    END AS route_overlaps
  FROM beside_routes
  GROUP BY account_id, region, endpoint_id, destination_cidr, why
),
counted AS (
  SELECT account_id, region, endpoint_id, count(*) AS snapshots, count_if(rules_not_known) AS snapshots_not_known
  FROM described
  GROUP BY account_id, region, endpoint_id
),
shown AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    destination_cidr,
    coalesce(found.why, 'rules not known') AS why,
    found.first_active,
    found.last_active,
    coalesce(found.active_snapshots, 0) AS active_snapshots,
    found.statuses,
    found.description,
    found.route_overlaps,
    if(found.first_active IS NOT NULL, narrower.not_reached) AS not_reached,
    coalesce(counted.snapshots, 0) AS snapshots,
    coalesce(counted.snapshots_not_known, 0) AS snapshots_not_known
  FROM found
  FULL JOIN counted USING (account_id, region, endpoint_id)
  LEFT JOIN narrower USING (account_id, region, endpoint_id, destination_cidr)
  WHERE found.why IS NOT NULL
    OR counted.snapshots_not_known > 0
),
total AS (
  SELECT count(*) AS endpoints_described
  FROM counted
)
SELECT shown.*, total.endpoints_described
FROM total
LEFT JOIN shown ON true
ORDER BY shown.account_id, shown.region, shown.endpoint_id, shown.destination_cidr, shown.why
