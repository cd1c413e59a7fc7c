-- Recomputes the main figures of exhibit {number} from the lake, with nothing of the program that made it.
-- In the folder of the exhibit: duckdb < reperform.sql
-- If the lake, or a copy of it, is elsewhere, change the first statement. For a bucket, load httpfs first.
SET VARIABLE lake = {lake};
-- The same as a pattern that only it matches.
SET VARIABLE pattern = regexp_replace(getvariable('lake'), '([*?[])', '[\1]', 'g');
SET VARIABLE period_from = TIMESTAMPTZ {from};
SET VARIABLE period_to = TIMESTAMPTZ {to};
SET VARIABLE as_of = TIMESTAMPTZ {as_of};
SET TimeZone = 'UTC';
SET VARIABLE until = least(getvariable('period_to'), getvariable('as_of'));
-- Captures of up to a day later show what existed before.
SET VARIABLE horizon = least(getvariable('until') + INTERVAL 24 HOUR, getvariable('as_of'));

-- The ledger: one line of JSON for each run.
CREATE OR REPLACE TEMP TABLE runs AS
SELECT *
FROM read_json(
  {runs},
  format = 'newline_delimited',
  -- A run record that is none counts for nothing.
  ignore_errors = true,
  columns = {
    snapshot_time: 'TIMESTAMPTZ',
    start: 'TIMESTAMPTZ',
    targets: 'STRUCT(account_id VARCHAR, region VARCHAR, endpoint_id VARCHAR, outcome VARCHAR, first_page_requested_at TIMESTAMPTZ, first_page_at TIMESTAMPTZ, last_page_at TIMESTAMPTZ, object_key VARCHAR)[]',
    places: 'STRUCT(account_id VARCHAR, region VARCHAR, discovery STRUCT(endpoints VARCHAR[], first_page_requested_at TIMESTAMPTZ, first_page_at TIMESTAMPTZ, last_page_at TIMESTAMPTZ, error STRUCT(code VARCHAR)))[]'
  }
)
WHERE snapshot_time::DATE <= getvariable('horizon')::DATE;

CREATE OR REPLACE TEMP TABLE attempts AS
SELECT snapshot_time, start, target.*
FROM (SELECT snapshot_time, start, unnest(targets) AS target FROM runs);

CREATE OR REPLACE TEMP TABLE listings AS
SELECT
  place.account_id,
  place.region,
  place.discovery.endpoints AS endpoints,
  coalesce(place.discovery.first_page_requested_at, start) AS begins,
  place.discovery.first_page_at AS first_page_at,
  place.discovery.last_page_at AS ends
FROM (SELECT start, unnest(places) AS place FROM runs)
WHERE place.discovery.endpoints IS NOT NULL
  AND (place.discovery.error IS NULL OR place.discovery.error.code = 'LedgerUnreadable')
  AND coalesce(place.discovery.first_page_requested_at, start) <= place.discovery.first_page_at
  AND place.discovery.first_page_at <= place.discovery.last_page_at;

-- Complete captures: entries of one object are one. The listing of endpoints is under *.
CREATE OR REPLACE TEMP TABLE looks AS
SELECT account_id, region, endpoint_id, min(coalesce(first_page_requested_at, start)) AS begins, max(last_page_at) AS ends
FROM attempts
WHERE outcome IN ('complete', 'already_captured')
  AND coalesce(first_page_requested_at, start) <= first_page_at
  AND first_page_at <= last_page_at
GROUP BY account_id, region, endpoint_id, object_key
UNION ALL
SELECT account_id, region, '*', begins, ends
FROM listings;

