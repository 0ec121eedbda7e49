export const THEME_KEY = "candela.theme";
export const CVD_KEY = "candela.cvd";

/**
 * Runs before the first paint, so that a light page never flashes dark. It repeats `theme.ts` in one line, because it
 * must be in the page before any bundle.
 */
export const themeScript = `(function(){try{var d=document.documentElement,m=function(q){return matchMedia(q).matches},t=localStorage.getItem(${JSON.stringify(THEME_KEY)});
d.dataset.theme=t==="dark"||t==="light"||t==="contrast"?t:m("(prefers-contrast: more)")?"contrast":m("(prefers-color-scheme: light)")?"light":"dark";
if(localStorage.getItem(${JSON.stringify(CVD_KEY)})==="safe")d.dataset.cvd="safe"}catch(e){document.documentElement.dataset.theme="dark"}})()`;
