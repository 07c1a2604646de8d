// One picture to label after the other. Everything happens here at once; the page is told, and sends what comes next
// without touching the picture in front. What was asked stays in a list until the page says it is done.
import { element } from '../dom.js'

const memory = new WeakMap()
const KEYS = '1234567890' // in the order of a keyboard; classes that are digits are their own keys
const LIKELY = 3 // classes without a key that are offered if they are likely
const WORTH_A_LOOK = 0.1 // of the probability: such classes are highlighted
const WORTH_NAMING = 0.005
const ENLARGED = 2.5 // times its own size at most: beyond that a picture is only blurred

export default function ({ parentElement, data: [data], setStateValue }) {
  const known = memory.get(parentElement)
  const desk = known ?? new Desk(parentElement.querySelector('.desk'))
  memory.set(parentElement, desk)
  desk.update(data, setStateValue)
  if (!known) requestAnimationFrame(() => desk.open())
  // The keys work wherever nothing else takes them. Drawing anew calls this function again: one listener stays.
  document.removeEventListener('keydown', desk.anywhere)
  document.addEventListener('keydown', desk.anywhere)
  return () => document.removeEventListener('keydown', desk.anywhere)
}

class Desk {
  constructor(root) {
    this.root = root
    this.asked = []
    this.serial = 0
    this.mine = [] // what was answered here, and the picture it was about
    this.past = [] // what can be undone: what the page has done, then what it has not heard of yet
    this.again = []
    this.own = []
    this.current = null
    root.onkeydown = (event) => this.key(event)
    this.anywhere = (event) => {
      const target = event.composedPath()[0]
      if (event.defaultPrevented || taken(target) || !this.seen() || (event.key === 'Enter' && target.closest('button, a, summary'))) return
      this.key(event)
    }
  }

  // The keys are there at once, unless somebody is typing; on a phone picture and classes come into view.
  open() {
    if (!taken(document.activeElement)) this.root.focus({ preventScroll: true })
    if (matchMedia('(max-width: 760px)').matches) this.root.scrollIntoView({ block: 'nearest' })
  }

  seen() {
    const { top, bottom } = this.root.getBoundingClientRect()
    return bottom > 0 && top < innerHeight
  }

  update(data, setStateValue) {
    this.data = data
    this.set = setStateValue
    this.asked = this.asked.filter((one) => one.n > data.done)
    this.remember()
    const fresh = data.queue.find((one) => one.id === this.current?.id)
    // New suggestions for the picture in front are taken only while it has none.
    if (fresh && !this.current.likeliest.length && fresh.likeliest.length && !this.typing()) this.current = fresh
    if (!this.current) this.next()
    const drawing = JSON.stringify([this.current, data.classes, data.words, this.past.length > 0])
    if (this.drawn !== drawing) this.draw(drawing)
  }

  typing() {
    return Boolean(this.root.querySelector('input')?.value)
  }

  remember() {
    const undone = new Set(this.asked.filter((one) => one.do === 'undo').map((one) => one.of))
    this.mine = this.mine.filter(({ n }) => n > this.data.done)
    this.past = [...this.data.past, ...this.mine].filter(({ n }) => !undone.has(n))
    this.answered = new Set(this.asked.filter((one) => one.do !== 'undo' && !undone.has(one.n)).map((one) => one.item))
  }

  waiting() {
    return [...this.again, ...this.data.queue].filter((one) => !this.answered.has(one.id) && one.id !== this.current?.id)
  }

  next() {
    this.current = null
    const [first, ...others] = this.waiting()
    this.current = first ?? null
    this.again = this.again.filter((one) => one.id !== first?.id)
    for (const one of others.slice(0, 4)) new Image().src = large(one)
  }

  // The classes by name: a key means the same class on every picture, as in the gallery.
  classes() {
    return [...new Set([...this.data.classes, ...this.own])].sort()
  }

  // [key, class] as in keystrokes.keyed: digits stand for themselves, other classes are numbered.
  keyed() {
    const names = this.classes()
    if (names.every((name) => /^\d$/.test(name))) return names.map((name) => [name, name])
    return names.slice(0, KEYS.length).map((name, place) => [KEYS[place], name])
  }

  // The classes with a key, and after them what is likely among the others.
  offered() {
    const keyed = this.keyed().map(([, name]) => name)
    const likely = this.current.likeliest.slice(0, LIKELY).map(([label]) => label)
    return [...keyed, ...likely.filter((label) => !keyed.includes(label))]
  }

  // what is asked of the page

  answer(deed) {
    if (!this.current) return
    const one = this.current
    const n = this.send({ ...deed, item: one.id })
    this.mine.push({ n, one })
    this.remember()
    this.next()
    this.draw()
    this.root.focus({ preventScroll: true })
  }

  label(name) {
    const label = name.trim().replace(/\s+/g, ' ')
    if (!label) return
    if (!this.data.classes.includes(label) && !this.own.includes(label)) this.own.push(label)
    this.answer({ do: 'label', label })
  }

