// A map of pictures on a canvas: zoom, colours, a legend that filters, and pictures chosen by click, lasso, rectangle or
// keyboard. The points come as bytes from the server, with all that they can be coloured by (see engine/services/maps.py).
import { element } from '../dom.js'
import { contains, kept, nearest, WHOLE, zoomed } from './geometry.js'
import { Gestures } from './gestures.js'
import { leave, onKey } from './keyboard.js'
import { drawBar, drawLegend } from './legend.js'
import { themeOf } from './marks.js'
import { Painter } from './painting.js'
import { beginnings, idsOf, NONE, parse, percent, rangesOf, thumbnail } from './points.js'

const GLIDE_MS = 900
const TELL_MS = 60 // a lasso drawn through many points tells the page once
const memory = new WeakMap()

export default function ({ parentElement, data: [data], setStateValue }) {
  const map = memory.get(parentElement) ?? new EmbeddingMap(parentElement.querySelector('.map'))
  memory.set(parentElement, map)
  map.tell = (text) => setStateValue('selected', text)
  map.update(data)
  return () => map.stop()
}

class EmbeddingMap {
  constructor(root) {
    this.root = root
    this.stage = root.querySelector('.stage')
    this.canvas = root.querySelector('canvas')
    this.card = root.querySelector('.card')
    this.live = root.querySelector('.live')
    this.points = null
    this.view = { ...WHOLE }
    this.tool = matchMedia('(hover: hover)').matches ? 'lasso' : 'move'
    this.colour = '' // the key of a colouring
    this.filters = new Map() // of each colouring the codes that are hidden
    this.selected = new Set()
    this.cursor = this.hovered = this.anchor = -1
    this.adding = this.pictures = false
    this.path = null // what is being drawn around points
    this.painter = new Painter(this)
    this.gestures = new Gestures(this)
    this.canvas.onkeydown = (event) => onKey(this, event)
    this.canvas.onblur = () => leave(this)
    this.observer = new ResizeObserver(() => this.draw())
    this.observer.observe(this.stage)
  }

  stop() {
    this.observer.disconnect()
    cancelAnimationFrame(this.frame)
    memory.delete(this.root.parentElement)
  }

  update(data) {
    const words = JSON.stringify(data.words)
    this.data = data
    this.theme = themeOf(this.root)
    this.painter.forgetLooks()
    // A page that is drawn anew may mount this anew: what was chosen comes back with the data.
    if (this.clear === undefined) this.selected = new Set(idsOf(data.selected))
    else if (this.clear !== data.clear) this.choose(new Set())
    this.clear = data.clear
    if (this.words !== words) {
      this.words = words
      drawBar(this)
      drawLegend(this)
    }
    if (this.url !== data.url) this.fetch(data.url)
    this.draw()
  }

  async fetch(url) {
    this.url = url
    const answer = await fetch(url)
    if (!answer.ok || this.url !== url) return
    this.take(parse(await answer.arrayBuffer()))
  }

  take(points) {
    this.from = beginnings(points, this.points, this.now)
    this.now = this.from.slice()
    this.points = points
    this.screen = new Float32Array(2 * points.count)
    this.cursor = this.hovered = -1
    this.painter.forgetLooks()
    if (!points.colourings.has(this.colour)) this.colour = points.colourings.keys().next().value
    const present = new Set(points.ids)
    const left = new Set([...this.selected].filter((id) => present.has(id)))
    if (left.size !== this.selected.size) this.choose(left)
    this.root.dataset.ready = points.method
    this.root.dataset.count = points.count
    drawBar(this)
    drawLegend(this)
    this.glide(matchMedia('(prefers-reduced-motion: reduce)').matches ? 1 : GLIDE_MS)
  }

  glide(duration) {
    const begin = performance.now()
    const step = (time) => {
      const share = Math.min(1, Math.max(0, (time - begin) / duration))
      const eased = share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2
      for (let i = 0; i < this.now.length; i++) this.now[i] = this.from[i] + (this.points.at[i] - this.from[i]) * eased
      this.painter.paint()
      if (share < 1) this.frame = requestAnimationFrame(step)
      else this.root.dataset.still = this.url
    }
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(step)
  }

  draw() {
    cancelAnimationFrame(this.waiting)
    this.waiting = requestAnimationFrame(() => this.painter.paint())
  }

  size() {
    return { width: this.stage.clientWidth, height: this.stage.clientHeight }
  }

  // what a point belongs to

  codes() {
    return this.points.colourings.get(this.colour).codes
  }

  colourBy(key) {
    this.colour = key
    this.painter.forgetLooks()
    drawLegend(this)
    this.draw()
  }

  nameOf(key, code) {
    const { words } = this.data
    return (words.names[key] ?? this.points.colourings.get(key).names)[code] ?? words.none[key] ?? ''
  }

