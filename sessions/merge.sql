-- Brings `sessions` up to what the lake shows since {from_time}. Each column of a row combines what the row has from earlier time with
-- what the snapshots since then show, and with all of `captures`, which is merged before. So merges in any order, of any time, end in
-- the rows that one merge of all time makes.
-- Each capture in `captures` has its rows in the lake: they were written before its record, and the record was read before them. Of
-- the run records that were merged just before, this reads all rows: both are of the snapshots since {from_time}. So it does of those
-- that a merge before it added to `captures` and then failed: {from_time} is not later.
-- Each generated part has the path of the file to edit: a fragment, or sessions/create.sql for lists of columns.
MERGE INTO sessions AS known
USING (
  WITH
  last_merge AS (
    -- The record of later time is not known. The tables say in captures when they were merged, once both are.
    SELECT from_iso8601_timestamp('{merged_at}') AS as_of
  ),
  -- BEGIN GENERATED sql_fragments/holes.sql
  -- Finds the times between captures of each endpoint, and which of them are holes, as docs/coverage.md defines them.
  -- Reads captures, and last_merge with as_of: the time, with its zone, up to which the record is known.
  -- Gives gaps, a row for each time between two captures. is_hole says if it is a hole, and open if no capture came after it.
  -- Gives ordered, a row for each capture, failed attempt and listing of an endpoint, and for its beginning.
  entries AS (
    -- Attempts at endpoints, attempts at listing them (under *), and under each endpoint the listings that have it.
    SELECT
      captures.account_id,
      captures.region,
      listed.endpoint_id,
      if(listed.place = 1, 'attempt', 'listed') AS kind,
      captures.outcome,
      captures.error_code,
      coalesce(captures.object_key, captures.record_key) AS object_key,
      with_timezone(captures.attempted_at, 'UTC') AS begins,
      with_timezone(captures.first_page_at, 'UTC') AS first_page_at,
      with_timezone(captures.last_page_at, 'UTC') AS ends,
      captures.scheduled AS is_scheduled
    FROM captures
    CROSS JOIN last_merge
    CROSS JOIN UNNEST(
      ARRAY[captures.endpoint_id] || coalesce(CAST(json_parse(captures.endpoint_ids) AS array(varchar)), ARRAY[])
    ) WITH ORDINALITY AS listed (endpoint_id, place)
    WHERE captures.kind IN ('target', 'listing')
      -- As in the command: a record of more than an hour to come proves nothing yet.
      AND with_timezone(captures.attempted_at, 'UTC') <= last_merge.as_of + INTERVAL '1' HOUR
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
    -- Descending, and no time is null: a frame that begins at the first row is computed in one pass, and one that ends at the last anew for
    -- each row.
    SELECT
      *,
      max(if(captured AND endpoint_id = '*', begins)) OVER (
        PARTITION BY account_id, region
        ORDER BY begins RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
      ) AS listed_before,
      min(if(captured AND endpoint_id = '*', begins)) OVER (
        PARTITION BY account_id, region
        ORDER BY last_begins DESC RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
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
      if(step.is_beginning, 'beginning', kind) AS kind,
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
        ORDER BY at DESC RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
      ) AS next_ends
    FROM steps
  ),
  gaps AS (
    SELECT
      account_id,
      region,
      endpoint_id,
      gap_begins,
      coalesce(next_ends, gone_at, as_of) AS gap_ends,
      next_ends IS NULL AND gone_at IS NULL AS open,
      coalesce(next_ends, gone_at, as_of) >= gap_begins + INTERVAL '60' MINUTE
        OR (next_ends IS NULL AND gone_at IS NOT NULL) AS is_hole,
      sum(failures) AS failures,
      array_sort(array_distinct(flatten(array_agg(error_codes)))) AS error_codes
    FROM ordered
    CROSS JOIN last_merge
    WHERE gap_begins IS NOT NULL
    GROUP BY account_id, region, endpoint_id, gap_begins, next_ends, gone_at, as_of
  ),
  -- END GENERATED sql_fragments/holes.sql
  -- BEGIN GENERATED sql_fragments/merge_sessions/holes_and_captures.sql
  -- Prepares what sql_fragments/holes.sql gives: collects the gaps of each endpoint that are holes or may become holes (holes), and names
  -- the columns of its captures, attempts and listings so that they can stand beside those of sessions (entries_in_order).
  holes AS (
    -- For each endpoint: the gaps that are holes, or may become holes since nothing follows yet.
    SELECT
      account_id,
      region,
      endpoint_id,
      CAST(min(gap_begins) AS timestamp(6)) AS beginning,
      array_agg(
        CAST(ROW(gap_begins, gap_ends, is_hole) AS ROW(begins_at timestamp(6), ends_at timestamp(6), is_hole boolean))
      ) FILTER (WHERE is_hole OR open) AS gaps
    FROM gaps
    GROUP BY account_id, region, endpoint_id
  ),
  entries_in_order AS (
    -- The same entries of the ledger one by one: captures and listings have an end.
    SELECT
      account_id AS entry_account_id,
      region AS entry_region,
      endpoint_id AS entry_endpoint_id,
      CAST(at AS timestamp(6)) AS entry_at,
      CAST(ends AS timestamp(6)) AS entry_ends,
      kind = 'listed' AS is_listed,
      kind = 'attempt' AS is_attempt,
      -- Null, always.
      nullif(endpoint_id, endpoint_id) AS entry_connection_id
    FROM ordered
  ),
  -- END GENERATED sql_fragments/merge_sessions/holes_and_captures.sql
  -- BEGIN GENERATED sql_fragments/merge_sessions/rows_of_snapshots.sql
  -- Reads the rows of connections and partials of the days since two hours before {from_time} (sights), gives each a time that is at most
  -- two hours after its snapshot's (placed), drops times that cannot be right (typed), and combines the rows of each connection into one
  -- (shown).
  sights AS (
    SELECT
      account_id, region, endpoint_id, connection_id, snapshot_date, snapshot_time, captured_at, true AS complete,
      -- BEGIN GENERATED sessions/create.sql: texts
      username, common_name, client_ip, client_ipv6_address,
      -- END GENERATED sessions/create.sql: texts
      status_code, status_message,
      connection_timestamp, connection_established_time, connection_end_time,
      ingress_bytes, egress_bytes, ingress_packets, egress_packets, posture_compliance_statuses
    FROM connections
    WHERE snapshot_date >= CAST(CAST(TIMESTAMP '{from_time}' - INTERVAL '2' HOUR AS date) AS varchar)
      AND connection_id IS NOT NULL
    UNION ALL
    SELECT
      account_id, region, endpoint_id, connection_id, snapshot_date, snapshot_time, captured_at, false AS complete,
      -- BEGIN GENERATED sessions/create.sql: texts
      username, common_name, client_ip, client_ipv6_address,
      -- END GENERATED sessions/create.sql: texts
      status_code, status_message,
      connection_timestamp, connection_established_time, connection_end_time,
      ingress_bytes, egress_bytes, ingress_packets, egress_packets, posture_compliance_statuses
    FROM partials
    WHERE snapshot_date >= CAST(CAST(TIMESTAMP '{from_time}' - INTERVAL '2' HOUR AS date) AS varchar)
      AND connection_id IS NOT NULL
  ),
  placed AS (
    -- placed_at is captured_at, if that lies in the two hours after the time of the snapshot: no capture takes longer. So the days read
    -- have every sight since {from_time}, and every row of a snapshot since then is such a sight.
    SELECT
      *,
      least(greatest(captured_at, snapshot_time), snapshot_time + INTERVAL '2' HOUR - INTERVAL '0.001' SECOND) AS placed_at
    FROM sights
  ),
  typed AS (
    -- A time before December 2018, when Client VPN began, or more than five minutes after the page cannot be right.
    SELECT
      *,
      placed_at >= TIMESTAMP '{from_time}' AS is_recent,
      if(
        connection_established_time BETWEEN TIMESTAMP '2018-12-01 00:00:00' AND captured_at + INTERVAL '5' MINUTE,
        connection_established_time
      ) AS begin_time,
      coalesce(
        if(
          connection_end_time BETWEEN TIMESTAMP '2018-12-01 00:00:00' AND captured_at + INTERVAL '5' MINUTE,
          connection_end_time
        ),
        -- Of a terminated connection this is the same moment.
        if(
          status_code = 'terminated'
          AND connection_timestamp BETWEEN TIMESTAMP '2018-12-01 00:00:00' AND captured_at + INTERVAL '5' MINUTE,
          connection_timestamp
        )
      ) AS end_time
    FROM placed
  ),
  shown AS (
    -- Where two rows of one page differ, the greater value counts.
    SELECT
      account_id,
      region,
      endpoint_id,
      connection_id,
      -- BEGIN GENERATED sessions/create.sql: newest texts
      max_by(username, ROW(placed_at, captured_at, username)) FILTER (
        WHERE is_recent AND username IS NOT NULL
      ) AS username,
      max_by(common_name, ROW(placed_at, captured_at, common_name)) FILTER (
        WHERE is_recent AND common_name IS NOT NULL
      ) AS common_name,
      max_by(client_ip, ROW(placed_at, captured_at, client_ip)) FILTER (
        WHERE is_recent AND client_ip IS NOT NULL
      ) AS client_ip,
      max_by(client_ipv6_address, ROW(placed_at, captured_at, client_ipv6_address)) FILTER (
        WHERE is_recent AND client_ipv6_address IS NOT NULL
      ) AS client_ipv6_address,
      -- END GENERATED sessions/create.sql: newest texts
      max_by(
        CAST(ROW(status_code, status_message) AS ROW(code varchar, message varchar)),
        ROW(placed_at, captured_at, status_code, coalesce(status_message, ''))
      ) FILTER (WHERE is_recent AND status_code IS NOT NULL) AS status,
      array_agg(DISTINCT CAST(begin_time AS varchar)) FILTER (WHERE is_recent AND begin_time IS NOT NULL) AS begins,
      transform_values(
        multimap_agg(CAST(end_time AS varchar), CAST(placed_at AS varchar) || ' ' || CAST(captured_at AS varchar)) FILTER (
          WHERE is_recent AND end_time IS NOT NULL
        ),
        (end_time, sights) -> array_max(sights)
      ) AS ends,
      CAST(min(captured_at) FILTER (WHERE is_recent) AS timestamp(6)) AS first_seen,
      CAST(max(captured_at) FILTER (WHERE is_recent) AS timestamp(6)) AS last_seen,
      CAST(
        max(captured_at) FILTER (
          WHERE is_recent AND end_time IS NULL AND status_code IS DISTINCT FROM 'terminated'
        ) AS timestamp(6)
      ) AS last_active,
      array_agg(CAST(captured_at AS timestamp(6))) FILTER (
        WHERE is_recent AND (end_time IS NOT NULL OR status_code = 'terminated')
      ) AS ended_sights,
      max(ingress_bytes) FILTER (WHERE is_recent) AS ingress_bytes,
      max(egress_bytes) FILTER (WHERE is_recent) AS egress_bytes,
      max(ingress_packets) FILTER (WHERE is_recent) AS ingress_packets,
      max(egress_packets) FILTER (WHERE is_recent) AS egress_packets,
      bool_or(is_recent AND status_code = 'failed-to-terminate') AS failed_to_terminate,
      array_distinct(flatten(
        array_agg(posture_compliance_statuses) FILTER (WHERE is_recent AND posture_compliance_statuses IS NOT NULL)
      )) AS posture_compliance_statuses,
      transform_values(
        multimap_agg(snapshot_date, CAST(ROW(snapshot_time, complete) AS ROW(snapshot_time timestamp(3), complete boolean))),
        (day, snapshots) -> ARRAY[
          cardinality(array_distinct(transform(snapshots, snapshot -> snapshot.snapshot_time))),
          cardinality(array_distinct(transform(filter(snapshots, snapshot -> snapshot.complete), snapshot -> snapshot.snapshot_time)))
        ]
      ) AS snapshots_by_day
    FROM typed
    GROUP BY account_id, region, endpoint_id, connection_id
    HAVING bool_or(is_recent)
  ),
  -- END GENERATED sql_fragments/merge_sessions/rows_of_snapshots.sql
  -- Joins what the snapshots show with the rows of sessions that may change (remembered), and keeps one row for each connection, with the
  -- first and the last time at which it was seen (joined).
  remembered AS (
    -- With the rows that may change: those that are shown, whose beginning, end or coverage a late capture may settle, that reach into
    -- the days that are read, or that an older version made.
    SELECT
      coalesce(old.account_id, new.account_id) AS account_id,
      coalesce(old.region, new.region) AS region,
      coalesce(old.endpoint_id, new.endpoint_id) AS endpoint_id,
      coalesce(old.connection_id, new.connection_id) AS connection_id,
      old.connection_id IS NULL AS is_new,
      new.connection_id IS NOT NULL AS is_shown,
      -- BEGIN GENERATED sessions/create.sql: new or old texts
      coalesce(new.username, old.username) AS username,
      coalesce(new.common_name, old.common_name) AS common_name,
      coalesce(new.client_ip, old.client_ip) AS client_ip,
      coalesce(new.client_ipv6_address, old.client_ipv6_address) AS client_ipv6_address,
      -- END GENERATED sessions/create.sql: new or old texts
      if(new.status IS NOT NULL, new.status.code, old.status_code) AS status_code,
      if(new.status IS NOT NULL, new.status.message, old.status_message) AS status_message,
      coalesce(old.failed_to_terminate, false) OR coalesce(new.failed_to_terminate, false) AS failed_to_terminate,
      greatest(coalesce(old.ingress_bytes, new.ingress_bytes), coalesce(new.ingress_bytes, old.ingress_bytes)) AS ingress_bytes,
      greatest(coalesce(old.egress_bytes, new.egress_bytes), coalesce(new.egress_bytes, old.egress_bytes)) AS egress_bytes,
      greatest(
        coalesce(old.ingress_packets, new.ingress_packets),
        coalesce(new.ingress_packets, old.ingress_packets)
      ) AS ingress_packets,
      greatest(
        coalesce(old.egress_packets, new.egress_packets),
        coalesce(new.egress_packets, old.egress_packets)
      ) AS egress_packets,
      if(
        old.posture_compliance_statuses IS NOT NULL OR new.posture_compliance_statuses IS NOT NULL,
        array_sort(array_union(
          coalesce(CAST(json_parse(old.posture_compliance_statuses) AS array(varchar)), ARRAY[]),
          coalesce(new.posture_compliance_statuses, ARRAY[])
        ))
      ) AS posture_compliance_statuses,
      CAST(json_parse(old.snapshots_by_day) AS map(varchar, array(bigint))) AS old_snapshots_by_day,
      CAST(new.snapshots_by_day AS map(varchar, array(bigint))) AS new_snapshots_by_day,
      old.snapshots AS old_snapshots,
      min(old.first_seen) OVER copies AS old_first_seen,
      old.last_seen AS old_last_seen,
      -- An older version made rows of complete captures alone, and gave the last sight as the end of what it missed.
      coalesce(old.last_active, if(old.ends_at IS NULL AND old.end_seen IS DISTINCT FROM true, old.last_seen)) AS old_last_active,
      coalesce(
        CAST(json_parse(old.begins_given) AS array(varchar)),
        if(
          coalesce(old.begin_seen, old.connection_established_time < old.first_seen),
          ARRAY[CAST(CAST(old.connection_established_time AS timestamp(3)) AS varchar)],
          ARRAY[]
        )
      ) || coalesce(new.begins, ARRAY[]) AS begins,
      map_zip_with(
        coalesce(
          CAST(json_parse(old.ends_given) AS map(varchar, varchar)),
          if(
            coalesce(old.ends_at IS NOT NULL, false) OR coalesce(old.end_seen, false),
            map_filter(
              MAP(
                ARRAY[coalesce(CAST(CAST(old.connection_end_time AS timestamp(3)) AS varchar), '')],
                ARRAY[CAST(CAST(old.last_seen AS timestamp(3)) AS varchar)]
              ),
              (end_time, sight) -> end_time <> ''
            )
          ),
          MAP(ARRAY[], ARRAY[])
        ),
        coalesce(new.ends, MAP(ARRAY[], ARRAY[])),
        (end_time, old_sight, new_sight) -> greatest(coalesce(old_sight, new_sight), coalesce(new_sight, old_sight))
      ) AS ends,
      coalesce(
        old.first_seen_ended,
        if(old.end_seen = false AND old.ended_before <= old.last_seen, old.ended_before)
      ) AS old_first_seen_ended,
      old.connection_established_time AS kept_time,
      new.first_seen AS new_first_seen,
      new.last_seen AS new_last_seen,
      new.last_active AS new_last_active,
      new.ended_sights,
      count(*) OVER copies AS copies,
      row_number() OVER (
        PARTITION BY
          coalesce(old.account_id, new.account_id),
          coalesce(old.region, new.region),
          coalesce(old.endpoint_id, new.endpoint_id),
          coalesce(old.connection_id, new.connection_id)
        ORDER BY old.last_seen DESC, old.connection_established_time
      ) AS copy,
      ROW(
        -- BEGIN GENERATED sessions/create.sql: columns of old
        old.identity, old.username, old.common_name, old.client_ip, old.client_ipv6_address, old.first_seen,
        old.last_seen, old.connection_established_time, old.connection_end_time, old.end_seen, old.ingress_bytes,
        old.egress_bytes, old.ingress_packets, old.egress_packets, old.status_code, old.status_message,
        old.failed_to_terminate, old.posture_compliance_statuses, old.snapshots, old.covered, old.identity_key,
        old.last_active, old.first_seen_ended, old.begin_seen, old.began_after, old.ended_after, old.ended_before,
        old.ends_at, old.duration_seconds, old.as_of, old.complete_snapshots, old.snapshots_by_day, old.watched,
        old.begins_given, old.ends_given, old.gaps
        -- END GENERATED sessions/create.sql: columns of old
      ) AS old_row
    FROM sessions AS old
    FULL JOIN shown AS new
      ON new.account_id = old.account_id
      AND new.region = old.region
      AND new.endpoint_id = old.endpoint_id
      AND new.connection_id = old.connection_id
    WHERE new.connection_id IS NOT NULL
      OR old.begins_given IS NULL
      OR old.begin_seen IS DISTINCT FROM true
      OR old.end_seen IS DISTINCT FROM true
      OR old.watched IS DISTINCT FROM true
      OR old.gaps IS DISTINCT FROM '[]'
      OR old.ended_before >= TIMESTAMP '{from_time}' - INTERVAL '2' DAY
    WINDOW copies AS (
      PARTITION BY
        coalesce(old.account_id, new.account_id),
        coalesce(old.region, new.region),
        coalesce(old.endpoint_id, new.endpoint_id),
        coalesce(old.connection_id, new.connection_id)
    )
  ),
  joined AS (
    SELECT
      *,
      least(coalesce(old_first_seen, new_first_seen), coalesce(new_first_seen, old_first_seen)) AS first_seen,
      greatest(coalesce(old_last_seen, new_last_seen), coalesce(new_last_seen, old_last_seen)) AS last_seen,
      greatest(coalesce(old_last_active, new_last_active), coalesce(new_last_active, old_last_active)) AS last_active
    FROM remembered
    WHERE copy = 1
  ),
  -- BEGIN GENERATED sql_fragments/merge_sessions/times_given_by_aws.sql
  -- Chooses the beginning of each session from those that AWS gave (begun). Chooses its end: finds the possible ends (possible), the last
  -- of all and the last that no later snapshot contradicts (chosen), and takes the latter if there is one (with_end). Derives from both
  -- the times that the rest needs, such as the time from which the session must have been watched (dated).
  begun AS (
    -- Of the beginnings that AWS gave, those count that are not after the first sight. The two clocks may differ.
    SELECT
      *,
      array_max(filter(
        transform(begins, begin -> CAST(begin AS timestamp(6))),
        begin -> begin <= first_seen + INTERVAL '5' MINUTE
      )) AS begin_time
    FROM joined
  ),
  possible AS (
    -- An end before the beginning cannot be right, nor one a day before the first sight: AWS lists what ended for an hour.
    SELECT
      *,
      filter(
        transform(
          map_entries(ends),
          told -> CAST(ROW(told[2], told[1]) AS ROW(sight varchar, end_time timestamp(6)))
        ),
        told -> told.end_time >= coalesce(begin_time, first_seen - INTERVAL '1' DAY) - INTERVAL '5' MINUTE
      ) AS possible_ends
    FROM begun
  ),
  chosen AS (
    -- An end does not stand if AWS showed the connection without one afterwards.
    SELECT
      *,
      array_max(possible_ends) AS last_end,
      array_max(filter(
        possible_ends,
        told -> coalesce(told.end_time >= last_active - INTERVAL '5' MINUTE, true)
      )) AS last_end_that_fits
    FROM possible
  ),
  with_end AS (
    SELECT
      *,
      coalesce(last_end_that_fits.end_time, last_end.end_time) AS end_time
    FROM chosen
  ),
  dated AS (
    SELECT
      *,
      begin_time IS NOT NULL AS begin_seen,
      least(first_seen, coalesce(begin_time, end_time, first_seen)) AS established,
      -- From when on it must have been watched. Without a beginning, from before the first sight.
      if(
        begin_time IS NOT NULL,
        least(first_seen, begin_time),
        first_seen - INTERVAL '0.001' SECOND
      ) AS watched_from,
      -- The newest sight shows it ended.
      coalesce(last_seen > last_active, true) AS shown_ended,
      coalesce(last_seen > last_active, true) AND last_end_that_fits IS NOT NULL AS end_stands,
      array_min(filter(
        coalesce(ended_sights, ARRAY[]) || if(old_first_seen_ended IS NULL, ARRAY[], ARRAY[old_first_seen_ended]),
        sight -> coalesce(sight > last_active, true)
      )) AS first_seen_ended
    FROM with_end
  ),
  -- END GENERATED sql_fragments/merge_sessions/times_given_by_aws.sql
  -- BEGIN GENERATED sql_fragments/merge_sessions/neighbouring_captures.sql
  -- Finds the captures and listings before and after each session, in one list of sessions and entries of the record (timeline,
  -- beside_entries, beside_listings_without), and the first capture that no longer shows it (missed). They bound a beginning or an end
  -- that AWS did not give (closed).
  timeline AS (
    -- The sessions and the entries of the ledger, one below the other: no entry has a connection.
    SELECT
      dated.*,
      entry_at,
      entry_ends,
      is_attempt,
      is_listed,
      coalesce(dated.account_id, entry_account_id) AS of_account_id,
      coalesce(dated.region, entry_region) AS of_region,
      coalesce(dated.endpoint_id, entry_endpoint_id) AS of_endpoint_id,
      coalesce(dated.last_seen, entry_at) AS after,
      coalesce(dated.watched_from, entry_ends, entry_at) AS before
    FROM dated
    FULL JOIN entries_in_order
      ON entries_in_order.entry_connection_id = dated.connection_id
  ),
  beside_entries AS (
    -- Descending, and after is never null, as in sql_fragments/holes.sql.
    SELECT
      *,
      -- Of all captures that began later, the first end.
      min(entry_ends) OVER (
        PARTITION BY of_account_id, of_region, of_endpoint_id
        ORDER BY after DESC RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
      ) AS next_capture_ends,
      min(if(of_endpoint_id = '*' AND entry_ends IS NOT NULL, ROW(entry_at, entry_ends))) OVER (
        PARTITION BY of_account_id, of_region
        ORDER BY after DESC RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
      ) AS next_listing,
      min(if(is_listed, entry_at)) OVER (
        PARTITION BY of_account_id, of_region, of_endpoint_id
        ORDER BY after DESC RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
      ) AS next_listed,
      -- Of all captures that had ended by then, the last beginning.
      max(if(entry_ends IS NOT NULL, entry_at)) OVER (
        PARTITION BY of_account_id, of_region, of_endpoint_id
        ORDER BY before RANGE UNBOUNDED PRECEDING
      ) AS preceded_by,
      min(if(is_attempt, entry_at)) OVER (PARTITION BY of_account_id, of_region, of_endpoint_id) AS first_attempt
    FROM timeline
  ),
  beside_listings_without AS (
    SELECT
      *,
      min(if(coalesce(next_listing[1] < next_listed, true), next_listing[2])) OVER (
        PARTITION BY of_account_id, of_region, of_endpoint_id
        ORDER BY after DESC RANGE UNBOUNDED PRECEDING
      ) AS next_without_ends
    FROM beside_entries
  ),
  missed AS (
    -- The captures and listings that began after its last sight do not show it.
    SELECT
      *,
      if(
        NOT shown_ended,
        array_min(filter(ARRAY[next_capture_ends, next_without_ends], look -> look IS NOT NULL))
      ) AS missed_by
    FROM beside_listings_without
    WHERE connection_id IS NOT NULL
  ),
  closed AS (
    SELECT
      *,
      CASE
        WHEN end_stands THEN true
        WHEN shown_ended OR missed_by IS NOT NULL THEN false
      END AS end_seen,
      if(end_stands, greatest(established, end_time), coalesce(last_active, if(begin_seen, established))) AS ended_after,
      CASE
        WHEN end_stands THEN greatest(established, end_time)
        WHEN shown_ended THEN first_seen_ended
        ELSE missed_by
      END AS ended_before,
      greatest(established, if(end_stands, end_time, coalesce(last_active, established))) AS ends_at,
      -- A capture after its end that did not show it contradicts AWS, and says nothing of its beginning.
      if(NOT begin_seen AND preceded_by < established, preceded_by) AS began_after
    FROM missed
  ),
  -- END GENERATED sql_fragments/merge_sessions/neighbouring_captures.sql
  -- BEGIN GENERATED sql_fragments/merge_sessions/coverage.sql
  -- Finds the gaps that each session touches and counts its snapshots of each day (beside_holes). Finds out if the endpoint was watched
  -- from the beginning of the session on (beside_beginning), and from when on gaps count (watched).
  beside_holes AS (
    SELECT
      closed.*,
      holes.beginning,
      filter(
        coalesce(holes.gaps, ARRAY[]),
        gap -> gap.ends_at > closed.watched_from
          AND (closed.ended_before IS NULL OR gap.begins_at <= greatest(closed.ended_before, closed.watched_from))
      ) AS gaps,
      if(
        closed.is_shown,
        map_concat(
          map_filter(
            coalesce(
              closed.old_snapshots_by_day,
              -- Of a row of an older version only the sum is known.
              if(
                closed.old_snapshots IS NOT NULL,
                MAP(
                  ARRAY[CAST(CAST(closed.old_first_seen AS date) AS varchar)],
                  ARRAY[repeat(
                    greatest(
                      closed.old_snapshots
                        - reduce(map_values(closed.new_snapshots_by_day), BIGINT '0', (sum, counts) -> sum + counts[1], sum -> sum),
                      0
                    ),
                    2
                  )]
                )
              ),
              MAP(ARRAY[], ARRAY[])
            ),
            (day, counts) -> day < CAST(CAST(TIMESTAMP '{from_time}' - INTERVAL '2' HOUR AS date) AS varchar) AND counts[1] > 0
          ),
          closed.new_snapshots_by_day
        ),
        coalesce(
          closed.old_snapshots_by_day,
          if(
            closed.old_snapshots IS NOT NULL,
            MAP(ARRAY[CAST(CAST(closed.old_first_seen AS date) AS varchar)], ARRAY[repeat(closed.old_snapshots, 2)])
          )
        )
      ) AS all_snapshots_by_day
    FROM closed
    LEFT JOIN holes
      ON holes.account_id = closed.account_id
      AND holes.region = closed.region
      AND holes.endpoint_id = closed.endpoint_id
  ),
  beside_beginning AS (
    -- That the first attempt shows it does not mean that it began afterwards. A capture or a listing without the endpoint before it does.
    SELECT
      *,
      coalesce(
        beginning <= watched_from
          AND (begin_seen OR preceded_by IS NOT NULL OR coalesce(beginning < first_attempt, true))
          AND none_match(gaps, gap -> gap.is_hole AND gap.begins_at <= watched_from - INTERVAL '60' MINUTE),
        false
      ) AS was_watched
    FROM beside_holes
  ),
  watched AS (
    -- Of a session that was first seen long after its beginning, after a hole, nothing before that hole ends counts.
    SELECT
      *,
      was_watched AND NOT is_late AS is_watched,
      filter(gaps, gap -> gap.begins_at > if(is_late, first_seen, watched_from) - INTERVAL '60' MINUTE) AS gaps_of_it
    FROM (
      SELECT
        *,
        first_seen > watched_from + INTERVAL '12' HOUR
          AND (
            NOT was_watched
            OR any_match(
              gaps,
              gap -> gap.begins_at > watched_from - INTERVAL '60' MINUTE AND gap.begins_at <= first_seen - INTERVAL '60' MINUTE
            )
          ) AS is_late
      FROM beside_beginning
    )
  ),
  -- END GENERATED sql_fragments/merge_sessions/coverage.sql
  -- Computes the columns of sessions (merged), and selects the rows that are new or that differ from those that sessions has.
  merged AS (
    SELECT
      account_id,
      region,
      endpoint_id,
      connection_id,
      is_new,
      copies,
      kept_time,
      old_row,
      coalesce(username, common_name) AS identity,
      lower(coalesce(
        nullif(regexp_replace(coalesce(username, common_name), '^[^\\]*\\', ''), ''),
        coalesce(username, common_name)
      )) AS identity_key,
      -- BEGIN GENERATED sessions/create.sql: texts
      username, common_name, client_ip, client_ipv6_address,
      -- END GENERATED sessions/create.sql: texts
      first_seen,
      last_seen,
      last_active,
      first_seen_ended,
      json_format(CAST(array_sort(array_distinct(begins)) AS json)) AS begins_given,
      json_format(CAST(ends AS json)) AS ends_given,
      established AS connection_established_time,
      begin_seen,
      began_after,
      end_time AS connection_end_time,
      end_seen,
      ended_after,
      ended_before,
      ends_at,
      date_diff('second', established, ends_at) AS duration_seconds,
      coalesce(missed_by, last_seen) AS as_of,
      ingress_bytes,
      egress_bytes,
      ingress_packets,
      egress_packets,
      status_code,
      status_message,
      failed_to_terminate,
      -- As text: Athena has timed out on setting an array in MERGE.
      json_format(CAST(posture_compliance_statuses AS json)) AS posture_compliance_statuses,
      reduce(map_values(all_snapshots_by_day), BIGINT '0', (sum, counts) -> sum + counts[1], sum -> sum) AS snapshots,
      reduce(map_values(all_snapshots_by_day), BIGINT '0', (sum, counts) -> sum + counts[2], sum -> sum) AS complete_snapshots,
      json_format(CAST(all_snapshots_by_day AS json)) AS snapshots_by_day,
      is_watched AS watched,
      json_format(CAST(
        array_sort(transform(gaps_of_it, gap -> CAST(CAST(gap.begins_at AS timestamp(3)) AS varchar))) AS json
      )) AS gaps,
      is_watched
        AND missed_by IS NULL
        AND none_match(gaps_of_it, gap -> gap.is_hole AND gap.begins_at <= greatest(coalesce(ended_before, last_seen), watched_from))
        AS covered
    FROM watched
  )
  SELECT *
  FROM merged
  WHERE is_new
    OR copies > 1
    OR old_row IS DISTINCT FROM ROW(
      -- BEGIN GENERATED sessions/create.sql: columns
      identity, username, common_name, client_ip, client_ipv6_address, first_seen, last_seen,
      connection_established_time, connection_end_time, end_seen, ingress_bytes, egress_bytes, ingress_packets,
      egress_packets, status_code, status_message, failed_to_terminate, posture_compliance_statuses, snapshots,
      covered, identity_key, last_active, first_seen_ended, begin_seen, began_after, ended_after, ended_before,
      ends_at, duration_seconds, as_of, complete_snapshots, snapshots_by_day, watched, begins_given, ends_given,
      gaps
      -- END GENERATED sessions/create.sql: columns
    )
) AS seen
ON known.account_id = seen.account_id
  AND known.region = seen.region
  AND known.endpoint_id = seen.endpoint_id
  AND known.connection_id = seen.connection_id
