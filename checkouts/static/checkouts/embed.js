/* Shows a checkout inside a shop's own page.

   <script src="https://pay.example/checkout.js"></script>
   Billing.openCheckout({ checkoutId: "co_…", onSuccess: (it) => … })

   It needs no key. The page it shows decides whether this shop's origin may: name the origin in the
   branding, or lead the checkout's success_url or cancel_url there. */
(() => {
  "use strict";

  const SERVER = new URL(document.currentScript.src).origin;
  const READY_WITHIN_MS = 10000;
  const OVERLAYS = ["centered", "panel", "bottom", "fullscreen", "popup"];
  const LOOKS = `
    dialog { --sheet: #fff; --ink: #15171c; --soft: #f1f2f4; color-scheme: light;
      box-sizing: border-box; position: fixed; inset: 0; margin: auto; padding: 0; border: 0;
      width: min(460px, 100vw); height: min(800px, 100dvh); max-width: none; max-height: none;
      border-radius: 20px; overflow: hidden; background: var(--sheet);
      box-shadow: 0 24px 80px #0006; }
    dialog[open] { display: flex; flex-direction: column; align-items: flex-end; }
    dialog::backdrop { background: #0b0d128c; }
    dialog.panel { margin: 0 0 0 auto; height: 100dvh; border-radius: 0; }
    dialog.bottom { margin: auto auto 0; height: min(720px, 92dvh); border-radius: 20px 20px 0 0; }
    dialog.fullscreen { width: 100vw; height: 100dvh; border-radius: 0; }
    @media (max-width: 480px) { dialog.centered { height: 100dvh; border-radius: 0; } }
    iframe { flex: 1; width: 100%; border: 0; }
    button { flex: none; width: 44px; height: 44px; margin: 4px; padding: 0; border: 0;
      border-radius: 50%; cursor: pointer; color: var(--ink); background: none; }
    button:hover { background: var(--soft); }
    button:focus-visible { outline: 2px solid; outline-offset: -4px; }
    svg { width: 16px; height: 16px; fill: none; stroke: currentcolor; stroke-width: 1.6;
      stroke-linecap: round; display: block; margin: auto; }
    @media (prefers-color-scheme: dark) {
      dialog { --sheet: #15181c; --ink: #f1f2f5; --soft: #2a2f37; color-scheme: dark; }
    }
    @media (prefers-reduced-motion: no-preference) {
      dialog { animation: come 0.18s ease-out; }
      @keyframes come { from { opacity: 0; transform: translateY(8px); } }
    }`;

  let open = null; // the one checkout that is shown: { id, told, window, end, … }

  const address = (id, more) => {
    if (typeof id !== "string" || !/^co_[A-Za-z0-9]+$/.test(id)) {
      throw new TypeError("checkoutId must be the id of a checkout, such as co_…");
    }
    const url = new URL(`/checkout/${id}`, SERVER);
    Object.entries(more).forEach(([name, value]) => value && url.searchParams.set(name, value));
    return url.href;
  };

  const call = (act, value) => {
    if (typeof act === "function") act(value);
  };

  const fail = (code, message) => {
    if (open) call(open.told.onError, { checkout_id: open.id, code, message });
  };

  // --- What the page says -------------------------------------------------------------------------

  // Anybody can send messages to this window. Only the checkout's own page, in the window that was
  // opened here, served from where this script came from, is listened to.
  window.addEventListener("message", (event) => {
    if (!open || event.origin !== SERVER || event.source !== open.window()) return;
    const said = event.data;
    if (!said || said.from !== "billing" || said.checkout_id !== open.id) return;
    if (said.type === "ready") open.isReady = true;
    if (said.type === "status") hear(said);
    if (said.type === "close") close();
  });

  const hear = ({ checkout_id, status, confirmations }) => {
    open.isReady = true;
    if (status === open.status && confirmations === open.confirmations) return;
    const isNew = status !== open.status;
    Object.assign(open, { status, confirmations });
    const { onStatusChange, onSuccess } = open.told;
    call(onStatusChange, { checkout_id, status, confirmations });
    if (isNew && status === "confirmed") call(onSuccess, { checkout_id, status });
    if (isNew && status === "failed") fail("checkout_failed", "The checkout was stopped.");
  };

  // --- Opening and closing --------------------------------------------------------------------------

  const dialog = (url, overlay, name) => {
    const before = document.activeElement;
    const host = document.createElement("div");
    const shadow = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // which a strict policy of the shop allows
    sheet.replaceSync(LOOKS);
    shadow.adoptedStyleSheets = [sheet];
    const box = document.createElement("dialog");
    box.className = overlay;
    box.setAttribute("aria-modal", "true");
    box.setAttribute("aria-label", name);
    const frame = document.createElement("iframe");
    frame.title = name;
    frame.allow = `clipboard-write ${SERVER}`;
    frame.src = url;
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", "Close");
    button.innerHTML = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="m3 3 10 10M13 3 3 13"/></svg>';
    button.addEventListener("click", () => close());
    box.addEventListener("cancel", (event) => {
      event.preventDefault(); // Escape: close() tells the shop too
      close();
    });
    box.append(button, frame);
    shadow.append(box);
    document.body.append(host);
    box.showModal(); // the rest of the page is inert until it closes
    return {
      window: () => frame.contentWindow,
      end: () => {
        box.close();
        host.remove();
        if (before instanceof HTMLElement) before.focus();
      },
    };
  };

  const popup = (url) => {
    const shown = window.open(url, "billing-checkout", "popup,width=480,height=800");
    if (!shown) return null;
    const watch = setInterval(() => {
      if (shown.closed) close();
    }, 400);
    return {
      window: () => shown,
      end: () => {
        clearInterval(watch);
        shown.close();
      },
    };
  };

  /** Show a checkout. Callbacks: onStatusChange({checkout_id, status, confirmations}),
      onSuccess({checkout_id, status}), onCancel({checkout_id, status}): closed before it was
      confirmed, onError({checkout_id, code, message}). */
  function openCheckout(options) {
    const { checkoutId, overlay = "centered", label = "Checkout", ...told } = options || {};
    if (!OVERLAYS.includes(overlay)) throw new TypeError(`overlay must be one of ${OVERLAYS.join(", ")}`);
    const url = address(checkoutId, { origin: location.origin });
    close();
    const shown = overlay === "popup" ? popup(url) : dialog(url, overlay, label);
    open = { id: checkoutId, told, status: "pending", confirmations: 0, isReady: false, window: () => null, end: () => {}, ...shown };
    if (!shown) {
      fail("popup_blocked", "The browser did not open the window. Call openCheckout from a click.");
      open = null;
      return;
    }
    const mine = open;
    setTimeout(() => {
      if (open === mine && !mine.isReady) {
        fail("not_shown", `The checkout was not shown. Does it exist, and may ${location.origin} show it?`);
      }
    }, READY_WITHIN_MS);
  }

  /** Leave this page for the checkout's. Its links lead back to returnUrl and cancelUrl, where they
      belong to an origin that may show the checkout. */
  function redirectToCheckout({ checkoutId, returnUrl, cancelUrl } = {}) {
    location.assign(address(checkoutId, { return_url: returnUrl, cancel_url: cancelUrl }));
  }

  /** Close what is shown. A payment that is on its way goes on. */
  function close() {
    if (!open) return;
    const { id, status, told, end } = open;
    open = null;
    end();
    if (status !== "confirmed") call(told.onCancel, { checkout_id: id, status });
  }

  // Billing.openCheckout(…) and Billing("pk_…").openCheckout(…) are the same: no key is needed.
  function Billing() {
    return Billing;
  }
  Object.assign(Billing, { openCheckout, redirectToCheckout, close });
  window.Billing = Billing;
})();
