import type { ChosenIndicator } from "./chosen-indicators";

/** `EMA 20`, `MACD 12 26 9`: an indicator before the server has named it. */
export const indicatorLabel = ({ id, params }: Pick<ChosenIndicator, "id" | "params">): string => [id, ...Object.values(params)].join(" ");
