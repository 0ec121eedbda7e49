export const DOCK_KEY = "candela.dock";
/** CSS px. */
export const DOCK_MIN = 300;
export const DOCK_MAX = 420;

/** Gives `<html>` the dock's kept width and state before the first paint; `dock-state.ts` takes over from there. */
export const dockScript = `(function(){try{var d=document.documentElement,k=JSON.parse(localStorage.getItem(${JSON.stringify(DOCK_KEY)})||"{}");
if(k.open===false)d.dataset.dock="closed";if(typeof k.width==="number")d.style.setProperty("--dock-w",Math.min(${DOCK_MAX},Math.max(${DOCK_MIN},k.width))+"px")}catch(e){}})()`;