-- Writes the selected rows: deletes the copies that an older version made, updates the rows that sessions has, and inserts the others.
-- An older version made a row a day of some connections. One is left.
WHEN MATCHED AND known.connection_established_time <> seen.kept_time THEN DELETE
WHEN MATCHED THEN UPDATE SET
  -- BEGIN GENERATED sessions/create.sql: assignments
  identity = seen.identity,
  username = seen.username,
  common_name = seen.common_name,
  client_ip = seen.client_ip,
  client_ipv6_address = seen.client_ipv6_address,
  first_seen = seen.first_seen,
  last_seen = seen.last_seen,
  connection_established_time = seen.connection_established_time,
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
  snapshots = seen.snapshots,
  covered = seen.covered,
  identity_key = seen.identity_key,
  last_active = seen.last_active,
  first_seen_ended = seen.first_seen_ended,
  begin_seen = seen.begin_seen,
  began_after = seen.began_after,
  ended_after = seen.ended_after,
  ended_before = seen.ended_before,
  ends_at = seen.ends_at,
  duration_seconds = seen.duration_seconds,
  as_of = seen.as_of,
  complete_snapshots = seen.complete_snapshots,
  snapshots_by_day = seen.snapshots_by_day,
  watched = seen.watched,
  begins_given = seen.begins_given,
  ends_given = seen.ends_given,
  gaps = seen.gaps
  -- END GENERATED sessions/create.sql: assignments
