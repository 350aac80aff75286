/* The service worker: shows what is pushed to this browser, also while the page is closed, with a button that
 * acknowledges. It keeps nothing and fetches nothing else. */
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data.json();
  } catch {
    told = { title: "Tocsin pages you", body: "Open the page to see why." };
  }
  const high = told.urgency === "high";
  const quiet = told.quiet === true; // what became of a page: in place of the notification, without a sound
  event.waitUntil(
    self.registration.showNotification(told.title || "Tocsin", {
      body: (told.body || "").trim(),
      tag: told.tag,
      renotify: !!told.tag && !quiet,
      silent: quiet,
      requireInteraction: high,
      icon: "/favicon.svg",
      data: { link: told.ack_url || told.link, title: told.title, tag: told.tag },
      actions: told.ack_url ? [{ action: "acknowledge", title: "Acknowledge" }, { action: "open", title: "Open" }] : [],
    }),
  );
});

/* A link of this server on the page's own address, wherever it is published; another one as it stands. */
function open(link) {
  return self.clients.openWindow(link || "/");
}

async function acknowledge({ link, title, tag }) {
  const own = new URL(link).origin === self.location.origin;
  try {
    const answer = await fetch(link, { method: "POST", mode: own ? "same-origin" : "no-cors", credentials: "omit", body: new URLSearchParams({ action: "acknowledge" }) });
    if (own && !answer.ok) throw new Error(String(answer.status));
    await self.registration.showNotification(own ? "Acknowledged" : "Sent: acknowledge", { body: title, tag, icon: "/favicon.svg", data: { link } });
  } catch {
    await self.registration.showNotification("NOT acknowledged", { body: `${title}\nThe server could not be reached. Tap to open it.`, tag, requireInteraction: true, icon: "/favicon.svg", data: { link } });
  }
}

self.addEventListener("notificationclick", (event) => {
  const data = event.notification.data || {};
  event.notification.close();
  event.waitUntil(event.action === "acknowledge" && data.link ? acknowledge(data) : open(data.link));
});