-- When an endpoint was last known, and the first listing without it after that.
CREATE OR REPLACE TEMP TABLE gone AS
WITH signs AS (
  SELECT account_id, region, endpoint_id, coalesce(first_page_requested_at, start) AS seen_at FROM attempts
  UNION ALL
  SELECT account_id, region, unnest(endpoints), begins FROM listings
),
last_signs AS (
  SELECT account_id, region, endpoint_id, max(seen_at) AS seen_at FROM signs GROUP BY ALL
)
SELECT account_id, region, endpoint_id, min(begins) AS gone_at
FROM last_signs
JOIN listings USING (account_id, region)
WHERE begins > seen_at AND NOT list_contains(endpoints, endpoint_id)
GROUP BY ALL;

-- A gap begins with a capture, or with the time from which the endpoint is assessed, and ends with the first end of any later capture.
CREATE OR REPLACE TEMP TABLE gaps AS
WITH assessed AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    endpoints.from AS begins,
    if(gone_at < getvariable('horizon'), gone_at, NULL) AS gone_at
  FROM read_csv('endpoints.csv', header = true, types = {'account_id': 'VARCHAR', 'from': 'TIMESTAMPTZ'}) AS endpoints
  LEFT JOIN gone USING (account_id, region, endpoint_id)
),
starts AS (
  SELECT account_id, region, endpoint_id, begins, gone_at FROM assessed
  UNION
  SELECT account_id, region, endpoint_id, looks.begins, gone_at
  FROM looks JOIN assessed USING (account_id, region, endpoint_id)
  WHERE looks.begins > assessed.begins
),
followed AS (
  SELECT starts.*, (
      SELECT min(looks.ends) FROM looks
      WHERE looks.account_id = starts.account_id AND looks.region = starts.region
        AND looks.endpoint_id = starts.endpoint_id AND looks.begins > starts.begins
    ) AS next_ends
  FROM starts
)
SELECT
  *,
  coalesce(next_ends, gone_at, getvariable('horizon')) AS ends
FROM followed
WHERE begins < getvariable('until') AND (gone_at IS NULL OR begins < gone_at);

CREATE OR REPLACE TEMP TABLE holes AS
SELECT account_id, region, endpoint_id, begins, ends
FROM gaps
WHERE ends >= begins + INTERVAL 60 MINUTE OR (next_ends IS NULL AND gone_at IS NOT NULL AND ends > begins);

-- The rows of the objects that the sessions were made of.
SET VARIABLE objects = (
  SELECT coalesce(list(getvariable('pattern') || '/' || object_key), [])
  FROM read_csv('objects.csv', header = true, all_varchar = true)
);
CREATE OR REPLACE TEMP TABLE sights AS
SELECT
  regexp_extract(filename, '/account_id=(\d+)/[^/]+/[^/]+/[^/]+$', 1) AS account_id,
  regexp_extract(filename, '/region=([^/]+)/[^/]+/[^/]+$', 1) AS region,
  endpoint_id, connection_id, captured_at, status_code, connection_established_time, connection_end_time, username, common_name, ingress_bytes,
  egress_bytes
FROM {rows};

-- Every object of a capture of the period that lies in the lake, and those that the exhibit names.
CREATE OR REPLACE TEMP TABLE in_lake AS
SELECT regexp_extract(file, '(connections|partials)/account_id=[^/]+/[^/]+/[^/]+/[^/]+$') AS object_key
FROM (
  SELECT unnest(list_concat(
    (SELECT list(file) FROM glob(getvariable('pattern') || '/connections/**/*.parquet')),
    (SELECT list(file) FROM glob(getvariable('pattern') || '/partials/**/*.parquet'))
  )) AS file
)
WHERE try_strptime(regexp_extract(file, '/(\d{8}T\d{6}Z)_[^/]*$', 1), '%Y%m%dT%H%M%SZ') >= getvariable('period_from')::TIMESTAMP
  AND try_strptime(regexp_extract(file, '/(\d{8}T\d{6}Z)_[^/]*$', 1), '%Y%m%dT%H%M%SZ') < getvariable('until')::TIMESTAMP;
