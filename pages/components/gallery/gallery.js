// Draws the tiles and keeps the selection: click, Shift+click for a range, space or enter on the keyboard. Arrow keys walk
// from picture to picture; P, a double click or a long press shows one large; where pictures are sorted, numbers move
// them to a class, X excludes and Z undoes; where answers can be explained, W asks why; sounds are played by a button or L.
import { element } from '../dom.js'

const LONG_PRESS = 500 // milliseconds
const memory = new WeakMap()
const live = new Set() // a page that is drawn anew may mount a gallery anew: pictures are found again by their ids

export default function ({ parentElement, data: [data], setStateValue }) {
  const own = memory.get(parentElement) ?? new Gallery(parentElement, data)
  memory.set(parentElement, own)
  own.update(data, setStateValue)
}

class Gallery {
  constructor(parent, data) {
    this.root = parent.querySelector('.gallery')
    live.add(this)
    this.keys = parent.querySelector('.keys')
    this.dialog = parent.querySelector('dialog')
    this.selected = new Set(data.selected) // a page that is drawn anew may mount this anew
    this.last = null
    this.at = 0
    this.clear = data.clear
    this.asked = []
    this.serial = 0
    this.root.onclick = (event) => this.click(event)
    this.root.ondblclick = (event) => this.onTile(event, (index) => this.enlarge(index))
    this.root.onkeydown = (event) => this.key(event)
    this.root.onpointerdown = (event) => this.press(event)
    this.root.onpointerup = this.root.onpointercancel = this.root.onpointerleave = () => clearTimeout(this.pressing)
    this.root.oncontextmenu = (event) => this.pressed && event.preventDefault()
    this.dialog.onkeydown = (event) => this.dialogKey(event)
    this.dialog.onclick = (event) => event.target.closest('button') || this.dialog.close()
    this.dialog.onclose = () => {
      this.dialog.querySelector('audio')?.pause()
      this.focus(this.at)
    }
  }

  update(data, setStateValue) {
    this.data = data
    this.set = setStateValue
    this.root.style.setProperty('--size', `${data.size}px`)
    this.asked = this.asked.filter((one) => one.n > data.done)
    if (this.clear !== data.clear) {
      this.clear = data.clear
      this.empty()
    }
    // Redrawing only what changed keeps the focus and the scroll position after a click.
    const { tiles, selectable, sorting, explained, plays, classes, words } = data
    const drawing = JSON.stringify([tiles, selectable, sorting, explained, plays, classes, words])
    if (this.drawn !== drawing) {
      this.drawn = drawing
      this.draw()
    }
  }

  draw() {
    const { data, root } = this
    const focused = root.contains(root.getRootNode().activeElement)
    this.last = null
    const shown = new Set(data.tiles.map((tile) => tile.id))
    const before = this.selected.size
    this.selected = new Set([...this.selected].filter((id) => shown.has(id)))
    root.replaceChildren(...data.tiles.map((tile, index) => figure(tile, index, data)))
    this.at = Math.max(0, Math.min(this.at, data.tiles.length - 1))
    this.drawKeys()
    this.mark()
    if (focused) this.focus(this.at)
    if (this.dialog.open) data.tiles.length ? this.enlarge(this.at) : this.dialog.close()
    if (this.selected.size !== before) this.report()
  }

  drawKeys() {
    const { data } = this
    this.keys.hidden = !data.sorting
    if (!data.sorting) return
    this.keys.setAttribute('aria-label', data.words.keys)
    const chips = data.classes.map(([key, name]) => chip(key, name, () => this.label(key)))
    this.keys.replaceChildren(
      ...chips,
      chip('X', data.words.exclude, () => this.ask({ do: 'exclude' })),
      chip('Z', data.words.undo, () => this.ask({ do: 'undo' })),
      chip('A', data.words.all, () => this.all()),
      ...(data.explained ? [chip('W', data.words.why, () => data.tiles.length && this.why(this.at))] : []),
      ...(data.words.others ? [element('span', 'others', data.words.others)] : []),
    )
  }

