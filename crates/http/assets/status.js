// Keeps the status page true: takes freshly rendered parts from the hub and
// puts in only what differs, so that focus, scroll and open details stay.

const root = document.documentElement;
const RETRY_MS = 5000;

function sameKind(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id ?? "") === (b.id ?? "");
}

function syncAttributes(from, to) {
  for (const { name } of [...from.attributes]) {
    // Whether details are open is the reader's choice.
    if (!to.hasAttribute(name) && name !== "open") from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

function sync(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  if (from.isEqualNode(to)) return;
  syncAttributes(from, to);
  syncChildren(from, to);
}

function syncChildren(from, to) {
  const byId = new Map();
  for (const child of from.children) if (child.id) byId.set(child.id, child);
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    let match = null;
    if (wanted.id) match = byId.get(wanted.id) ?? null;
    else if (at && sameKind(at, wanted)) match = at;
    if (match && sameKind(match, wanted)) {
      if (match === at) at = at.nextSibling;
      else from.insertBefore(match, at);
      sync(match, wanted);
    } else {
      from.insertBefore(wanted, at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function put(id, html) {
  const part = document.getElementById(id);
  if (!part) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  // Whitespace around a part is the template's, not content.
  const wanted = document.createElement(part.localName);
  wanted.append(fresh.content);
  syncChildren(part, wanted);
  const headline = document.getElementById("headline");
  if (id === "summary" && headline) document.title = `${headline.textContent} – Bildbro`;
}

function connect() {
  const source = new EventSource(`/events?lang=${root.lang}`);
  source.addEventListener("open", () => {
    root.dataset.link = "live";
  });
  source.addEventListener("parts", (event) => {
    for (const [id, html] of Object.entries(JSON.parse(event.data))) put(id, html);
  });
  source.addEventListener("error", () => {
    root.dataset.link = "lost";
    // A refused stream is not tried again by the browser itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  });
}

connect();
