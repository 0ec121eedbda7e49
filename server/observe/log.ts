import pino from "pino";
import type { Log } from "@/server/ports/observe";

/** Fields that never reach a log line, wherever they stand. */
const secret = [
  "accessToken",
  "apiSecret",
  "requestToken",
  "password",
  "totpSecret",
  "access_token",
  "api_secret",
  "databaseUrl",
  "redisUrl",
  "authorization",
];

/** Structured lines on stderr, so that what a person reads on stdout stays short. */
export const createLog = (level: string): Log => {
  const wrap = (logger: pino.Logger): Log => ({
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    with: (fields) => wrap(logger.child(fields)),
  });
  return wrap(
    pino(
      {
        level,
        base: undefined,
        redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: "[redacted]" },
        timestamp: pino.stdTimeFunctions.isoTime,
      },
      pino.destination({ dest: 2, sync: true }),
    ),
  );
};

/** For tests and the command line, where nothing is to be said. */
export const silentLog = (): Log => {
  const log: Log = { info: () => {}, warn: () => {}, error: () => {}, with: () => log };
  return log;
};
