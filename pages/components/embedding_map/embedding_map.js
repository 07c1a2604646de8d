// A map of pictures on a canvas: zoom, colours, a legend that filters, and pictures chosen by click, lasso, rectangle or
// keyboard. The points come as bytes from the server, with all that they can be coloured by (see engine/services/maps.py).
const NONE = 0xffff
const LIGHT = ['#2f7d4f', '#cf5f1d', '#2f66b0', '#b08c0a', '#8a4fa8', '#12908e', '#c23f5c', '#6b7f1e', '#5b6770', '#8d5a2b']
const DARK = ['#58b984', '#f0894a', '#6ba4ee', '#dcbc45', '#bd87da', '#45c2c0', '#f0728e', '#a6bf4a', '#a3afb8', '#c99763']
const SHAPES = ['circle', 'square', 'triangle', 'diamond']
const THUMB = 46 // CSS pixels of a picture on the map
const CLOSEST = 40 // times the whole map
const FEW = 60 // with fewer points than this in view, pictures take the place of points
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
    this.pen = this.canvas.getContext('2d')
    this.card = root.querySelector('.card')
    this.live = root.querySelector('.live')
    this.points = null
    this.view = { zoom: 1, x: 0.5, y: 0.5 }
    this.tool = matchMedia('(hover: hover)').matches ? 'lasso' : 'move'
    this.colour = '' // the key of a colouring
    this.filters = new Map() // of each colouring the codes that are hidden
    this.selected = new Set()
    this.pointers = new Map()
    this.images = new Map()
    this.sprites = new Map()
    this.rects = []
    this.cursor = this.hovered = -1
    this.adding = this.pictures = false
    this.observer = new ResizeObserver(() => this.draw())
    this.observer.observe(this.stage)
    this.listen()
  }

  stop() {
    this.observer.disconnect()
    cancelAnimationFrame(this.frame)
    memory.delete(this.root.parentElement)
  }

  update(data) {
    const words = JSON.stringify(data.words)
    this.data = data
    this.readTheme()
    // A page that is drawn anew may mount this anew: what was chosen comes back with the data.
    if (this.clear === undefined) this.selected = new Set(ids(data.selected))
    else if (this.clear !== data.clear) this.choose(new Set())
    this.clear = data.clear
    if (this.words !== words) {
      this.words = words
      this.drawBar()
      this.drawLegend()
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
    const before = this.points
    this.points = points
    this.screen = new Float32Array(2 * points.count)
    const place = before && new Map(Array.from(before.ids, (id, i) => [id, i]))
    this.from = points.at.slice()
    if (place) {
      points.ids.forEach((id, i) => {
        const old = place.get(id)
        if (old !== undefined) this.from.set(this.now.subarray(2 * old, 2 * old + 2), 2 * i)
      })
    }
    this.now = this.from.slice()
    this.cursor = this.hovered = -1
    this.sprites.clear()
    if (!points.colourings.has(this.colour)) this.colour = points.colourings.keys().next().value
    const present = new Set(points.ids)
    const kept = new Set([...this.selected].filter((id) => present.has(id)))
    if (kept.size !== this.selected.size) this.choose(kept)
    this.root.dataset.ready = points.method
    this.root.dataset.count = points.count
    this.drawBar()
    this.drawLegend()
    this.glide(matchMedia('(prefers-reduced-motion: reduce)').matches ? 1 : 900)
  }

  glide(duration) {
    const begin = performance.now()
    const step = (time) => {
      const share = Math.min(1, Math.max(0, (time - begin) / duration))
      const eased = share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2
      for (let i = 0; i < this.now.length; i++) this.now[i] = this.from[i] + (this.points.at[i] - this.from[i]) * eased
      this.paint()
      if (share < 1) this.frame = requestAnimationFrame(step)
      else this.root.dataset.still = this.url
    }
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(step)
  }

  draw() {
    cancelAnimationFrame(this.waiting)
    this.waiting = requestAnimationFrame(() => this.paint())
  }

  // what a point belongs to

  codes() {
    return this.points.colourings.get(this.colour).codes
  }

  nameOf(key, code) {
    const { words } = this.data
    return (words.names[key] ?? this.points.colourings.get(key).names)[code] ?? words.none[key] ?? ''
  }

  hidden(key = this.colour) {
    if (!this.filters.has(key)) this.filters.set(key, new Set())
    return this.filters.get(key)
  }

  isShown(i) {
    for (const [key, hidden] of this.filters) {
      if (hidden.size && hidden.has(this.points.colourings.get(key)?.codes[i])) return false
    }
    return true
  }

  describe(i) {
    const { points, data: { words } } = this
    const said = { share: points.shares ? percent(points.shares[i] / 10000) : '' }
    for (const [key, { codes }] of points.colourings) said[key] = this.nameOf(key, codes[i])
    const label = words.title.replace(/\{(\w+)\}/g, (_all, key) => said[key] ?? '')
    const more = words.more.filter((key) => points.colourings.get(key).codes[i] !== NONE).map((key) => said[key])
    return { label, name: points.names[i], more: more.join(' · ') }
  }

  // drawing

  readTheme() {
    const style = getComputedStyle(this.root)
    const read = (name) => style.getPropertyValue(name).trim()
    this.theme = { text: read('--st-text-color'), ground: read('--st-background-color'), accent: read('--st-primary-color') }
    const dark = isDark(this.theme.ground)
    this.palette = dark ? DARK : LIGHT
    this.grey = dark ? '#7d8a83' : '#8b968f'
    this.sprites.clear()
  }

  look(code) {
    if (code === NONE) return { colour: this.grey, shape: 'ring' }
    const palette = this.palette
    const [place, shape] = this.points.colourings.get(this.colour).marks?.[code] ?? []
    if (shape) return { colour: palette[place], shape }
    return { colour: palette[code % palette.length], shape: SHAPES[Math.floor(code / palette.length) % SHAPES.length] }
  }

  paint() {
    const { canvas, pen, points } = this
    const { clientWidth: width, clientHeight: height } = this.stage
    const dots = window.devicePixelRatio || 1
    if (canvas.width !== Math.round(width * dots) || canvas.height !== Math.round(height * dots)) {
      canvas.width = Math.round(width * dots)
      canvas.height = Math.round(height * dots)
    }
    pen.setTransform(dots, 0, 0, dots, 0, 0)
    pen.clearRect(0, 0, width, height)
    if (!points || !width) return
    const inView = this.project(width, height)
    // Where codes have marks of their own the last ones, mistakes, matter most: they lie on top.
    if (points.colourings.get(this.colour).marks) inView.sort((a, b) => this.codes()[a] - this.codes()[b])
    const many = this.selected.size > 0
    this.rects = []
    const radius = this.radius()
    for (const chosen of [false, true]) {
      pen.globalAlpha = !chosen && many ? 0.3 : 0.9
      for (const i of inView) {
        if (this.selected.has(points.ids[i]) !== chosen) continue
        const image = this.sprite(this.codes()[i], radius, chosen, dots)
        const size = image.width / dots
        pen.drawImage(image, this.screen[2 * i] - size / 2, this.screen[2 * i + 1] - size / 2, size, size)
      }
    }
    pen.globalAlpha = 1
    if (this.pictures || inView.length <= FEW) this.paintPictures(inView)
    this.paintCursor(radius)
    this.paintLasso()
    this.canvas.setAttribute('aria-label', this.summary())
  }

  project(width, height) {
    const { view, now, screen, points } = this
    const { sx, sy } = this.scale(width, height)
    const inView = []
    for (let i = 0; i < points.count; i++) {
      const x = (screen[2 * i] = (now[2 * i] - view.x) * sx + width / 2)
      const y = (screen[2 * i + 1] = (now[2 * i + 1] - view.y) * sy + height / 2)
      if (x > -20 && y > -20 && x < width + 20 && y < height + 20 && this.isShown(i)) inView.push(i)
    }
    return inView
  }

  scale(width = this.stage.clientWidth, height = this.stage.clientHeight) {
    // The axes of such a map mean nothing, so it may fill a wide stage.
    const sx = Math.min(width, 1.7 * height) * 0.92
    const sy = Math.min(height, 1.7 * width) * 0.92
    return { sx: sx * this.view.zoom, sy: sy * this.view.zoom }
  }

  radius() {
    const { count } = this.points
    const base = count < 400 ? 5 : count < 5000 ? 3.6 : 2.6
    return Math.min(8, base * this.view.zoom ** 0.35)
  }

  sprite(code, radius, chosen, dots) {
    const key = `${code}-${radius.toFixed(1)}-${chosen}-${dots}`
    if (!this.sprites.has(key)) {
      if (this.sprites.size > 400) this.sprites.clear()
      const size = Math.ceil((2 * radius + 6) * dots)
      const canvas = Object.assign(document.createElement('canvas'), { width: size, height: size })
      const pen = canvas.getContext('2d')
      pen.scale(dots, dots)
      const { colour, shape } = this.look(code)
      if (chosen) mark(pen, shape, size / dots / 2, radius + 2.4, this.theme.text)
      mark(pen, shape, size / dots / 2, chosen ? radius + 0.6 : radius, colour, this.theme.ground)
      this.sprites.set(key, canvas)
    }
    return this.sprites.get(key)
  }

  paintPictures(inView) {
    const { pen, screen, points } = this
    const taken = new Map()
    const cell = (i) => [Math.floor(screen[2 * i] / THUMB), Math.floor(screen[2 * i + 1] / THUMB)]
    // Shuffled, but always alike: in their own order the pictures of the first class would take all the room.
    const shuffled = inView.slice().sort((a, b) => Math.imul(a + 1, 2654435761) - Math.imul(b + 1, 2654435761))
    const order = this.cursor >= 0 && inView.includes(this.cursor) ? [this.cursor, ...shuffled] : shuffled
    for (const i of order) {
      const [column, row] = cell(i)
      const crowded = [-1, 0, 1].some((dx) => [-1, 0, 1].some((dy) => {
        const other = taken.get(`${column + dx},${row + dy}`)
        return other !== undefined && Math.abs(screen[2 * other] - screen[2 * i]) < THUMB &&
          Math.abs(screen[2 * other + 1] - screen[2 * i + 1]) < THUMB
      }))
      if (crowded) continue
      taken.set(`${column},${row}`, i)
      const image = this.image(i)
      if (!image.complete || !image.naturalWidth) continue
      const fit = (THUMB - 8) / Math.max(image.naturalWidth, image.naturalHeight)
      const [w, h] = [image.naturalWidth * fit, image.naturalHeight * fit]
      const [x, y] = [screen[2 * i] - w / 2, screen[2 * i + 1] - h / 2]
      const chosen = this.selected.has(points.ids[i])
      const edge = chosen ? 4 : 2
      pen.fillStyle = this.theme.ground
      pen.fillRect(x - edge, y - edge, w + 2 * edge, h + 2 * edge)
      pen.globalAlpha = !chosen && this.selected.size ? 0.55 : 1
      pen.fillStyle = chosen ? this.theme.text : this.look(this.codes()[i]).colour
      pen.fillRect(x - edge, y - edge, w + 2 * edge, h + 2 * edge)
      pen.drawImage(image, x, y, w, h)
      pen.globalAlpha = 1
      this.rects.push([i, x, y, w, h])
    }
    pen.globalAlpha = 1
  }

  image(i) {
    const { images } = this
    if (!images.has(i) || images.get(i).of !== this.points.ids[i]) {
      const image = new Image()
      image.of = this.points.ids[i]
      image.onload = () => this.draw()
      image.src = this.address(i)
      images.set(i, image)
      if (images.size > 1500) images.delete(images.keys().next().value)
    }
    return images.get(i)
  }

  address(i) {
    return `api/thumbnail/${hex(this.points.hashes.subarray(32 * i, 32 * i + 32))}`
  }

  paintCursor(radius) {
    const at = this.cursor >= 0 ? this.cursor : this.hovered
    if (at < 0 || !this.isShown(at)) return
    const { pen, screen } = this
    pen.beginPath()
    pen.arc(screen[2 * at], screen[2 * at + 1], radius + 5, 0, 7)
    pen.lineWidth = 2
    pen.strokeStyle = this.theme.text
    pen.stroke()
  }

  paintLasso() {
    if (!this.path || this.path.length < 2) return
    const { pen } = this
    pen.beginPath()
    this.path.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)))
    pen.closePath()
    pen.globalAlpha = 0.14
    pen.fillStyle = this.theme.accent
    pen.fill()
    pen.globalAlpha = 1
    pen.lineWidth = 1.5
    pen.strokeStyle = this.theme.accent
    pen.setLineDash([5, 4])
    pen.stroke()
    pen.setLineDash([])
  }

  // choosing

  choose(ids, keep = false) {
    this.selected = keep ? new Set([...this.selected, ...ids]) : ids
    clearTimeout(this.telling)
    this.telling = setTimeout(() => this.tell(ranges(this.selected)), 60)
    this.say(this.summary())
    this.draw()
  }

  toggle(i) {
    const ids = new Set(this.selected)
    const id = this.points.ids[i]
    ids.has(id) ? ids.delete(id) : ids.add(id)
    this.choose(ids)
  }

  inside(path) {
    const found = new Set()
    for (let i = 0; i < this.points.count; i++) {
      if (this.isShown(i) && contains(path, this.screen[2 * i], this.screen[2 * i + 1])) found.add(this.points.ids[i])
    }
    return found
  }

  takePath(path, event) {
    const found = this.inside(path)
    if (event.altKey) this.choose(new Set([...this.selected].filter((id) => !found.has(id))))
    else this.choose(found, event.shiftKey || this.adding)
  }

  selectCode(code) {
    const codes = this.codes()
    const ids = [...this.points.ids].filter((_id, i) => codes[i] === code && this.isShown(i))
    this.choose(new Set(ids), this.adding)
  }

  hit(x, y, reach) {
    const rect = this.rects.findLast(([, left, top, w, h]) => x >= left && y >= top && x <= left + w && y <= top + h)
    if (rect) return rect[0]
    let best = -1
    let least = reach * reach
    for (let i = 0; i < this.points.count; i++) {
      const distance = (this.screen[2 * i] - x) ** 2 + (this.screen[2 * i + 1] - y) ** 2
      if (distance < least && this.isShown(i)) [best, least] = [i, distance]
    }
    return best
  }

  // mouse and finger

  listen() {
    const { canvas } = this
    canvas.onpointerdown = (event) => this.down(event)
    canvas.onpointermove = (event) => this.move(event)
    canvas.onpointerup = canvas.onpointercancel = (event) => this.up(event)
    canvas.onpointerleave = () => this.hover(-1)
    canvas.onkeydown = (event) => this.key(event)
    canvas.onblur = () => this.leave()
    canvas.ondblclick = (event) => this.zoomBy(event.shiftKey ? 0.5 : 2, ...this.spot(event))
    canvas.addEventListener('wheel', (event) => this.wheel(event), { passive: false })
  }

  spot(event) {
    const box = this.canvas.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  down(event) {
    if (!this.points) return
    this.canvas.setPointerCapture(event.pointerId)
    this.pointers.set(event.pointerId, this.spot(event))
    this.begin = { at: this.spot(event), moved: false, pan: this.tool === 'move' || event.button === 1, view: { ...this.view } }
    this.path = null
    if (this.pointers.size === 2) this.pinch = { ...this.gesture(), view: { ...this.view } }
    if (event.button === 1) event.preventDefault()
  }

  move(event) {
    const [x, y] = this.spot(event)
    if (!this.points) return
    if (!this.pointers.has(event.pointerId)) return this.hover(this.hit(x, y, 12), x, y)
    this.pointers.set(event.pointerId, [x, y])
    if (this.pinch && this.pointers.size === 2) return this.stretch()
    if (this.pinch) return
    const [fromX, fromY] = this.begin.at
    if (!this.begin.moved && Math.hypot(x - fromX, y - fromY) < 5) return
    this.begin.moved = true
    this.hover(-1)
    if (this.begin.pan) {
      const { sx, sy } = this.scale()
      this.setView({ ...this.begin.view, x: this.begin.view.x - (x - fromX) / sx, y: this.begin.view.y - (y - fromY) / sy })
    } else if (this.tool === 'rectangle') {
      this.path = [[fromX, fromY], [x, fromY], [x, y], [fromX, y]]
    } else {
      this.path = [...(this.path ?? [this.begin.at]), [x, y]]
    }
    this.draw()
  }

  up(event) {
    if (!this.pointers.delete(event.pointerId)) return
    if (this.pinch) {
      if (!this.pointers.size) this.pinch = null
      return
    }
    const path = this.path
    this.path = null
    if (event.type === 'pointercancel') return this.draw()
    if (path) return this.takePath(path, event)
    if (this.begin.moved || event.button === 1) return
    const touch = event.pointerType !== 'mouse'
    const i = this.hit(...this.spot(event), touch ? 24 : 12)
    if (i < 0) return this.hover(-1)
    if (touch) this.hover(i, ...this.spot(event))
    this.toggle(i)
  }

  gesture() {
    const [[ax, ay], [bx, by]] = [...this.pointers.values()]
    return { distance: Math.hypot(ax - bx, ay - by) || 1, middle: [(ax + bx) / 2, (ay + by) / 2] }
  }

  stretch() {
    const { distance, middle } = this.gesture()
    const start = this.pinch
    this.view = { ...start.view }
    this.zoomBy(distance / start.distance, ...start.middle)
    const { sx, sy } = this.scale()
    const [dx, dy] = [middle[0] - start.middle[0], middle[1] - start.middle[1]]
    this.setView({ ...this.view, x: this.view.x - dx / sx, y: this.view.y - dy / sy })
  }

  wheel(event) {
    if (!this.points || (event.deltaY > 0 && this.view.zoom <= 1)) return // at the whole map the page scrolls on
    event.preventDefault()
    this.zoomBy(2 ** (-event.deltaY / (event.deltaMode ? 8 : 240)), ...this.spot(event))
  }

  zoomBy(factor, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    const before = this.scale()
    const zoom = Math.min(CLOSEST, Math.max(1, this.view.zoom * factor))
    const [dx, dy] = [x - this.stage.clientWidth / 2, y - this.stage.clientHeight / 2]
    const grown = zoom / this.view.zoom
    const at = { x: this.view.x + dx / before.sx, y: this.view.y + dy / before.sy }
    this.setView({ zoom, x: at.x - dx / (before.sx * grown), y: at.y - dy / (before.sy * grown) })
  }

  setView({ zoom, x, y }) {
    const slack = 0.5 / zoom
    const within = (value) => Math.min(1.05 - slack * 0.4, Math.max(-0.05 + slack * 0.4, value))
    this.view = zoom <= 1 ? { zoom: 1, x: 0.5, y: 0.5 } : { zoom, x: within(x), y: within(y) }
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
      const { label, name, more } = this.describe(i)
      const picture = make('img')
      picture.alt = ''
      picture.src = this.address(i)
      const swatch = make('i')
      swatch.style.background = this.look(this.codes()[i]).colour
      const title = make('b', '', label)
      title.prepend(swatch)
      card.replaceChildren(picture, title, make('span', '', name), ...(more ? [make('span', '', more)] : []))
    }
    const { clientWidth, clientHeight } = this.stage
    const left = x + 18 + card.offsetWidth > clientWidth ? x - 18 - card.offsetWidth : x + 18
    card.style.left = `${Math.max(4, Math.min(left, clientWidth - card.offsetWidth - 4))}px`
    card.style.top = `${Math.max(4, Math.min(y - card.offsetHeight / 2, clientHeight - card.offsetHeight - 4))}px`
  }

  // keyboard

  key(event) {
    if (!this.points || event.ctrlKey || event.metaKey) return
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
    const does = {
      ' ': () => this.cursor >= 0 && this.toggle(this.cursor),
      Enter: () => this.cursor >= 0 && this.toggle(this.cursor),
      '+': () => this.zoomBy(1.5, ...this.cursorSpot()),
      '-': () => this.zoomBy(1 / 1.5, ...this.cursorSpot()),
      0: () => this.setView({ zoom: 1 }),
      c: () => this.cursor >= 0 && this.selectCode(this.codes()[this.cursor]),
      r: () => this.corner(),
      Escape: () => (this.anchor !== undefined && this.anchor >= 0 ? (this.anchor = -1) : this.choose(new Set())),
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (steps[event.key]) this.walk(...steps[event.key])
    else if (does) does()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  cursorSpot() {
    return this.cursor >= 0 ? [this.screen[2 * this.cursor], this.screen[2 * this.cursor + 1]] : []
  }

  walk(dx, dy) {
    let best = -1
    let least = Infinity
    const [x, y] = this.cursor >= 0 ? this.cursorSpot() : [this.stage.clientWidth / 2, this.stage.clientHeight / 2]
    for (let i = 0; i < this.points.count; i++) {
      const [right, down] = [this.screen[2 * i] - x, this.screen[2 * i + 1] - y]
      const along = right * dx + down * dy
      const aside = Math.abs(right * dy) + Math.abs(down * dx)
      if (this.cursor >= 0 && (along < 1 || aside > 2 * along)) continue
      const distance = this.cursor >= 0 ? along + 2 * aside : Math.hypot(right, down)
      if (i !== this.cursor && distance < least && this.isShown(i)) [best, least] = [i, distance]
    }
    if (best >= 0) this.goTo(best)
  }

  goTo(i) {
    this.cursor = i
    const [x, y] = this.cursorSpot()
    if (x < 0 || y < 0 || x > this.stage.clientWidth || y > this.stage.clientHeight) {
      this.setView({ ...this.view, x: this.now[2 * i], y: this.now[2 * i + 1] })
    }
    if (this.anchor >= 0) this.path = this.between(this.anchor, i)
    this.showCard(i, x, y)
    const { label, name } = this.describe(i)
    const { words } = this.data
    this.say([label, name, this.selected.has(this.points.ids[i]) ? words.isSelected : ''].filter(Boolean).join(', '))
    this.draw()
  }

  corner() {
    if (this.cursor < 0) return
    if (!(this.anchor >= 0)) {
      this.anchor = this.cursor
      return this.say(this.data.words.corner)
    }
    const found = this.inside(this.between(this.anchor, this.cursor))
    this.anchor = -1
    this.path = null
    this.choose(found, this.adding)
  }

  between(a, b) {
    const [left, right] = [this.screen[2 * a], this.screen[2 * b]].sort((p, q) => p - q)
    const [top, bottom] = [this.screen[2 * a + 1], this.screen[2 * b + 1]].sort((p, q) => p - q)
    return [[left - 1, top - 1], [right + 1, top - 1], [right + 1, bottom + 1], [left - 1, bottom + 1]]
  }

  leave() {
    this.cursor = this.anchor = -1
    this.path = null
    this.card.hidden = true
    this.draw()
  }

  summary() {
    const { words } = this.data
    return `${words.summary.replace('{n}', this.points.count)} ${words.selected.replace('{n}', this.selected.size)}`
  }

  say(text) {
    if (this.live.textContent !== text) this.live.textContent = text
  }

  // the bar and the legend

  drawBar() {
    const { words } = this.data
    const tools = make('div', 'tools')
    tools.setAttribute('role', 'group')
    for (const name of ['move', 'lasso', 'rectangle']) {
      const button = this.button(name, words[name], () => this.useTool(name))
      button.setAttribute('aria-pressed', this.tool === name)
      button.dataset.tool = name
      tools.append(button)
    }
    const add = this.button('add', words.add, () => ((this.adding = !this.adding), this.drawBar()))
    add.setAttribute('aria-pressed', this.adding)
    tools.append(add)
    const zoom = make('div', 'tools')
    zoom.setAttribute('role', 'group')
    zoom.append(
      this.button('plus', words.closer, () => this.zoomBy(1.6)),
      this.button('minus', words.further, () => this.zoomBy(1 / 1.6)),
      this.button('fit', words.whole, () => this.setView({ zoom: 1 })),
    )
    const pictures = this.button('pictures', words.pictures, () => ((this.pictures = !this.pictures), this.drawBar(), this.draw()), true)
    pictures.setAttribute('aria-pressed', this.pictures)
    this.root.querySelector('.bar').replaceChildren(tools, zoom, pictures, ...(this.points ? [this.picker()] : []))
    this.touch()
  }

  button(icon, words, act, spelled = false) {
    const button = make('button', `icon ${icon}`)
    button.type = 'button'
    button.title = words
    button.setAttribute('aria-label', words)
    button.append(make('span', 'shape'))
    if (spelled) button.append(make('span', 'word', words))
    button.onclick = act
    return button
  }

  useTool(name) {
    this.tool = name
    this.drawBar()
    this.root.querySelector(`[data-tool=${name}]`).focus()
  }

  picker() {
    const { words } = this.data
    const label = make('label', 'colour', `${words.colour} `)
    const select = make('select')
    for (const [key, { names }] of this.points.colourings) {
      if (!names.length && !words.names[key]) continue
      const option = make('option', '', words.kinds[key])
      option.value = key
      option.selected = this.colour === key
      select.append(option)
    }
    select.onchange = () => {
      this.colour = select.value
      this.sprites.clear()
      this.drawLegend()
      this.draw()
    }
    label.append(select)
    return label
  }

  drawLegend() {
    const legend = this.root.querySelector('.legend')
    if (!this.points) return
    const codes = this.codes()
    const counts = new Map()
    for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1)
    const sorted = [...counts.keys()].sort((a, b) => a - b)
    const rows = sorted.map((code) => this.entry(code, this.nameOf(this.colour, code), counts.get(code)))
    const hidden = this.hidden()
    const all = make('button', 'all', this.data.words.all)
    all.type = 'button'
    all.onclick = () => (hidden.clear(), this.drawLegend(), this.draw())
    legend.replaceChildren(...rows, ...(hidden.size ? [all] : []))
  }

  entry(code, name, count) {
    const { words } = this.data
    const hidden = this.hidden()
    const row = make('div', 'entry')
    const show = make('button', 'show')
    show.type = 'button'
    show.setAttribute('aria-pressed', !hidden.has(code))
    show.title = words.filter
    const swatch = make('canvas')
    swatch.width = swatch.height = 28
    const { colour, shape } = this.look(code)
    mark(swatch.getContext('2d'), shape, 14, 9, colour)
    show.append(swatch, make('span', 'name', name), make('span', 'number', count.toLocaleString(words.language)))
    show.onclick = (event) => {
      if (event.shiftKey || event.altKey) for (const other of new Set(this.codes())) hidden.add(other)
      hidden.has(code) ? hidden.delete(code) : hidden.add(code)
      const place = [...this.root.querySelectorAll('.show')].indexOf(show)
      this.drawLegend()
      this.root.querySelectorAll('.show')[place]?.focus()
      this.draw()
    }
    const pick = this.button('pick', words.pick.replace('{name}', name), () => this.selectCode(code))
    row.append(show, pick)
    return row
  }
}

