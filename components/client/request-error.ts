import type { LiveError } from "@/server/contract/live";

/** A request the server refused, or never answered: `code` is the contract's, or `timeout`, `offline`. */
export class RequestError extends Error {
  readonly code: string;
  readonly details: Record<string, unknown>;
  constructor(code: string, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.name = "RequestError";
    this.code = code;
    this.details = details;
  }
}

export const isLiveError = (answer: unknown): answer is LiveError =>
  typeof answer === "object" && answer !== null && typeof (answer as Partial<LiveError>).error?.code === "string";