  hidden(key = this.colour) {
    if (!this.filters.has(key)) this.filters.set(key, new Set())
    return this.filters.get(key)
  }

  // `only`: everything else is hidden first.
  showOrHide(code, only) {
    const hidden = this.hidden()
    if (only) for (const other of new Set(this.codes())) hidden.add(other)
    if (!hidden.delete(code)) hidden.add(code)
  }

  isShown(i) {
    for (const [key, hidden] of this.filters) {
      if (hidden.size && hidden.has(this.points.colourings.get(key)?.codes[i])) return false
    }
    return true
  }

  isChosen(i) {
    return this.selected.has(this.points.ids[i])
  }

  look(code) {
    return this.painter.look(code)
  }

  describe(i) {
    const { points, data: { words } } = this
    const said = { share: points.shares ? percent(points.shares[i] / 10000) : '' }
    for (const [key, { codes }] of points.colourings) said[key] = this.nameOf(key, codes[i])
    const label = words.title.replace(/\{(\w+)\}/g, (_all, key) => said[key] ?? '')
    const more = words.more.filter((key) => points.colourings.get(key).codes[i] !== NONE).map((key) => said[key])
    return { label, name: points.names[i], more: more.join(' · ') }
  }

  // choosing

  choose(ids, keep = false) {
    this.selected = keep ? new Set([...this.selected, ...ids]) : ids
    clearTimeout(this.telling)
    this.telling = setTimeout(() => this.tell(rangesOf(this.selected)), TELL_MS)
    this.say(this.summary())
    this.draw()
  }

  toggle(i) {
    const ids = new Set(this.selected)
    const id = this.points.ids[i]
    if (!ids.delete(id)) ids.add(id)
    this.choose(ids)
  }

  inside(path) {
    const { points, screen } = this
    const within = (_id, i) => this.isShown(i) && contains(path, screen[2 * i], screen[2 * i + 1])
    return new Set(points.ids.filter(within))
  }

  takePath(path, event) {
    const found = this.inside(path)
    if (event.altKey) this.choose(new Set([...this.selected].filter((id) => !found.has(id))))
    else this.choose(found, event.shiftKey || this.adding)
  }

  selectCode(code) {
    const codes = this.codes()
    this.choose(new Set(this.points.ids.filter((_id, i) => codes[i] === code && this.isShown(i))), this.adding)
  }

  // The point that is meant at [x, y]: that of the picture there, else the nearest within reach; else -1.
  hit(spot, reach) {
    const picture = this.painter.pictureAt(...spot)
    return picture >= 0 ? picture : nearest(this.screen, spot, reach, (i) => this.isShown(i))
  }

  // what is seen of it

  zoomBy(factor, spot) {
    const size = this.size()
    this.setView(zoomed(this.view, factor, spot ?? [size.width / 2, size.height / 2], size))
  }

  setView(view) {
    this.view = kept(view)
    this.hover(-1)
    this.touch()
    this.draw()
  }

  touch() {
    // A finger scrolls the page as long as there is nothing else it could mean.
    this.canvas.style.touchAction = this.tool === 'move' && this.view.zoom <= 1 ? 'pan-y' : 'none'
  }

  hover(i, x = 0, y = 0) {
    if (this.hovered !== i) {
      this.hovered = i
      this.draw()
    }
    this.canvas.style.cursor = i >= 0 ? 'pointer' : this.tool === 'move' ? 'grab' : 'crosshair'
    this.showCard(i, x, y)
  }

  showCard(i, x, y) {
    const { card } = this
    card.hidden = i < 0
    if (i < 0) return
    if (card.dataset.id !== String(this.points.ids[i])) {
      card.dataset.id = this.points.ids[i]
      card.replaceChildren(...this.told(i))
    }
    const { width, height } = this.size()
    const left = x + 18 + card.offsetWidth > width ? x - 18 - card.offsetWidth : x + 18
    card.style.left = `${Math.max(4, Math.min(left, width - card.offsetWidth - 4))}px`
    card.style.top = `${Math.max(4, Math.min(y - card.offsetHeight / 2, height - card.offsetHeight - 4))}px`
  }

  told(i) {
    const { label, name, more } = this.describe(i)
    const picture = element('img')
    picture.alt = ''
    picture.src = thumbnail(this.points, i)
    const swatch = element('i')
    swatch.style.background = this.look(this.codes()[i]).colour
    const title = element('b', '', label)
    title.prepend(swatch)
    return [picture, title, element('span', '', name), ...(more ? [element('span', '', more)] : [])]
  }

  summary() {
    const { words } = this.data
    return `${words.summary.replace('{n}', this.points?.count ?? 0)} ${words.selected.replace('{n}', this.selected.size)}`
  }

  say(text) {
    if (this.live.textContent !== text) this.live.textContent = text
  }
}