function parse(buffer) {
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

// As pages/components/probabilities.py says it: no certainty that is none.
function percent(share) {
  if (share > 0 && share < 0.005) return '<1 %'
  return share >= 0.995 && share < 1 ? '>99 %' : `${Math.round(100 * share)} %`
}

function mark(pen, shape, centre, radius, colour, edge) {
  pen.beginPath()
  if (shape === 'square') pen.rect(centre - radius * 0.88, centre - radius * 0.88, radius * 1.76, radius * 1.76)
  else if (shape === 'triangle') polygon(pen, centre, radius * 1.2, 3)
  else if (shape === 'diamond') polygon(pen, centre, radius * 1.2, 4)
  else pen.arc(centre, centre, radius, 0, 7)
  pen.closePath()
  if (shape === 'ring') {
    pen.lineWidth = Math.max(1.4, radius * 0.4)
    pen.strokeStyle = colour
    return pen.stroke()
  }
  pen.fillStyle = colour
  pen.fill()
  if (edge) {
    pen.lineWidth = 0.7
    pen.strokeStyle = edge
    pen.stroke()
  }
}

function polygon(pen, centre, radius, corners) {
  for (let i = 0; i < corners; i++) {
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2
    pen.lineTo(centre + radius * Math.cos(angle), centre + radius * Math.sin(angle))
  }
}

function contains(path, x, y) {
  let inside = false
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [[ax, ay], [bx, by]] = [path[i], path[j]]
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}

// 1-4,9 says the same as 1,2,3,4,9 and stays short when a whole class is chosen.
function ranges(ids) {
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

function ids(text) {
  return text.split(',').filter(Boolean).flatMap((part) => {
    const [first, last] = part.split('-').map(Number)
    return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i)
  })
}

function isDark(colour) {
  const pen = document.createElement('canvas').getContext('2d')
  pen.fillStyle = colour
  pen.fillRect(0, 0, 1, 1)
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data
  return 0.3 * red + 0.6 * green + 0.1 * blue < 128
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function make(tag, className = '', content = '') {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (content !== '') element.textContent = content
  return element
}