CREATE OR REPLACE TEMP TABLE named AS
SELECT object_key FROM read_json('objects.jsonl', format = 'newline_delimited', columns = {object_key: 'VARCHAR'})
UNION
SELECT object_key FROM read_json('unreadable.jsonl', format = 'newline_delimited', columns = {object_key: 'VARCHAR'});

CREATE OR REPLACE TEMP TABLE stated_sessions AS
SELECT *
FROM read_json('sessions.jsonl', format = 'newline_delimited', columns = {
  account_id: 'VARCHAR', region: 'VARCHAR', endpoint_id: 'VARCHAR', connection_id: 'VARCHAR', identity: 'VARCHAR', first_seen: 'TIMESTAMPTZ',
  last_seen: 'TIMESTAMPTZ', ingress_bytes: 'BIGINT', egress_bytes: 'BIGINT'
});

-- The sessions of the period, by their ids, made again from these rows.
CREATE OR REPLACE TEMP TABLE remade AS
SELECT
  account_id,
  region,
  endpoint_id,
  connection_id,
  -- Of two texts of one moment, the greater.
  coalesce(arg_max(sights.username, (captured_at, sights.username)), arg_max(sights.common_name, (captured_at, sights.common_name))) AS identity,
  min(captured_at) AS first_seen,
  max(captured_at) AS last_seen,
  max(sights.ingress_bytes) AS ingress_bytes,
  max(sights.egress_bytes) AS egress_bytes
FROM sights
SEMI JOIN stated_sessions USING (account_id, region, endpoint_id, connection_id)
GROUP BY ALL;

-- Connections that a capture of the period shows as active.
CREATE OR REPLACE TEMP TABLE active AS
SELECT DISTINCT account_id, region, endpoint_id, connection_id
FROM sights
WHERE status_code = 'active' AND connection_id IS NOT NULL
  AND captured_at >= getvariable('period_from') AND captured_at < getvariable('until');

-- Connections that ended in the period, by the last row that has an end. An end before the beginning, or after that row, is none.
CREATE OR REPLACE TEMP TABLE ended AS
WITH last_known AS (
  SELECT
    account_id, region, endpoint_id, connection_id, min(connection_established_time) AS begins,
    arg_max(connection_end_time, captured_at) AS ends, max(captured_at) FILTER (connection_end_time IS NOT NULL) AS seen_at
  FROM sights
  WHERE connection_id IS NOT NULL
  GROUP BY ALL
)
SELECT account_id, region, endpoint_id, connection_id
FROM last_known
WHERE begins <= ends AND ends <= seen_at AND ends >= getvariable('period_from') AND ends < getvariable('until');

-- Endpoints that were tried in the period, and the first try of each on record.
CREATE OR REPLACE TEMP TABLE tried AS
WITH tries AS (
  SELECT account_id, region, endpoint_id, coalesce(first_page_requested_at, start) AS seen_at FROM attempts
)
SELECT account_id, region, endpoint_id, greatest(min(seen_at), getvariable('period_from')) AS begins
FROM tries
SEMI JOIN (
  SELECT account_id, region, endpoint_id FROM tries
  WHERE seen_at >= getvariable('period_from') AND seen_at < getvariable('until')
) USING (account_id, region, endpoint_id)
GROUP BY ALL;

