import { createHash, randomBytes } from "node:crypto";

export interface Credentials {
  apiKey: string;
  apiSecret: string;
  accessToken: string;
}

/** Access control: Kite's login by request token and checksum, and the valid access tokens. */
export interface Logins {
  /** A fresh request token, good for one session. */
  requestToken(): string;
  /** A new access token, or null when the key, the request token or the checksum is wrong. */
  session(apiKey: string, requestToken: string, checksum: string): string | null;
  accepts(apiKey: string, accessToken: string): boolean;
  end(accessToken: string): void;
  /** Restores the configured access token if it was logged out. */
  reset(): void;
}

/** Always accepted as a request token, so that scripts need no browser. */
const DEMO_REQUEST_TOKEN = "demo";

export const logins = (credentials: Credentials): Logins => {
  const requests = new Set<string>();
  const sessions = new Set([credentials.accessToken]);
  return {
    requestToken() {
      const token = randomBytes(16).toString("hex");
      requests.add(token);
      return token;
    },
    session(apiKey, requestToken, checksum) {
      const expected = createHash("sha256")
        .update(apiKey + requestToken + credentials.apiSecret)
        .digest("hex");
      if (apiKey !== credentials.apiKey || checksum !== expected) return null;
      if (requestToken !== DEMO_REQUEST_TOKEN && !requests.delete(requestToken)) return null;
      const accessToken = randomBytes(16).toString("hex");
      sessions.add(accessToken);
      return accessToken;
    },
    accepts: (apiKey, accessToken) => apiKey === credentials.apiKey && sessions.has(accessToken),
    end: (accessToken) => {
      sessions.delete(accessToken);
    },
    reset() {
      sessions.add(credentials.accessToken);
    },
  };
};
