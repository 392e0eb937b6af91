// The call-back button for any website: <script src=".../widget.js" data-source="website" async>.
// It draws a button, opens a dialog with our form in a frame, and tells the page what happens there.
// leads/widget/loader.py removes comments and indentation. No cookie, nothing stored.
(() => {
  "use strict";
  const WORDS = {};
  const SECOND = 1000;
  const NAME = "callbackWidget";
  const queued = window[NAME];
  // Browsers older than 2022 keep the page's plain link.
  if (!window.HTMLDialogElement) return;

  const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]');
  const address = new URL(script.src);
  const given = (name) => script.dataset[name] ?? address.searchParams.get(name);
  const { origin } = address;
  const source = given("source") || "website";
  // Including it twice gives one widget.
  if (typeof queued?.open === "function") {
    console.warn(`callback: the page has the widget already; "${source}" is left out.`);
    return;
  }
  const language = given("lang") || "";
  const query = language && `?lang=${encodeURIComponent(language)}`;
  const path = encodeURIComponent(source) + "/";

  // Where the visitor came from. The browser itself knows this tab's pages of the website,
  // including the first, with the marks in its address: nothing is stored for this.
  const began = performance.getEntriesByType("navigation")[0]?.name ?? location.href;
  function came() {
    const { referrer } = document;
    const isOurs = referrer.startsWith(location.origin + "/");
    const [oldest] = window.navigation?.entries?.() ?? [];
    const before = (!oldest?.sameDocument && oldest?.url) || (isOurs && referrer);
    return {
      page: location.href,
      referrer,
      first_page: before || began,
      first_referrer: before ? "" : referrer,
    };
  }

  const frames = [];
  let told; // the server's settings of the source; null if it sends none
  let dialog, box, form, opener;

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // Used without our server's answer: enough for a dialog that says so.
  function byItself() {
    const wanted = (language || document.documentElement.lang).slice(0, 2).replace("iw", "he");
    const [close, failed, open] = WORDS[wanted] ?? WORDS.en;
    const dir = /he|ar/.test(wanted) ? "rtl" : "ltr";
    const link = `/contact/${path}${query}`;
    const title = opener?.textContent.trim() || failed;
    return { close, failed, open, title, dir, link, lang: wanted };
  }

  const settings = fetch(`${origin}/widget/${path}settings/${query}`, {
    credentials: "omit",
    signal: AbortSignal.timeout?.(8 * SECOND),
  })
    .then((answer) => answer.ok && answer.json())
    .catch(() => null)
    .then((answer) => {
      told = answer || null;
      if (!told) {
        console.warn(
          `callback: ${origin} says nothing of the source "${source}". Either it is away, or ` +
            `${location.origin} is not among the allowed origins of that source.`,
        );
      }
      return told;
    });

  // In em: "rem" is the page's, and "initial" is the visitor's choice in the browser. Important rules
  // inside a shadow root win over all of the page's style sheets.
  const css = ({ colour = "#0b57c4", ink = "#fff", side = "end" }) => `
:host{all:initial!important;display:block!important}
@media print{:host{display:none!important}}
*{box-sizing:border-box}
.go,dialog{font:600 1em/1.4 system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
.go{position:fixed;z-index:2147483647;inset-block-end:max(1.25em,env(safe-area-inset-bottom));
inset-inline-${side}:1.25em;max-inline-size:calc(100vw - 2.5em);min-block-size:3em;
padding:.75em 1.375em;border:2px solid #fff;border-radius:2em;background:${colour};color:${ink};
box-shadow:0 4px 16px #0006;cursor:pointer}
.go:hover{filter:brightness(1.15)}
:focus-visible{outline:3px solid #0b57c4;outline-offset:2px;box-shadow:0 0 0 2px #fff}
dialog{position:fixed;inset:0;flex-direction:column;inline-size:30em;max-inline-size:100vw;
block-size:100vh;block-size:100dvh;max-block-size:none;margin:auto;padding:0;border:0;
background:var(--paper);color:var(--text);color-scheme:light dark;
--paper:#fff;--text:#17212b;--line:#d5dce4;box-shadow:0 12px 48px #0008;overflow:hidden}
dialog[open]{display:flex}
dialog::backdrop{background:#0009}
header{display:flex;align-items:center;gap:.5em;padding-inline-start:1.25em;
border-block-end:1px solid var(--line)}
h2{flex:1;margin:0;padding-block:.75em;font-size:1.125em;font-weight:650;overflow-wrap:anywhere;
outline:0;box-shadow:none}
.x{inline-size:1.875em;min-block-size:1.875em;border:0;background:none;color:inherit;
font:400 1.75em/1 sans-serif;cursor:pointer}
.x:focus-visible{outline-offset:-4px;outline-color:currentColor;box-shadow:none}
.no{padding:1em 1.25em;font-weight:400}
.no[hidden],.w[hidden]{display:none}
.w{position:absolute;inset:40% 0 auto;margin:0;text-align:center;font-weight:400}
.w::before{content:"";display:block;inline-size:2em;block-size:2em;margin:0 auto 1em;
border:.25em solid var(--line);border-block-start-color:currentColor;border-radius:50%}
.no p{margin:0 0 .5em}
a{color:inherit;font-weight:600}
iframe{display:block;flex:1;inline-size:100%;min-block-size:0;border:0}
@media(min-width:34em){dialog{block-size:46em;max-block-size:calc(100vh - 2em);border-radius:1em}}
@media(prefers-color-scheme:dark){dialog{--paper:#18212b;--text:#e9eef3;--line:#2e3a47}
:focus-visible{outline-color:#7db5ff}}
@media(prefers-reduced-motion:no-preference){dialog[open]{animation:in .15s}
.w::before{animation:turn 1s linear infinite}@keyframes in{from{opacity:0}}
@keyframes turn{to{rotate:1turn}}}
@media(forced-colors:active){dialog{border:1px solid}}`;

  // The page's Content-Security-Policy does not apply to a constructed style sheet.
  function shadow(known) {
    const host = make("div");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css(known));
    root.adoptedStyleSheets = [sheet];
    return { host, root };
  }

  const announce = (what) =>
    document.dispatchEvent(
      new CustomEvent(`callback:${what}`, { bubbles: true, detail: { source } }),
    );

  // The form in a frame, and what to do if it does not load.
  function framed({ failed, open, link, frame: from, title, loading }, place) {
    const isInline = Boolean(place);
    const way = make("a", { href: origin + link, target: "_blank", rel: "noopener" }, open);
    const trouble = make("div", { className: "no", hidden: true }, make("p", {}, failed), way);
    trouble.setAttribute("role", "alert");
    const spin = make("p", { className: "w", hidden: true }, loading);
    spin.setAttribute("role", "status");
    const frame = make("iframe", { title });
    const state = { frame, isInline, page: "", hasTalked: false };
    let patience;
    const wait = (seconds) => {
      clearTimeout(patience);
      patience = setTimeout(() => {
        trouble.hidden = false;
        spin.hidden = true;
      }, seconds * SECOND);
    };
    state.answered = () => {
      clearTimeout(patience);
      trouble.hidden = spin.hidden = true;
    };
    // Tells each page in the frame who is around it. A page that the browser refuses answers
    // nothing.
    const hello = () => {
      // A form inside a page without dark colours has none either.
      const value = isInline && !getComputedStyle(place).colorScheme.includes("dark") && "light";
      frame.contentWindow.postMessage({ callback: 1, type: "hello", value, came: came() }, origin);
    };
    frame.addEventListener("load", () => {
      wait(2);
      hello();
    });
    // Loads the form again if it has not loaded. If it has, the page around it may have changed.
    state.load = () => {
      if (state.page) return hello();
      if (frame.src && trouble.hidden) return; // loading, and perhaps typed into already
      trouble.hidden = Boolean(from);
      frame.hidden = !from;
      if (!from) return;
      spin.hidden = isInline;
      if (!isInline) wait(10);
      frame.src = origin + from;
    };
    if (isInline) {
      frame.loading = "lazy";
      frame.style.height = "44em";
    }
    frames.push(state);
    state.parts = [trouble, spin, frame];
    return state;
  }

  window.addEventListener("message", ({ data, origin: by, source: from }) => {
    const state = frames.find(({ frame }) => frame.contentWindow === from);
    if (by !== origin || !state || data?.callback !== 1) return;
    const { type, value } = data;
    if (type === "page") {
      state.answered();
      if (value === "sent" && state.page === "form") {
        state.hasTalked = false;
        announce("submitted");
      }
      state.page = value;
    } else if (type === "connected" && !state.hasTalked) {
      state.hasTalked = true;
      announce("connected");
    } else if (type === "size" && state.isInline && value > 0 && value < 9999) {
      state.frame.style.height = `${Math.ceil(value)}px`;
    } else if (type === "close" && !state.isInline) close();
  });

  function draw(known) {
    if (box) return box;
    const { host, root } = shadow(known);
    box = make("div", { dir: known.dir, lang: known.lang });
    root.append(box);
    // Outside the body, so that the page's changes to its body neither move nor remove it.
    document.documentElement.append(host);
    return box;
  }

  async function open(by) {
    opener = by ?? document.activeElement;
    const known = (await settings) ?? byItself();
    if (!dialog) {
      const heading = make("h2", { id: "t", tabIndex: -1, autofocus: true }, known.title);
      const x = make("button", { type: "button", className: "x", onclick: close }, "\u00d7");
      x.setAttribute("aria-label", known.close);
      form = framed(known);
      dialog = make("dialog", {}, make("header", {}, heading, x), ...form.parts);
      dialog.setAttribute("aria-labelledby", "t");
      dialog.addEventListener("click", (event) => event.target === dialog && close());
      dialog.addEventListener("close", () => {
        (opener?.isConnected ? opener : box.querySelector(".go"))?.focus();
      });
      draw(known).append(dialog);
    }
    if (dialog.open) return;
    form.load();
    dialog.showModal();
    announce("opened");
  }

  function close() {
    dialog?.close();
  }

  function inline(place) {
    if (place.dataset.callbackInline === "on") return;
    place.dataset.callbackInline = "on";
    settings.then((known) => {
      if (!known) return; // the page's plain link stays
      const { host, root } = shadow(known);
      const state = framed(known, place);
      root.append(make("div", { dir: known.dir, lang: known.lang }, ...state.parts));
      place.replaceChildren(host);
      state.load();
    });
  }

  function showButton() {
    const button = make("button", { type: "button", className: "go" }, told.button);
    button.setAttribute("aria-haspopup", "dialog");
    button.onclick = () => open(button);
    draw(told).prepend(button);
  }

  function appear({ appears, seconds, shows }) {
    if (!shows || appears === "never") return;
    if (appears === "later") setTimeout(showButton, seconds * SECOND);
    else if (appears === "at once") showButton();
    else {
      const look = () => {
        const { scrollHeight } = document.documentElement;
        if (window.innerHeight + window.scrollY < scrollHeight - 80) return;
        removeEventListener("scroll", look);
        showButton();
      };
      addEventListener("scroll", look, { passive: true });
      look();
    }
  }

  // The page's own buttons, including later ones. While a link's form cannot be shown here, the
  // link is followed as usual.
  document.addEventListener(
    "click",
    (event) => {
      if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      const own = event.composedPath().find((it) => it.matches?.("[data-callback-open]"));
      if (!own || (told === null && own.href)) return;
      event.preventDefault();
      open(own);
    },
    true,
  );

  function findInline() {
    document.querySelectorAll("[data-callback-inline]:not([data-callback-inline=on])").forEach(inline);
  }

  function begin() {
    const where = script.dataset.inline;
    if (where) document.querySelectorAll(where).forEach(inline);
    else if (where === "") {
      const place = make("div");
      script.after(place);
      inline(place);
    }
    findInline();
    new MutationObserver(findInline).observe(document.documentElement, {
      childList: true,
      subtree: true,
    });
    if (where === undefined) settings.then((known) => known && appear(known));
  }

  const api = { open: () => open(), close, push: (...calls) => calls.forEach((it) => api[it]?.()) };
  window[NAME] = api;
  if (Array.isArray(queued)) api.push(...queued);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
