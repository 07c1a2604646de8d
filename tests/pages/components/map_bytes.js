// A map's bytes as engine/services/maps.py writes them: a header in JSON, then arrays one after the other.
export function bytesOf({ ids, x, y, classes, names, classNames = ['red', 'blue'] }) {
  const head = { count: ids.length, method: 'tsne', shares: false, colourings: [{ key: 'class', names: classNames }] }
  let text = JSON.stringify(head)
  while (text.length % 4) text += ' '
  const header = Buffer.alloc(4)
  header.writeUInt32LE(text.length)
  const hashes = Uint8Array.from({ length: 32 * ids.length }, (_, place) => Math.floor(place / 32))
  const arrays = [Uint32Array.from(ids), Uint16Array.from(x), Uint16Array.from(y), Uint16Array.from(classes), hashes]
  const bytes = Buffer.concat([header, Buffer.from(text), ...arrays.map((one) => Buffer.from(one.buffer)), Buffer.from(names.join('\n'))])
  return Uint8Array.from(bytes).buffer
}
