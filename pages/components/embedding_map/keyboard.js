// The keys of the map: arrows walk from point to point, Space chooses, C takes a class, R spans a rectangle.
import { between, nearest, towards, WHOLE } from './geometry.js'

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const STEP = 1.5 // times closer or further away

export function onKey(map, event) {
  if (!map.points || event.ctrlKey || event.metaKey) return
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key
  if (ARROWS[name]) walk(map, ARROWS[name])
  else if (DEEDS[name]) DEEDS[name](map)
  else return
  event.preventDefault()
  event.stopPropagation()
}

const choose = (map) => map.cursor >= 0 && map.toggle(map.cursor)
const DEEDS = {
  ' ': choose,
  Enter: choose,
  '+': (map) => map.zoomBy(STEP, spot(map)),
  '-': (map) => map.zoomBy(1 / STEP, spot(map)),
  0: (map) => map.setView(WHOLE),
  c: (map) => map.cursor >= 0 && map.selectCode(map.codes()[map.cursor]),
  r: corner,
  Escape: (map) => (map.anchor >= 0 ? (map.anchor = -1) : map.choose(new Set())),
}

function spot({ cursor, screen }) {
  return cursor >= 0 ? [screen[2 * cursor], screen[2 * cursor + 1]] : undefined
}

function walk(map, direction) {
  const { width, height } = map.size()
  const shown = (i) => map.isShown(i)
  const next =
    map.cursor >= 0
      ? towards(map.screen, map.cursor, direction, shown)
      : nearest(map.screen, [width / 2, height / 2], Infinity, shown)
  if (next >= 0) goTo(map, next)
}

function goTo(map, i) {
  map.cursor = i
  const [x, y] = spot(map)
  const { width, height } = map.size()
  if (x < 0 || y < 0 || x > width || y > height) map.setView({ ...map.view, x: map.now[2 * i], y: map.now[2 * i + 1] })
  if (map.anchor >= 0) map.path = between(map.screen, map.anchor, i)
  map.showCard(i, x, y)
  const { label, name } = map.describe(i)
  map.say([label, name, map.isChosen(i) ? map.data.words.isSelected : ''].filter(Boolean).join(', '))
  map.draw()
}

function corner(map) {
  if (map.cursor < 0) return
  if (map.anchor < 0) {
    map.anchor = map.cursor
    return map.say(map.data.words.corner)
  }
  const found = map.inside(between(map.screen, map.anchor, map.cursor))
  map.anchor = -1
  map.path = null
  map.choose(found, map.adding)
}

// The focus has gone: nothing is pointed at any more.
export function leave(map) {
  map.cursor = map.anchor = -1
  map.path = null
  map.card.hidden = true
  map.draw()
}