  undo() {
    const last = this.past.at(-1)
    if (!last) return
    if (this.current) this.again.unshift(this.current)
    this.current = last.one
    this.send({ do: 'undo', of: last.n, item: last.one.id })
    this.remember()
    this.draw()
    this.root.focus({ preventScroll: true })
  }

  send(deed) {
    this.serial = Math.max(Date.now(), this.serial + 1)
    this.asked = [...this.asked, { n: this.serial, ...deed }]
    this.set('asked', this.asked)
    return this.serial
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.target.matches('input')) {
      if (event.key === 'Enter') this.label(event.target.value)
      else if (event.key === 'Escape') this.root.focus()
      return event.stopPropagation()
    }
    const key = event.key.toLowerCase()
    if (/^\d$/.test(key) && this.current) {
      const found = this.keyed().find(([own]) => own === key)
      if (found) this.label(found[1])
    } else if (key === 'enter' && !event.target.matches('button')) {
      this.current?.likeliest.length ? this.label(this.current.likeliest[0][0]) : this.root.querySelector('input')?.focus()
    } else if (key === 'x') this.answer({ do: 'exclude' })
    else if (key === 's') this.answer({ do: 'skip' })
    else if (key === 'z') this.undo()
    else if (key === 'n') this.root.querySelector('input')?.focus()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  // drawing

  draw(drawing) {
    this.drawn = drawing
    const { words } = this.data
    const held = this.root.querySelector('input')?.value ?? ''
    const focused = this.root.getRootNode().activeElement?.matches?.('input')
    this.root.setAttribute('aria-label', this.current ? words.picture.replace('{name}', this.current.name) : words.waiting)
    this.root.dataset.item = this.current?.id ?? ''
    if (!this.current) {
      this.root.replaceChildren(element('p', 'waiting', this.data.queue.length ? words.waiting : ''), this.actions())
      return
    }
    const frame = element('figure', 'frame')
    const picture = element('img')
    picture.alt = words.picture.replace('{name}', this.current.name)
    picture.className = 'coming'
    picture.onload = () => {
      picture.style.maxWidth = `${ENLARGED * picture.naturalWidth}px`
      picture.style.maxHeight = `${ENLARGED * picture.naturalHeight}px`
      picture.className = ''
    }
    picture.onerror = () => (picture.className = '')
    picture.src = large(this.current)
    const stage = element('div', 'stage')
    stage.append(picture)
    frame.append(stage, element('figcaption', '', this.current.name))
    const side = element('div', 'side')
    side.append(element('p', 'ask', words.choose), this.choices(), this.typed(drawing ? held : ''), this.actions(), element('p', 'help', words.help))
    this.root.replaceChildren(frame, side)
    if (focused && drawing) this.root.querySelector('input').focus()
  }

  choices() {
    const list = element('div', 'choices')
    const shares = new Map(this.current.likeliest)
    const [first] = this.current.likeliest[0] ?? []
    const keys = new Map(this.keyed().map(([key, label]) => [label, key]))
    this.offered().forEach((label) => {
      const share = shares.get(label)
      const button = element('button', label === first ? 'choice first' : share >= WORTH_A_LOOK ? 'choice likely' : 'choice')
      button.type = 'button'
      button.title = label
      button.style.setProperty('--share', share ?? 0)
      button.append(element('kbd', keys.has(label) ? '' : 'none', keys.get(label) ?? ''), element('span', 'name', label))
      if (share >= WORTH_NAMING) button.append(element('span', 'share', percent(share)))
      if (label === first) button.append(element('kbd', '', '↵'))
      button.onclick = () => this.label(label)
      list.append(button)
    })
    return list
  }

  typed(held) {
    const { words } = this.data
    const form = element('form', 'typed')
    const input = element('input')
    input.setAttribute('list', 'classes')
    input.placeholder = words.other
    input.setAttribute('aria-label', words.other)
    input.maxLength = 80
    input.value = held
    const known = element('datalist')
    known.id = 'classes'
    known.append(...this.classes().map((label) => Object.assign(element('option'), { value: label })))
    const save = element('button', 'act', words.save)
    save.type = 'submit'
    form.append(input, known, save)
    form.onsubmit = (event) => (event.preventDefault(), this.label(input.value))
    return form
  }

  actions() {
    const { words } = this.data
    const row = element('div', 'acts')
    const act = (key, name, does, off) => {
      const button = element('button', 'act')
      button.type = 'button'
      button.disabled = off
      button.append(element('kbd', '', key), element('span', '', name))
      button.onclick = does
      row.append(button)
    }
    act('X', words.exclude, () => this.answer({ do: 'exclude' }), !this.current)
    act('S', words.skip, () => this.answer({ do: 'skip' }), !this.current)
    act('Z', words.undo, () => this.undo(), !this.past.length)
    return row
  }
}

// Somebody types there, or a component of its own has keys.
function taken(target) {
  if (!target?.closest) return true
  const own = target.getRootNode() !== document || target.shadowRoot
  return Boolean(own || target.isContentEditable || target.closest('input, textarea, select, [role="dialog"], [role="listbox"]'))
}

function large(one) {
  return `api/preview/${one.sha}`
}

function percent(share) {
  return share >= 0.995 ? '>99 %' : `${Math.round(100 * share)} %`
}
