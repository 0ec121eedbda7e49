-- For people with a SQL client: bars in rupees, times in IST, names instead of numbers. A join, so it cannot be written to.
CREATE VIEW "bars_in_rupees" AS
SELECT
  i.exchange,
  i.symbol,
  (ARRAY['1s','5s','15s','30s','1m','2m','3m','5m','10m','15m','30m','1h','75m','2h','125m','1d','1W','1M'])[b.timeframe + 1] AS timeframe,
  b.ts AT TIME ZONE 'Asia/Kolkata' AS time_ist,
  round(b.open / 10::numeric ^ i.decimals, i.decimals) AS open,
  round(b.high / 10::numeric ^ i.decimals, i.decimals) AS high,
  round(b.low / 10::numeric ^ i.decimals, i.decimals) AS low,
  round(b.close / 10::numeric ^ i.decimals, i.decimals) AS close,
  b.volume,
  CASE WHEN b.volume > 0 AND b.value > 0
    THEN round(b.value / b.volume::numeric / 10::numeric ^ i.decimals, i.decimals + 2) END AS vwap,
  b.ticks,
  b.open_interest,
  (ARRAY['forming','closed','patched','backfilled','corrected'])[b.state + 1] AS state,
  b.incomplete,
  b.rev
FROM bars b
JOIN instruments i ON i.id = b.instrument_id;