WHEN NOT MATCHED THEN INSERT (
  account_id, region, endpoint_id, connection_id,
  -- BEGIN GENERATED sessions/create.sql: columns
  identity, username, common_name, client_ip, client_ipv6_address, first_seen, last_seen,
  connection_established_time, connection_end_time, end_seen, ingress_bytes, egress_bytes, ingress_packets,
  egress_packets, status_code, status_message, failed_to_terminate, posture_compliance_statuses, snapshots,
  covered, identity_key, last_active, first_seen_ended, begin_seen, began_after, ended_after, ended_before,
  ends_at, duration_seconds, as_of, complete_snapshots, snapshots_by_day, watched, begins_given, ends_given,
  gaps
  -- END GENERATED sessions/create.sql: columns
) VALUES (
  seen.account_id, seen.region, seen.endpoint_id, seen.connection_id,
  -- BEGIN GENERATED sessions/create.sql: columns of seen
  seen.identity, seen.username, seen.common_name, seen.client_ip, seen.client_ipv6_address, seen.first_seen,
  seen.last_seen, seen.connection_established_time, seen.connection_end_time, seen.end_seen, seen.ingress_bytes,
  seen.egress_bytes, seen.ingress_packets, seen.egress_packets, seen.status_code, seen.status_message,
  seen.failed_to_terminate, seen.posture_compliance_statuses, seen.snapshots, seen.covered, seen.identity_key,
  seen.last_active, seen.first_seen_ended, seen.begin_seen, seen.began_after, seen.ended_after,
  seen.ended_before, seen.ends_at, seen.duration_seconds, seen.as_of, seen.complete_snapshots,
  seen.snapshots_by_day, seen.watched, seen.begins_given, seen.ends_given, seen.gaps
  -- END GENERATED sessions/create.sql: columns of seen
)
