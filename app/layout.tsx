import "@fontsource-variable/ibm-plex-sans/wght.css";
import "./globals.css";
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { dockScript } from "@/components/shell/dock-script";
import { Providers } from "@/components/shell/providers";
import { themeScript } from "@/components/theme/theme-script";

export const metadata: Metadata = {
  title: { default: "Candela", template: "%s · Candela" },
  description: "Live market data and charts on your own machine",
  applicationName: "Candela",
  icons: { icon: [{ url: "/favicon.svg", type: "image/svg+xml" }] },
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  viewportFit: "cover",
  themeColor: [{ media: "(prefers-color-scheme: light)", color: "#f1f3f6" }, { color: "#0a0d12" }],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en-IN" suppressHydrationWarning>
      <head>
        <script dangerouslySetInnerHTML={{ __html: `${themeScript};${dockScript}` }} />
      </head>
      <body>
        <Providers>{children}</Providers>
      </body>
    </html>
  );
}
