import { usePathname } from "next/navigation";
import { useEffect } from "react";

const CHART_KEY = "candela.chart";

/** The chart this tab showed last, with everything in its address; `/` opens the saved workspace. */
export const lastChart = (): string => sessionStorage.getItem(CHART_KEY) ?? "/";

/** Remembers the address while it is a chart's. */
export const useRememberChart = (): void => {
  const pathname = usePathname();
  useEffect(() => {
    if (pathname.startsWith("/chart/")) sessionStorage.setItem(CHART_KEY, location.pathname + location.search);
  });
};
