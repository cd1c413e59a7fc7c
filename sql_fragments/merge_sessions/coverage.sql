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
