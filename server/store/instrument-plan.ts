import {
  keyOf,
  type Instrument,
  type InstrumentAlias,
  type ListedInstrument,
} from "@/server/domain/instruments/instrument";
import type { Renamed } from "@/server/ports/stores";

/** What the store holds when a list arrives: all instruments, and this broker's aliases that have not ended. */
export interface Known {
  instruments: readonly Instrument[];
  aliases: readonly InstrumentAlias[];
}

/** What a list changes; pure data, applied by `instruments.ts`. */
export interface InstrumentPlan {
  /** New instruments; their aliases follow once they have an id. */
  add: ListedInstrument[];
  /** Instruments known under the same or a former symbol, with the list's new details. */
  change: Instrument[];
  /** Aliases that end on the day of the list (or vanish, if they began on it). */
  end: InstrumentAlias[];
  /** Aliases that begin on it, by the instrument's exchange and symbol: a new one has no id yet. */
  begin: { exchange: string; symbol: string; token: number; wireDivisor: number }[];
  /** Aliases the list knows of an earlier day than we do. */
  earlier: InstrumentAlias[];
  /** Held instruments that the list calls by another symbol. */
  renamed: Renamed[];
  /** Rows left out: the same token or symbol twice, or another scale than the stored bars have. */
  refused: { key: string; reason: "listed_twice" | "other_decimals" }[];
}

const same = (held: Instrument, listed: ListedInstrument): boolean =>
  held.symbol === listed.symbol &&
  held.name === listed.name &&
  held.segment === listed.segment &&
  held.tickSize === listed.tickSize &&
  held.lotSize === listed.lotSize &&
  held.expiry === listed.expiry &&
  held.strike === listed.strike;

/**
 * A token with a new symbol: was the company renamed, or was the number reassigned? It is a rename if the old symbol is
 * gone from the list, the new one was never in use, and it is the same unexpired contract (segment, expiry, strike).
 * Exchanges reuse tokens of expired contracts.
 */
const isRename = (
  held: Instrument,
  listed: ListedInstrument,
  date: string,
  listedKeys: ReadonlySet<string>,
  heldKeys: ReadonlyMap<string, Instrument>,
): boolean =>
  held.exchange === listed.exchange &&
  held.segment === listed.segment &&
  held.decimals === listed.decimals &&
  held.expiry === listed.expiry &&
  held.strike === listed.strike &&
  (held.expiry === null || held.expiry >= date) &&
  !listedKeys.has(held.key) &&
  !heldKeys.has(keyOf(listed.exchange, listed.symbol));

/**
 * Compares a broker's list of `date` with the stored instruments. The same list again on the same day plans nothing.
 */
export const planUpsert = (known: Known, listed: readonly ListedInstrument[], date: string): InstrumentPlan => {
  const plan: InstrumentPlan = { add: [], change: [], end: [], begin: [], earlier: [], renamed: [], refused: [] };
  const byId = new Map(known.instruments.map((instrument) => [instrument.id, instrument]));
  const byKey = new Map<string, Instrument>(known.instruments.map((instrument) => [instrument.key, instrument]));
  const byToken = new Map(known.aliases.map((alias) => [alias.token, alias]));
  const byInstrument = new Map(known.aliases.map((alias) => [alias.instrumentId, alias]));
  const listedKeys = new Set<string>(listed.map((each) => keyOf(each.exchange, each.symbol)));
  const seenKeys = new Set<string>();
  const seenTokens = new Set<number>();
  const ended = new Set<InstrumentAlias>();
  const end = (alias: InstrumentAlias | undefined): void => {
    if (alias === undefined || ended.has(alias)) return;
    ended.add(alias);
    plan.end.push(alias);
  };

  for (const each of listed) {
    const key = keyOf(each.exchange, each.symbol);
    if (seenKeys.has(key) || seenTokens.has(each.token)) {
      plan.refused.push({ key, reason: "listed_twice" });
      continue;
    }
    seenKeys.add(key);
    seenTokens.add(each.token);

    const alias = byToken.get(each.token);
    const meant = alias === undefined ? undefined : byId.get(alias.instrumentId);
    const renamed =
      meant !== undefined &&
      meant.key !== key &&
      alias!.validFrom <= date &&
      isRename(meant, each, date, listedKeys, byKey);
    const held = renamed ? meant : byKey.get(key);
    if (held !== undefined && held.decimals !== each.decimals) {
      plan.refused.push({ key, reason: "other_decimals" });
      continue;
    }
    if (renamed) plan.renamed.push({ id: meant.id, from: meant.key, to: key });
    if (held === undefined) plan.add.push(each);
    else if (!same(held, each)) {
      const { token: _token, wireDivisor: _divisor, ...details } = each;
      plan.change.push({ ...details, id: held.id, key });
    }

    const unchanged =
      alias !== undefined &&
      held?.id === alias.instrumentId &&
      alias.symbol === each.symbol &&
      alias.wireDivisor === each.wireDivisor;
    if (unchanged) {
      if (alias.validFrom > date) plan.earlier.push(alias);
      continue;
    }
    const formerToken = held === undefined ? undefined : byInstrument.get(held.id);
    // A list older than the stored state does not change it.
    if ((alias?.validFrom ?? "") > date || (formerToken?.validFrom ?? "") > date) continue;
    end(alias);
    end(formerToken);
    plan.begin.push({ exchange: each.exchange, symbol: each.symbol, token: each.token, wireDivisor: each.wireDivisor });
  }
  return plan;
};
