// The points as the server sends them (see engine/services/maps.py), and the ids of those that are chosen.
export const NONE = 0xffff // the code of a point to which a colouring gives no name

// -> {count, method, ids, at: x and y in [0, 1] by turns, colourings: {key: {names, codes, marks}}, shares, hashes, names}
export function parse(buffer) {
  const length = new DataView(buffer).getUint32(0, true)
  const text = new TextDecoder()
  const { count, method, colourings: listed, shares: hasShares } = JSON.parse(text.decode(new Uint8Array(buffer, 4, length)))
  let at = 4 + length
  const next = (kind, size) => {
    const array = new kind(buffer, at, size)
    at += size * kind.BYTES_PER_ELEMENT
    return array
  }
  const ids = next(Uint32Array, count)
  const [x, y] = [next(Uint16Array, count), next(Uint16Array, count)]
  const colourings = new Map(listed.map((one) => [one.key, { ...one, codes: next(Uint16Array, count) }]))
  const shares = hasShares ? next(Uint16Array, count) : null
  const hashes = next(Uint8Array, 32 * count)
  const names = text.decode(new Uint8Array(buffer, at)).split('\n')
  const places = new Float32Array(2 * count)
  for (let i = 0; i < count; i++) places.set([x[i] / 65535, y[i] / 65535], 2 * i)
  return { count, method, ids, at: places, colourings, shares, hashes, names }
}

// Where new points begin to glide from: a picture that was there before, from where it lies now.
export function beginnings(points, before, lying) {
  const from = points.at.slice()
  if (!before) return from
  const place = new Map(Array.from(before.ids, (id, i) => [id, i]))
  points.ids.forEach((id, i) => {
    const old = place.get(id)
    if (old !== undefined) from.set(lying.subarray(2 * old, 2 * old + 2), 2 * i)
  })
  return from
}

// The address of a point's picture.
export function thumbnail({ hashes }, i) {
  const hex = Array.from(hashes.subarray(32 * i, 32 * i + 32), (byte) => byte.toString(16).padStart(2, '0'))
  return `api/thumbnail/${hex.join('')}`
}

// As pages/components/probabilities.py says it: no certainty that is none.
export function percent(share) {
  if (share > 0 && share < 0.005) return '<1 %'
  return share >= 0.995 && share < 1 ? '>99 %' : `${Math.round(100 * share)} %`
}

// 1-4,9 says the same as 1,2,3,4,9 and stays short when a whole class is chosen.
export function rangesOf(ids) {
  const sorted = [...ids].sort((a, b) => a - b)
  const parts = []
  for (let i = 0; i < sorted.length; ) {
    let j = i
    while (sorted[j + 1] === sorted[j] + 1) j++
    parts.push(i === j ? `${sorted[i]}` : `${sorted[i]}-${sorted[j]}`)
    i = j + 1
  }
  return parts.join(',')
}

export function idsOf(text) {
  return text.split(',').filter(Boolean).flatMap((part) => {
    const [first, last] = part.split('-').map(Number)
    return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i)
  })
}
