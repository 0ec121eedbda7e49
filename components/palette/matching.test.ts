import { describe, expect, test } from "vitest";
import { highlight, matchesWords, parseTyped } from "./matching";

const marked = (text: string, typed: string): string =>
  highlight(text, typed)
    .map((piece) => (piece.hit ? `[${piece.text}]` : piece.text))
    .join("");

describe("highlights", () => {
  test("mark the start of a word, whatever the case", () => {
    expect(marked("RELIANCE", "rel")).toBe("[REL]IANCE");
    expect(marked("Bank of Baroda", "bar")).toBe("Bank of [Bar]oda");
  });
  test("prefer the start of a word to its middle", () =>
    expect(marked("ICICIBANK Bank", "bank")).toBe("ICICIBANK [Bank]"));
  test("fall back to the middle", () => expect(marked("HDFCBANK", "bank")).toBe("HDFC[BANK]"));
  test("take tokens in any order", () => expect(marked("NIFTY 24500 CE", "ce nif")).toBe("[NIF]TY 24500 [CE]"));
  test("mark nothing when nothing was typed or found", () => {
    expect(marked("TCS", "")).toBe("TCS");
    expect(marked("TCS", "zzz")).toBe("TCS");
  });
});

test("a command is found by the starts of its words, in any order", () => {
  expect(matchesWords("Theme: High contrast", "con the")).toBe(true);
  expect(matchesWords("Add Relative strength index (RSI)", "rsi")).toBe(true);
  expect(matchesWords("Theme: Dark", "ark")).toBe(false);
});

test("a prefix chooses what is searched", () => {
  expect(parseTyped("rel fut ")).toEqual({ scope: "all", text: "rel fut", exchange: "" });
  expect(parseTyped("> log")).toEqual({ scope: "commands", text: "log", exchange: "" });
  expect(parseTyped("@bank")).toEqual({ scope: "lists", text: "bank", exchange: "" });
  expect(parseTyped(":nfo nifty ce")).toEqual({ scope: "exchange", text: "nifty ce", exchange: "NFO" });
  expect(parseTyped(":nf")).toEqual({ scope: "exchange", text: "", exchange: "NF" });
});
