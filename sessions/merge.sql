-- Brings the sessions that began on {from_date} or later up to what the snapshots since then say.
-- Merging again changes nothing, and a snapshot that comes late still counts. A session that began before that day is
-- left alone, since it would be made of half its snapshots: three days are enough for those of today, because a
-- session lasts 24 hours at most and stays listed for one more.
MERGE INTO sessions AS known
USING (
  WITH ledger AS (
    SELECT "$path" AS record_path, start, scheduled, targets, places
    FROM runs
    -- A day earlier, for the capture that came before the first session.
    WHERE runs.snapshot_date >= CAST(DATE '{from_date}' - INTERVAL '1' DAY AS varchar)
  ),
  -- BEGIN HOLES: the same lines as in queries/coverage_holes.sql
  entries AS (
    -- Attempts at endpoints, attempts at listing them (under *), and under each endpoint the listings that have it.
    SELECT
      entry.account_id,
      entry.region,
      entry.endpoint_id,
      entry.kind,
      entry.outcome,
      entry.error_code,
      coalesce(entry.object_key, ledger.record_path) AS object_key,
      from_iso8601_timestamp(coalesce(entry.first_page_requested_at, ledger.start)) AS begins,
      from_iso8601_timestamp(entry.first_page_at) AS first_page_at,
      from_iso8601_timestamp(entry.last_page_at) AS ends,
      -- Null in a record that is older than the field.
      coalesce(ledger.scheduled, true) AS is_scheduled
    FROM ledger
    CROSS JOIN UNNEST(
      transform(
        coalesce(targets, ARRAY[]),
        target -> ROW(
          target.account_id, target.region, target.endpoint_id, 'attempt', target.outcome, target.error.code,
          target.object_key, target.first_page_requested_at, target.first_page_at, target.last_page_at
        )
      )
      || flatten(
        transform(
          filter(coalesce(places, ARRAY[]), place -> place.discovery IS NOT NULL),
          place -> transform(
            ARRAY['*'] || if(place.discovery.error.code IS NULL, coalesce(place.discovery.endpoints, ARRAY[]), ARRAY[]),
            endpoint_id -> ROW(
              place.account_id, place.region, endpoint_id, if(endpoint_id = '*', 'attempt', 'listed'),
              if(place.discovery.error.code IS NULL AND place.discovery.endpoints IS NOT NULL, 'complete', 'failed'),
              place.discovery.error.code,
              CAST(NULL AS varchar), place.discovery.first_page_requested_at, place.discovery.first_page_at,
              place.discovery.last_page_at
            )
          )
        )
      )
    ) AS entry (
      account_id, region, endpoint_id, kind, outcome, error_code,
      object_key, first_page_requested_at, first_page_at, last_page_at
    )
  ),
  judged AS (
    -- A capture or a listing proves nothing if the clock stepped while its pages came.
    SELECT
      *,
      outcome IN ('complete', 'already_captured') AND coalesce(first_page_at BETWEEN begins AND ends, false) AS proves,
      outcome IN ('complete', 'already_captured') AND NOT first_page_at BETWEEN begins AND ends AS clock_stepped
    FROM entries
  ),
  moments AS (
    -- Entries of one object are one capture.
    SELECT
      account_id,
      region,
      endpoint_id,
      kind,
      kind = 'attempt' AND proves AS captured,
      min(begins) AS begins,
      max(begins) AS last_begins,
      max(ends) AS ends,
      min(if(is_scheduled, begins)) AS scheduled,
      count_if(outcome IN ('partial', 'failed') OR (outcome = 'complete' AND clock_stepped)) AS failures,
      array_agg(if(clock_stepped, 'ClockStepped', error_code)) FILTER (WHERE clock_stepped OR error_code IS NOT NULL) AS error_codes
    FROM judged
    WHERE proves OR kind = 'attempt'
    GROUP BY account_id, region, endpoint_id, kind, proves, object_key
  ),
  beside_listings AS (
    SELECT
      *,
      max(if(captured AND endpoint_id = '*', begins)) OVER (
        PARTITION BY account_id, region
        ORDER BY begins RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
      ) AS listed_before,
      min(if(captured AND endpoint_id = '*', begins)) OVER (
        PARTITION BY account_id, region
        ORDER BY last_begins RANGE BETWEEN INTERVAL '0.001' SECOND FOLLOWING AND UNBOUNDED FOLLOWING
      ) AS listed_after
    FROM moments
  ),
  lives AS (
    -- An endpoint begins at the last listing before it was known, and is gone at the first after it was last listed or tried.
    -- The list of endpoints is expected from the first scheduled attempt at it on.
    SELECT
      *,
      if(
        endpoint_id = '*',
        min(scheduled) OVER endpoint,
        coalesce(
          min_by(listed_before, begins) OVER endpoint,
          min(if(kind = 'attempt', begins)) OVER endpoint,
          min(begins) OVER endpoint
        )
      ) AS beginning,
      max_by(listed_after, last_begins) OVER endpoint AS gone_at,
      row_number() OVER (PARTITION BY account_id, region, endpoint_id ORDER BY begins) = 1 AS is_first
    FROM beside_listings
    WINDOW endpoint AS (PARTITION BY account_id, region, endpoint_id)
  ),
  steps AS (
    -- One more row for each endpoint: its beginning.
    SELECT
      lives.account_id,
      lives.region,
      lives.endpoint_id,
      lives.gone_at,
      lives.beginning,
      if(step.is_beginning, beginning, begins) AS at,
      step.is_beginning OR captured AS opens,
      if(NOT step.is_beginning AND captured, ends) AS ends,
      if(step.is_beginning, 0, failures) AS failures,
      if(NOT step.is_beginning, error_codes) AS error_codes
    FROM lives
    CROSS JOIN UNNEST(if(is_first AND beginning IS NOT NULL, ARRAY[true, false], ARRAY[false])) AS step (is_beginning)
  ),
  ordered AS (
    -- From each capture, and from the beginning, to the smallest end of all captures that begin later.
    SELECT
      *,
      max(if(opens AND at >= beginning, at)) OVER (
        PARTITION BY account_id, region, endpoint_id ORDER BY at RANGE UNBOUNDED PRECEDING
      ) AS gap_begins,
      min(ends) OVER (
        PARTITION BY account_id, region, endpoint_id
        ORDER BY at RANGE BETWEEN INTERVAL '0.001' SECOND FOLLOWING AND UNBOUNDED FOLLOWING
      ) AS next_ends
    FROM steps
  ),
  gaps AS (
    SELECT
      account_id,
      region,
      endpoint_id,
      gap_begins,
      coalesce(next_ends, gone_at, current_timestamp) AS gap_ends,
      next_ends IS NULL AND gone_at IS NULL AS open,
      coalesce(next_ends, gone_at, current_timestamp) >= gap_begins + INTERVAL '60' MINUTE
        OR (next_ends IS NULL AND gone_at IS NOT NULL) AS is_hole,
      sum(failures) AS failures,
      array_sort(array_distinct(flatten(array_agg(error_codes)))) AS error_codes
    FROM ordered
    WHERE gap_begins IS NOT NULL
    GROUP BY account_id, region, endpoint_id, gap_begins, next_ends, gone_at
  ),
  -- END HOLES
  coverage AS (
    SELECT
      account_id,
      region,
      endpoint_id,
      CAST(min(gap_begins) AS timestamp(6)) AS watched_since,
      array_agg(
        CAST(ROW(gap_begins, gap_ends) AS ROW(begins_at timestamp(6), ends_at timestamp(6)))
      ) FILTER (WHERE is_hole) AS holes
    FROM gaps
    GROUP BY account_id, region, endpoint_id
  ),
  shown AS (
    SELECT
      account_id,
      region,
      endpoint_id,
      connection_id,
      -- One row for each connection, which MERGE demands. The rest of the order decides between two rows of one page.
      max_by(
        CAST(
          ROW(
            username, common_name, client_ip, client_ipv6_address, status_code, status_message,
            connection_timestamp, connection_end_time, ingress_bytes, egress_bytes, ingress_packets, egress_packets
          ) AS ROW(
            username varchar, common_name varchar, client_ip varchar, client_ipv6_address varchar,
            status_code varchar, status_message varchar,
            connection_timestamp timestamp(6), connection_end_time timestamp(6),
            ingress_bytes bigint, egress_bytes bigint, ingress_packets bigint, egress_packets bigint
          )
        ),
        ROW(
          captured_at,
          coalesce(connection_timestamp, TIMESTAMP '1970-01-01 00:00:00'),
          coalesce(status_code, ''),
          coalesce(ingress_bytes, -1),
          coalesce(egress_bytes, -1),
          coalesce(username, ''),
          coalesce(client_ip, '')
        )
      ) AS newest,
      CAST(min(captured_at) AS timestamp(6)) AS first_seen,
      CAST(max(captured_at) AS timestamp(6)) AS last_seen,
      CAST(min(connection_established_time) AS timestamp(6)) AS connection_established_time,
      max(ingress_bytes) AS ingress_bytes,
      max(egress_bytes) AS egress_bytes,
      max(ingress_packets) AS ingress_packets,
      max(egress_packets) AS egress_packets,
      bool_or(status_code = 'failed-to-terminate') AS failed_to_terminate,
      array_sort(array_distinct(flatten(
        array_agg(posture_compliance_statuses) FILTER (WHERE posture_compliance_statuses IS NOT NULL)
      ))) AS posture_compliance_statuses,
      count(DISTINCT snapshot_time) AS snapshots
    FROM connections
    WHERE snapshot_date >= '{from_date}'
      AND connection_id IS NOT NULL
    GROUP BY account_id, region, endpoint_id, connection_id
  ),
  dated AS (
    SELECT
      *,
      coalesce(connection_established_time, first_seen) AS established,
      coalesce(
        newest.connection_end_time,
        -- Of a terminated connection this is the same moment.
        CASE WHEN newest.status_code = 'terminated' THEN coalesce(newest.connection_timestamp, last_seen) END
      ) AS ended
    FROM shown
  )
  SELECT
    dated.account_id,
    dated.region,
    dated.endpoint_id,
    dated.connection_id,
    coalesce(dated.newest.username, dated.newest.common_name) AS identity,
    dated.newest.username AS username,
    dated.newest.common_name AS common_name,
    dated.newest.client_ip AS client_ip,
    dated.newest.client_ipv6_address AS client_ipv6_address,
    dated.first_seen,
    dated.last_seen,
    dated.established AS connection_established_time,
    dated.ended AS connection_end_time,
    CASE WHEN dated.ended IS NOT NULL THEN true END AS end_seen,
    coalesce(dated.newest.ingress_bytes, dated.ingress_bytes) AS ingress_bytes,
    coalesce(dated.newest.egress_bytes, dated.egress_bytes) AS egress_bytes,
    coalesce(dated.newest.ingress_packets, dated.ingress_packets) AS ingress_packets,
    coalesce(dated.newest.egress_packets, dated.egress_packets) AS egress_packets,
    dated.newest.status_code AS status_code,
    dated.newest.status_message AS status_message,
    coalesce(dated.failed_to_terminate, false) AS failed_to_terminate,
    -- As text: Athena has timed out on setting an array in MERGE.
    json_format(CAST(dated.posture_compliance_statuses AS json)) AS posture_compliance_statuses,
    dated.snapshots,
    coalesce(
      coverage.watched_since <= dated.established
      AND (
        coverage.holes IS NULL
        OR none_match(
          coverage.holes,
          hole -> hole.begins_at <= coalesce(dated.ended, dated.last_seen) AND hole.ends_at > dated.established
        )
      ),
      false
    ) AS covered
  FROM dated
  LEFT JOIN coverage
    ON coverage.account_id = dated.account_id
    AND coverage.region = dated.region
    AND coverage.endpoint_id = dated.endpoint_id
  WHERE dated.established >= TIMESTAMP '{from_date} 00:00:00'
) AS seen
ON known.account_id = seen.account_id
  AND known.region = seen.region
  AND known.endpoint_id = seen.endpoint_id
  AND known.connection_id = seen.connection_id
  -- So that older months are not read. A little earlier, for a row whose beginning AWS told late or never.
  AND known.connection_established_time >= TIMESTAMP '{from_date} 00:00:00' - INTERVAL '3' DAY
