// Where a page can reach the kernel's socket, and under what name.

const PROTOCOL = "gemini-live-nb";
const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\]|[^.]+\.localhost)$/;

/** @returns {string} 128 random bits */
export function randomName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A name that this browser tab keeps through a reload, so that Python knows the page before it is gone. */
export function tabName() {
  try {
    const known = sessionStorage.getItem(PROTOCOL);
    if (known) return known;
    const fresh = randomName();
    sessionStorage.setItem(PROTOCOL, fresh);
    return fresh;
  } catch {
    return ""; // storage is forbidden here: a reload looks like a new tab
  }
}

/**
 * Loopback is dialled only where the page itself is on a loopback host: from elsewhere it would be the wrong machine.
 * @param {number} port
 * @returns {{ local: boolean, urls: string[] }}
 */
export function addresses(port) {
  const local = LOOPBACK.test(location.hostname);
  const urls = local ? [`ws://127.0.0.1:${port}/`] : [];
  const proxy = proxied();
  if (proxy) urls.push(`${proxy}proxy/${port}/`);
  return { local, urls };
}

/** The server's address, where jupyter-server-proxy is there to pass a socket on; JupyterLab and Notebook 7 tell. */
function proxied() {
  const data = document.getElementById("jupyter-config-data")?.textContent;
  if (!data) return "";
  try {
    const { baseUrl, federated_extensions: extensions = [] } = JSON.parse(data);
    if (!extensions.some((/** @type {any} */ extension) => /jupyter-server-proxy$/.test(extension.name))) return "";
    return new URL(baseUrl, location.href).href.replace(/^http/, "ws");
  } catch {
    return "";
  }
}

/**
 * Try addresses in turn. The token goes in a header, never in an address that a server might log.
 * @param {string[]} urls @param {string} token @returns {Promise<WebSocket | null>}
 */
export async function dialled(urls, token) {
  for (const url of urls) {
    const socket = await opened(url, token);
    if (socket) return socket;
  }
  return null;
}

/** @param {string} url @param {string} token @returns {Promise<WebSocket | null>} */
function opened(url, token) {
  return new Promise((resolve) => {
    try {
      const socket = new WebSocket(url, [PROTOCOL, token]);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => resolve(socket);
      socket.onclose = () => resolve(null);
    } catch {
      resolve(null); // a page's policy may forbid it
    }
  });
}