  // what is chosen

  report() {
    this.set('selected', [...this.selected])
  }

  empty() {
    this.selected.clear()
    this.last = null
    this.mark()
    this.report()
  }

  toggle(index, range) {
    const { data, selected } = this
    const on = !selected.has(data.tiles[index].id)
    const from = range && this.last !== null ? Math.min(this.last, index) : index
    const to = range && this.last !== null ? Math.max(this.last, index) : index
    for (let i = from; i <= to; i++) on ? selected.add(data.tiles[i].id) : selected.delete(data.tiles[i].id)
    this.last = index
    this.mark()
    this.report()
  }

  all() {
    const { tiles } = this.data
    const every = tiles.every((tile) => this.selected.has(tile.id))
    this.selected = new Set(every ? [] : tiles.map((tile) => tile.id))
    this.mark()
    this.report()
  }

  mark() {
    this.tiles().forEach((tile, index) => {
      if (this.data.selectable) tile.setAttribute('aria-pressed', this.selected.has(this.data.tiles[index]?.id))
      tile.tabIndex = index === this.at ? 0 : -1
    })
  }

  tiles() {
    return [...this.root.querySelectorAll('.picture')]
  }

  focus(index) {
    this.at = index
    this.mark()
    this.tiles()[index]?.focus({ preventScroll: false })
  }

  // what is heard

  play(index) {
    // One sound at a time; the same button ends it.
    const src = mediaOf(this.data.tiles[index])
    if (!src) return
    this.audio ??= Object.assign(new Audio(), { onended: () => this.markPlaying(-1), onpause: () => this.markPlaying(-1) })
    const again = this.playing === index && !this.audio.paused
    this.audio.pause()
    if (again) return
    this.audio.src = src
    this.audio.play().then(() => this.markPlaying(index), () => this.markPlaying(-1))
  }

  markPlaying(index) {
    this.playing = index
    this.root.querySelectorAll('.play').forEach((button) => button.classList.toggle('on', Number(button.dataset.index) === index))
  }

  // what is asked of the page

  label(wanted) {
    const found = this.data.classes.find(([key]) => key === wanted)
    if (found) this.ask({ do: 'label', label: found[1] })
  }

  ask(deed) {
    const items = this.dialog.open || !this.selected.size ? [this.data.tiles[this.at]?.id] : [...this.selected]
    if (deed.do !== 'undo' && items[0] === undefined) return
    this.serial = Math.max(Date.now(), this.serial + 1)
    this.asked = [...this.asked, { n: this.serial, items: deed.do === 'undo' ? [] : items, ...deed }]
    this.set('asked', this.asked)
    if (deed.do !== 'undo') this.stamp(items, deed)
  }

  why(index) {
    // One question about one picture: nothing is sorted, and the page opens what it has to say.
    this.at = index
    if (this.dialog.open) this.dialog.close()
    this.serial = Math.max(Date.now(), this.serial + 1)
    this.asked = [...this.asked, { n: this.serial, do: 'why', items: [this.data.tiles[index].id] }]
    this.set('asked', this.asked)
    takeFocusBack(this.data.tiles[index].id)
  }

  stamp(items, deed) {
    // What was asked shows at once; the page follows in a moment.
    const words = deed.do === 'label' ? deed.label : this.data.words.excluded
    this.tiles().forEach((tile, index) => {
      if (!items.includes(this.data.tiles[index].id)) return
      tile.querySelector('.stamp')?.remove()
      tile.append(element('span', `stamp ${deed.do}`, words))
    })
    if (this.dialog.open) this.enlarge(Math.min(this.at + 1, this.data.tiles.length - 1))
    else if (!this.selected.size) this.focus(Math.min(this.at + 1, this.data.tiles.length - 1))
    this.selected.clear()
    this.mark()
    this.report()
  }

