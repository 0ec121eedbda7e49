/** Every error a caller may act on. Its `code` is the contract: `instanceof` fails across Next's bundled copy of a class. */
export type ErrorCode =
  | "bad_input" // a field of a request, file or variable: `details` has field, value, accepted
  | "not_found"
  | "unknown_instrument" // a name or token in a question means no instrument
  | "ambiguous" // several instruments match: `details.candidates`
  | "forbidden"
  | "login_expired" // the broker refuses the token
  | "broker_refused" // the broker answered with an error of its own
  | "broker_unreachable"
  | "rate_limited" // `details.retryAfterMs`
  | "overloaded" // the same, of all clients together
  | "too_large" // a request body
  | "store_unreachable"
  | "spool_full"
  | "store_refused"
  | "locked" // another instance owns the data folder
  | "port_in_use"
  | "unsupported"
  | "internal";

export interface ErrorDetails {
  field?: string;
  value?: unknown;
  accepted?: string;
  [key: string]: unknown;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: ErrorDetails;
  constructor(
    code: ErrorCode,
    message: string,
    options: { retryable?: boolean; details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
  }
}

export const badInput = (field: string, value: unknown, accepted: string): AppError =>
  new AppError("bad_input", `${field}: ${JSON.stringify(value)} is not accepted; use ${accepted}`, {
    details: { field, value, accepted },
  });

export const hasCode = (error: unknown, code: ErrorCode): boolean =>
  typeof error === "object" && error !== null && (error as { code?: unknown }).code === code;
