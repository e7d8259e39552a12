// The sixteen bytes in front of everything that crosses the media channel. framing.py is the other half and has the table.

export const CONTROL = 0;
export const MEDIA = 1;
const HEADER = 16;

/**
 * @typedef {object} Frame
 * @property {number} stream
 * @property {number} kind
 * @property {number} seq
 * @property {number} time milliseconds since 1970 on the sender's clock
 * @property {ArrayBuffer} payload
 */

/**
 * @param {number} stream
 * @param {number} kind
 * @param {number} seq
 * @param {number} time
 * @param {ArrayBuffer} payload
 * @returns {ArrayBuffer}
 */
export function pack(stream, kind, seq, time, payload) {
  const data = new Uint8Array(HEADER + payload.byteLength);
  const header = new DataView(data.buffer);
  header.setUint8(0, stream);
  header.setUint8(1, kind);
  header.setUint32(4, seq, true);
  header.setFloat64(8, time, true);
  data.set(new Uint8Array(payload), HEADER);
  return data.buffer;
}

/**
 * Buffers come as ArrayBuffer from a socket, as DataView from JupyterLab's widgets, as Uint8Array from Colab's.
 * @param {ArrayBuffer | ArrayBufferView} data
 * @returns {Frame}
 */
export function unpack(data) {
  const view = data instanceof ArrayBuffer ? new DataView(data) : new DataView(data.buffer, data.byteOffset, data.byteLength);
  const start = view.byteOffset;
  return {
    stream: view.getUint8(0),
    kind: view.getUint8(1),
    seq: view.getUint32(4, true),
    time: view.getFloat64(8, true),
    payload: /** @type {ArrayBuffer} */ (view.buffer.slice(start + HEADER, start + view.byteLength)),
  };
}

/** @param {object} message @returns {ArrayBuffer} */
export function encoded(message) {
  return /** @type {ArrayBuffer} */ (new TextEncoder().encode(JSON.stringify(message)).buffer);
}

/** @param {Frame} frame @returns {any} */
export function decoded(frame) {
  return JSON.parse(new TextDecoder().decode(frame.payload));
}
