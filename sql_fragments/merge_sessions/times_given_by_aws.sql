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
