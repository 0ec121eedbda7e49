import type { Metadata } from "next";
import { Logo } from "@/components/shell/logo";
import { Shell } from "@/components/shell/shell";
import { license, version } from "@/package.json";

export const metadata: Metadata = { title: "About" };

const others = [
  ["Next.js, React", "MIT", "https://nextjs.org"],
  ["Socket.io", "MIT", "https://socket.io"],
  ["PGlite and PostgreSQL", "Apache-2.0 and PostgreSQL License", "https://pglite.dev"],
  ["Prisma", "Apache-2.0", "https://www.prisma.io"],
  ["Radix UI, cmdk, Lucide, Tailwind CSS", "MIT, ISC", "https://www.radix-ui.com"],
  ["IBM Plex Sans", "SIL Open Font License 1.1", "https://www.ibm.com/plex/"],
] as const;

export default function Page() {
  return (
    <Shell
      topBar={
        <div className="flex items-center gap-2 px-4 max-md:h-12" data-testid="page-about">
          <h1 className="text-14 font-semibold">About</h1>
        </div>
      }
    >
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="flex max-w-160 flex-col gap-6 px-4 py-6">
          <div className="flex items-center gap-3">
            <Logo size={40} />
            <div>
              <p className="text-16 font-semibold">Candela {version}</p>
              <p className="text-13 text-muted">Live market data and charts on your own machine. {license}.</p>
            </div>
          </div>
          <section aria-label="Chart" className="flex flex-col gap-2">
            <h2 className="text-14 font-semibold">Chart</h2>
            <p className="text-text-2">
              TradingView Lightweight Charts™
              <br />
              Copyright © 2025 TradingView, Inc.{" "}
              <a className="text-link" href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
                https://www.tradingview.com/
              </a>
            </p>
            <p className="text-muted">
              The charting library is licensed under the Apache License 2.0. Candela is not made or endorsed by
              TradingView.
            </p>
          </section>
          <section aria-label="Data" className="flex flex-col gap-2">
            <h2 className="text-14 font-semibold">Data</h2>
            <p className="text-text-2">
              Everything marked <span className="font-semibold text-sim">SIM</span> comes from Candela's built-in
              simulated exchange. It is not a real market, and its prices are not real.
            </p>
          </section>
          <section aria-label="Third-party software" className="flex flex-col gap-2">
            <h2 className="text-14 font-semibold">Third-party software</h2>
            <table className="text-13">
              <tbody>
                {others.map(([name, terms, href]) => (
                  <tr key={name} className="border-b border-line-subtle">
                    <th scope="row" className="py-1.5 pr-4 text-left font-normal">
                      <a className="text-link" href={href} target="_blank" rel="noreferrer">
                        {name}
                      </a>
                    </th>
                    <td className="py-1.5 text-muted">{terms}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </div>
      </div>
    </Shell>
  );
}