  // mouse, finger, keyboard

  onTile(event, act) {
    const tile = event.target.closest('.picture')
    if (tile) act(Number(tile.dataset.index))
  }

  click(event) {
    const played = event.target.closest('.play')
    if (played) return this.play(Number(played.dataset.index))
    const larger = event.target.closest('.larger')
    if (larger) return this.enlarge(Number(larger.dataset.index))
    const why = event.target.closest('.why')
    if (why) return this.why(Number(why.dataset.index))
    if (this.pressed) return (this.pressed = false)
    this.onTile(event, (index) => {
      this.at = index
      if (this.data.selectable) this.toggle(index, event.shiftKey)
    })
  }

  press(event) {
    this.pressed = false
    if (event.pointerType === 'mouse') return
    clearTimeout(this.pressing)
    this.pressing = setTimeout(() => this.onTile(event, (index) => {
      this.pressed = true
      this.enlarge(index)
    }), LONG_PRESS)
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    this.onTile(event, (index) => (this.at = index))
    const columns = this.columns()
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key]
    if (step) {
      const next = this.at + step
      if (next >= 0 && next < this.data.tiles.length) this.focus(next)
    } else if (event.key === 'Home' || event.key === 'End') {
      this.focus(event.key === 'Home' ? 0 : this.data.tiles.length - 1)
    } else if (event.key.toLowerCase() === 'p') {
      this.enlarge(this.at)
    } else if (this.data.plays && event.key.toLowerCase() === 'l') {
      this.play(this.at)
    } else if (!this.sort(event.key)) return
    event.preventDefault()
    event.stopPropagation()
  }

  sort(key) {
    if (this.data.explained && key.toLowerCase() === 'w') return this.why(this.at), true
    if (!this.data.sorting) return false
    if (/^\d$/.test(key)) this.label(key)
    else if (key === 'x' || key === 'X' || key === 'Delete') this.ask({ do: 'exclude' })
    else if (key === 'z' || key === 'Z') this.ask({ do: 'undo' })
    else if (key === 'a' || key === 'A') this.all()
    else return false
    return true
  }

  columns() {
    const [first, ...others] = this.tiles()
    const next = others.findIndex((tile) => tile.getBoundingClientRect().top > first.getBoundingClientRect().top + 4)
    return next < 0 ? this.data.tiles.length : next + 1
  }

  // one picture, large

  enlarge(index) {
    const tile = this.data.tiles[index]
    if (!tile) return
    this.at = index
    const picture = document.createElement('img')
    picture.alt = [tile.text, tile.caption, tile.note].filter(Boolean).join(', ')
    picture.src = tile.src.replace('api/thumbnail/', 'api/preview/')
    const close = element('button', 'close', '×')
    close.type = 'button'
    close.setAttribute('aria-label', this.data.words.close)
    close.onclick = () => this.dialog.close()
    const line = element('p', '', picture.alt)
    const keys = this.data.sorting ? this.data.classes.map(([key, name]) => chip(key, name, () => this.label(key))) : []
    const row = element('div', 'row', '')
    if (this.data.explained) row.append(chip('W', this.data.words.why, () => this.why(index)))
    row.append(...keys, ...(this.data.sorting ? [chip('X', this.data.words.exclude, () => this.ask({ do: 'exclude' }))] : []))
    const media = this.data.plays && mediaOf(tile)
    const player = media ? [Object.assign(document.createElement('audio'), { controls: true, autoplay: true, src: media })] : []
    this.audio?.pause()
    this.dialog.replaceChildren(picture, ...player, line, row, close)
    if (!this.dialog.open) this.dialog.showModal()
    this.dialog.focus()
  }

  dialogKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const next = this.at + (step ?? 0)
    if (step && next >= 0 && next < this.data.tiles.length) this.enlarge(next)
    else if (event.key.toLowerCase() === 'p') this.dialog.close()
    else if (event.ctrlKey || event.metaKey || event.key === 'a' || !this.sort(event.key)) return event.stopPropagation()
    event.preventDefault()
    event.stopPropagation()
  }
}