WITH population AS (
  SELECT line, count FROM read_json('population.jsonl', format = 'newline_delimited', columns = {line: 'VARCHAR', count: 'UBIGINT'})
),
of_period AS (
  SELECT outcome FROM attempts
  WHERE snapshot_time >= getvariable('period_from') AND snapshot_time < getvariable('period_to')
),
figures (number, figure, recomputed, stated) AS (
  SELECT 1, 'attempts', (SELECT count(*) FROM of_period), (SELECT count FROM population WHERE line = 'attempted')
  UNION ALL
  SELECT 2, 'complete captures', (SELECT count(*) FROM of_period WHERE outcome = 'complete'), (SELECT count FROM population WHERE line = 'complete')
  UNION ALL
  SELECT 3, 'holes', (SELECT count(*) FROM holes),
    (SELECT count(*) FROM read_json('holes.jsonl', format = 'newline_delimited', columns = {endpoint_id: 'VARCHAR'}))
  UNION ALL
  SELECT 4, 'seconds of holes', (SELECT coalesce(sum(floor(epoch(ends - begins))), 0)::BIGINT FROM holes),
    (SELECT coalesce(sum(seconds), 0)::BIGINT FROM read_json('holes.jsonl', format = 'newline_delimited', columns = {seconds: 'BIGINT'}))
  UNION ALL
  SELECT 5, 'rows', (SELECT count(*) FROM sights), (SELECT count FROM population WHERE line = 'in the Parquet objects that were read')
  UNION ALL
  SELECT 6, 'rows without the id of a connection', (SELECT count(*) FROM sights WHERE connection_id IS NULL),
    (SELECT count FROM population WHERE line = 'without the id of a connection')
  UNION ALL
  SELECT 7, 'connections', (SELECT count(*) FROM (SELECT DISTINCT account_id, region, endpoint_id, connection_id FROM sights WHERE connection_id IS NOT NULL)),
    (SELECT count FROM population WHERE line = 'different connections in the rows used')
  UNION ALL
  SELECT 8, 'sessions', (SELECT count(*) FROM remade), (SELECT count FROM population WHERE line = 'that overlap the period, or may')
  UNION ALL
  SELECT 9, 'sessions whose {identity_label}first and last sight and bytes agree', (SELECT count(*) FROM remade JOIN stated_sessions USING (account_id, region, endpoint_id, connection_id)
      WHERE {identity_agrees}
        AND remade.first_seen = stated_sessions.first_seen AND remade.last_seen = stated_sessions.last_seen
        AND remade.ingress_bytes IS NOT DISTINCT FROM stated_sessions.ingress_bytes
        AND remade.egress_bytes IS NOT DISTINCT FROM stated_sessions.egress_bytes),
    (SELECT count(*) FROM stated_sessions)
  UNION ALL
  SELECT 10, 'bytes sent', (SELECT coalesce(sum(ingress_bytes), 0) FROM remade),
    (SELECT coalesce(sum(ingress_bytes), 0) FROM read_json('identities.jsonl', format = 'newline_delimited', columns = {ingress_bytes: 'BIGINT'}))
  UNION ALL
  SELECT 11, 'bytes received', (SELECT coalesce(sum(egress_bytes), 0) FROM remade),
    (SELECT coalesce(sum(egress_bytes), 0) FROM read_json('identities.jsonl', format = 'newline_delimited', columns = {egress_bytes: 'BIGINT'}))
  UNION ALL
  SELECT 12, 'objects of the period in the lake, and named here', (SELECT count(*) FROM in_lake), (SELECT count(*) FROM in_lake SEMI JOIN named USING (object_key))
  UNION ALL
  SELECT 13, 'connections shown as active in the period, and among the sessions', (SELECT count(*) FROM active),
    (SELECT count(*) FROM active SEMI JOIN stated_sessions USING (account_id, region, endpoint_id, connection_id))
  UNION ALL
  SELECT 14, 'endpoints tried in the period, and assessed from their beginning', (SELECT count(*) FROM tried),
    (SELECT count(*) FROM tried
      JOIN read_csv('endpoints.csv', header = true, types = {'account_id': 'VARCHAR', 'from': 'TIMESTAMPTZ'}) AS assessed USING (account_id, region, endpoint_id)
      WHERE assessed.from <= tried.begins)
  UNION ALL
  SELECT 15, 'connections that ended in the period by AWS, and among the sessions', (SELECT count(*) FROM ended),
    (SELECT count(*) FROM ended SEMI JOIN stated_sessions USING (account_id, region, endpoint_id, connection_id))
)
SELECT figure, recomputed, stated, recomputed = stated AS agrees FROM figures ORDER BY number;