WHEN MATCHED AND (
  seen.last_seen > known.last_seen
  -- Null in a row that is older than the column.
  OR seen.snapshots > coalesce(known.snapshots, 0)
  OR known.covered IS NULL
  -- A capture that comes late closes a hole. Of a session that was closed without an end, covered stays false.
  OR (seen.covered <> known.covered AND known.end_seen IS DISTINCT FROM false)
) THEN UPDATE SET
  identity = seen.identity,
  username = seen.username,
  common_name = seen.common_name,
  client_ip = seen.client_ip,
  client_ipv6_address = seen.client_ipv6_address,
  first_seen = least(known.first_seen, seen.first_seen),
  last_seen = seen.last_seen,
  connection_established_time = least(known.connection_established_time, seen.connection_established_time),
  connection_end_time = seen.connection_end_time,
  end_seen = seen.end_seen,
  ingress_bytes = seen.ingress_bytes,
  egress_bytes = seen.egress_bytes,
  ingress_packets = seen.ingress_packets,
  egress_packets = seen.egress_packets,
  status_code = seen.status_code,
  status_message = seen.status_message,
  failed_to_terminate = seen.failed_to_terminate,
  posture_compliance_statuses = seen.posture_compliance_statuses,
  snapshots = greatest(coalesce(known.snapshots, 0), seen.snapshots),
  covered = seen.covered
WHEN NOT MATCHED THEN INSERT (
  account_id, region, endpoint_id, connection_id, identity, username, common_name, client_ip, client_ipv6_address,
  first_seen, last_seen, connection_established_time, connection_end_time, end_seen,
  ingress_bytes, egress_bytes, ingress_packets, egress_packets, status_code, status_message, failed_to_terminate,
  posture_compliance_statuses, snapshots, covered
) VALUES (
  seen.account_id, seen.region, seen.endpoint_id, seen.connection_id, seen.identity, seen.username, seen.common_name,
  seen.client_ip, seen.client_ipv6_address,
  seen.first_seen, seen.last_seen, seen.connection_established_time, seen.connection_end_time, seen.end_seen,
  seen.ingress_bytes, seen.egress_bytes, seen.ingress_packets, seen.egress_packets, seen.status_code,
  seen.status_message, seen.failed_to_terminate,
  seen.posture_compliance_statuses, seen.snapshots, seen.covered
)