// A dialog of the page gives the focus back to what had it, but cannot look into a component. It may go and come again
// while the page is drawn anew, and so may the gallery: nothing is over before nothing was open for a while.
const OPEN = '[role="dialog"]'
const EVERY = 100, AT_REST = 50, GIVEN_UP = 600 // milliseconds; looks
let looking = null

function takeFocusBack(id) {
  stopLooking()
  let seen = false, closed = 0
  looking = setInterval(() => {
    if (document.querySelector(OPEN)) return ((seen = true), (closed = 0))
    closed += 1
    if (seen && document.activeElement === document.body) focusPicture(id)
    if (closed > (seen ? AT_REST : GIVEN_UP)) stopLooking()
  }, EVERY)
  document.addEventListener('pointerdown', goneElsewhere, true)
}

function goneElsewhere() {
  if (!document.querySelector(OPEN)) stopLooking()
}

function stopLooking() {
  clearInterval(looking)
  document.removeEventListener('pointerdown', goneElsewhere, true)
}

function focusPicture(id) {
  for (const one of live) if (!one.root.isConnected) live.delete(one)
  const here = [...live].find((one) => one.data.tiles.some((tile) => tile.id === id))
  here?.focus(here.data.tiles.findIndex((tile) => tile.id === id))
}

function mediaOf(tile) {
  return tile?.src.startsWith('api/thumbnail/') ? tile.src.replace('api/thumbnail/', 'api/media/') : ''
}

function figure(tile, index, data) {
  const box = document.createElement('figure')
  const frame = document.createElement(data.selectable ? 'button' : 'div')
  frame.className = 'picture'
  frame.dataset.index = index
  const words = [tile.text, tile.caption, tile.note].filter(Boolean).join(', ')
  if (data.selectable) {
    frame.type = 'button'
    frame.setAttribute('aria-label', `${data.words.select} ${words}`.trim())
  }
  const picture = document.createElement('img')
  picture.loading = 'lazy'
  picture.draggable = false
  picture.alt = data.selectable ? '' : words
  picture.onerror = () => picture.replaceWith(element('div', 'missing', data.words.missing))
  picture.src = tile.src
  frame.append(picture)
  if (data.selectable) frame.append(element('span', 'tick', ''))
  const larger = element('button', 'larger', '')
  larger.type = 'button'
  larger.tabIndex = -1
  larger.dataset.index = index
  larger.title = data.words.larger
  larger.setAttribute('aria-label', `${data.words.larger}: ${words}`)
  box.append(frame, larger)
  if (data.explained) {
    const why = element('button', 'why', data.words.why)
    why.type = 'button'
    why.tabIndex = -1
    why.dataset.index = index
    why.setAttribute('aria-label', `${data.words.why} ${words}`.trim())
    frame.after(why)
  }
  if (data.plays && mediaOf(tile)) {
    const play = element('button', 'play', '')
    play.type = 'button'
    play.dataset.index = index
    play.tabIndex = -1
    play.title = data.words.play
    play.setAttribute('aria-label', `${data.words.play} ${words}`.trim())
    box.append(play)
  }
  if (words) {
    const caption = document.createElement('figcaption')
    if (tile.text) caption.append(written(tile.text))
    if (tile.caption) caption.append(element('span', '', tile.caption))
    if (tile.note) caption.append(element('span', `note ${tile.tone}`, tile.note))
    caption.title = words
    box.append(caption)
  }
  return box
}

// A text beside its picture, from whichever side it is read.
function written(text) {
  const words = element('span', 'text', text)
  words.dir = 'auto'
  return words
}

function chip(key, words, act) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'chip'
  button.append(element('kbd', '', key), element('span', '', words))
  button.onclick = act
  return button
}
