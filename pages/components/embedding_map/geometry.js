// Where points lie on the screen, and which of them are meant. A view is {zoom, x, y}: how many times the whole map, and
// what lies in the middle, in [0, 1]. A size is {width, height} of the stage in CSS pixels; `screen` holds x and y by turns.
const CLOSEST = 40 // times the whole map
const EDGE = 20 // CSS pixels around the stage where a point is still drawn
export const WHOLE = { zoom: 1, x: 0.5, y: 0.5 }

// CSS pixels a unit. The axes of such a map mean nothing, so it may fill a wide stage.
export function scaleOf(view, { width, height }) {
  const sx = Math.min(width, 1.7 * height) * 0.92
  const sy = Math.min(height, 1.7 * width) * 0.92
  return { sx: sx * view.zoom, sy: sy * view.zoom }
}

// The view, moved so that the map does not leave the stage.
export function kept({ zoom, x, y }) {
  if (zoom <= 1) return { ...WHOLE }
  const slack = 0.5 / zoom
  const within = (value) => Math.min(1.05 - slack * 0.4, Math.max(-0.05 + slack * 0.4, value))
  return { zoom, x: within(x), y: within(y) }
}

// Closer by a factor; what lies under x, y of the stage stays there.
export function zoomed(view, factor, [x, y], size) {
  const zoom = Math.min(CLOSEST, Math.max(1, view.zoom * factor))
  const { sx, sy } = scaleOf(view, size)
  const [dx, dy] = [x - size.width / 2, y - size.height / 2]
  const grown = zoom / view.zoom
  return kept({ zoom, x: view.x + dx / sx - dx / (sx * grown), y: view.y + dy / sy - dy / (sy * grown) })
}

// The map drawn along by dx, dy CSS pixels.
export function panned(view, [dx, dy], size) {
  const { sx, sy } = scaleOf(view, size)
  return kept({ ...view, x: view.x - dx / sx, y: view.y - dy / sy })
}

// Write the points' places into `screen`; return the numbers of those that are in view and `shown`.
export function project(places, view, size, screen, shown) {
  const { width, height } = size
  const { sx, sy } = scaleOf(view, size)
  const inView = []
  for (let i = 0; 2 * i < places.length; i++) {
    const x = (screen[2 * i] = (places[2 * i] - view.x) * sx + width / 2)
    const y = (screen[2 * i + 1] = (places[2 * i + 1] - view.y) * sy + height / 2)
    if (x > -EDGE && y > -EDGE && x < width + EDGE && y < height + EDGE && shown(i)) inView.push(i)
  }
  return inView
}

// Whether x, y lies inside a closed path of [x, y] corners (even-odd rule).
export function contains(path, x, y) {
  let inside = false
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [[ax, ay], [bx, by]] = [path[i], path[j]]
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}

// The rectangle around two points, with a pixel to spare.
export function between(screen, a, b) {
  const [left, right] = [screen[2 * a], screen[2 * b]].sort((p, q) => p - q)
  const [top, bottom] = [screen[2 * a + 1], screen[2 * b + 1]].sort((p, q) => p - q)
  return [[left - 1, top - 1], [right + 1, top - 1], [right + 1, bottom + 1], [left - 1, bottom + 1]]
}

// The shown point nearest to x, y within `reach`, else -1.
export function nearest(screen, [x, y], reach, shown) {
  let best = -1
  let least = reach * reach
  for (let i = 0; 2 * i < screen.length; i++) {
    const distance = (screen[2 * i] - x) ** 2 + (screen[2 * i + 1] - y) ** 2
    if (distance < least && shown(i)) [best, least] = [i, distance]
  }
  return best
}

// The shown point to which an arrow key leads from point `from`: the nearest within a cone of 63° to either side.
export function towards(screen, from, [dx, dy], shown) {
  let best = -1
  let least = Infinity
  for (let i = 0; 2 * i < screen.length; i++) {
    const [right, down] = [screen[2 * i] - screen[2 * from], screen[2 * i + 1] - screen[2 * from + 1]]
    const along = right * dx + down * dy
    const aside = Math.abs(right * dy) + Math.abs(down * dx)
    if (along < 1 || aside > 2 * along) continue
    if (i !== from && along + 2 * aside < least && shown(i)) [best, least] = [i, along + 2 * aside]
  }
  return best
}

// Which of the pictures in view have room: none over another, in an order that is mixed but always alike, since in their
// own order those of the first class would take all the room. `first` comes before all others.
export function roomFor(inView, screen, side, first) {
  const taken = new Map()
  const far = (a, b) => Math.abs(screen[2 * a] - screen[2 * b]) >= side || Math.abs(screen[2 * a + 1] - screen[2 * b + 1]) >= side
  const around = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => [dx, dy]))
  const mixed = inView.slice().sort((a, b) => Math.imul(a + 1, 2654435761) - Math.imul(b + 1, 2654435761))
  return (inView.includes(first) ? [first, ...mixed] : mixed).filter((i) => {
    const [column, row] = [Math.floor(screen[2 * i] / side), Math.floor(screen[2 * i + 1] / side)]
    const others = around.map(([dx, dy]) => taken.get(`${column + dx},${row + dy}`))
    if (others.some((other) => other !== undefined && !far(i, other))) return false
    taken.set(`${column},${row}`, i)
    return true
  })
}
