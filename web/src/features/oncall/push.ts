/* Push to this browser: what it subscribes with, and what a subscription is called among the ways to reach somebody. */

export const canPush = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

/* The subscription as an address; a sentence is thrown for people. */
export async function subscribe(publicKey: string): Promise<string> {
  if (!canPush()) throw new Error("This browser takes no pushes here. On an iPhone add the page to the home screen first; elsewhere the page must come by https.");
  if ((await Notification.requestPermission()) !== "granted") throw new Error("This browser does not let the page show notifications; allow them in its settings for this site.");
  await navigator.serviceWorker.register("/sw.js");
  const worker = await navigator.serviceWorker.ready;
  const old = await worker.pushManager.getSubscription();
  if (old && !sameKey(old, publicKey)) await old.unsubscribe();
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey });
  const { endpoint, keys } = made.toJSON();
  return JSON.stringify({ endpoint, keys });
}

function sameKey(subscription: PushSubscription, publicKey: string): boolean {
  const key = subscription.options.applicationServerKey;
  if (!key) return false;
  const text = btoa(String.fromCharCode(...new Uint8Array(key)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") === publicKey;
}

/* "Firefox on Linux": what a person would call it. */
export function browserName(agent = navigator.userAgent): string {
  const browser = /Edg\//.test(agent) ? "Edge" : /Firefox\//.test(agent) ? "Firefox" : /Chrome\//.test(agent) ? "Chrome" : /Safari\//.test(agent) ? "Safari" : "Browser";
  const system = /Android/.test(agent) ? "Android" : /iPhone|iPad/.test(agent) ? "iPhone" : /Windows/.test(agent) ? "Windows" : /Mac OS/.test(agent) ? "Mac" : /Linux/.test(agent) ? "Linux" : "";
  return system ? `${browser} on ${system}` : browser;
}

/* An address as it is shown: of a subscription only whose service it is. */
export function shownAddress(kind: string, address: string): string {
  if (kind !== "push") return address;
  try {
    return `a browser by ${new URL(JSON.parse(address).endpoint).host}`;
  } catch {
    return "a browser";
  }
}
