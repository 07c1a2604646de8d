// One picture to label after the other. Everything happens here at once; the page is told, and sends what comes next
// without touching the picture in front. What was asked stays in a list until the page says it is done.
const memory = new WeakMap()

export default function ({ parentElement, data: [data], setStateValue }) {
  const desk = memory.get(parentElement) ?? new Desk(parentElement.querySelector('.desk'))
  memory.set(parentElement, desk)
  desk.update(data, setStateValue)
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

  // The classes in the order of their keys: likeliest first, then the others, then those just made up.
  classes() {
    const likely = this.current.likeliest.map(([label]) => label)
    const all = [...this.data.classes, ...this.own.filter((label) => !this.data.classes.includes(label))]
    return [...likely, ...all.filter((label) => !likely.includes(label))]
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
    if (/^[1-9]$/.test(key) && this.current) {
      const label = this.classes()[Number(key) - 1]
      if (label !== undefined) this.label(label)
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
      this.root.replaceChildren(make('p', 'waiting', this.data.queue.length ? words.waiting : ''), this.actions())
      return
    }
    const frame = make('figure', 'frame')
    const picture = make('img')
    picture.alt = words.picture.replace('{name}', this.current.name)
    picture.src = large(this.current)
    frame.append(picture, make('figcaption', '', this.current.name))
    const side = make('div', 'side')
    side.append(make('p', 'ask', words.choose), this.choices(), this.typed(drawing ? held : ''), this.actions(), make('p', 'help', words.help))
    this.root.replaceChildren(frame, side)
    if (focused && drawing) this.root.querySelector('input').focus()
  }

  choices() {
    const list = make('div', 'choices')
    const shares = new Map(this.current.likeliest)
    this.classes().slice(0, 9).forEach((label, place) => {
      const share = shares.get(label)
      const button = make('button', place || share === undefined ? 'choice' : 'choice first')
      button.type = 'button'
      button.style.setProperty('--share', share ?? 0)
      button.append(make('kbd', '', place || share === undefined ? String(place + 1) : '↵'), make('span', 'name', label))
      if (share !== undefined) button.append(make('span', 'share', percent(share)))
      button.onclick = () => this.label(label)
      list.append(button)
    })
    return list
  }

  typed(held) {
    const { words } = this.data
    const form = make('form', 'typed')
    const input = make('input')
    input.setAttribute('list', 'classes')
    input.placeholder = words.other
    input.setAttribute('aria-label', words.other)
    input.maxLength = 80
    input.value = held
    const known = make('datalist')
    known.id = 'classes'
    known.append(...this.classes().map((label) => Object.assign(make('option'), { value: label })))
    const save = make('button', 'act', words.save)
    save.type = 'submit'
    form.append(input, known, save)
    form.onsubmit = (event) => (event.preventDefault(), this.label(input.value))
    return form
  }

  actions() {
    const { words } = this.data
    const row = make('div', 'acts')
    const act = (key, name, does, off) => {
      const button = make('button', 'act')
      button.type = 'button'
      button.disabled = off
      button.append(make('kbd', '', key), make('span', '', name))
      button.onclick = does
      row.append(button)
    }
    act('X', words.exclude, () => this.answer({ do: 'exclude' }), !this.current)
    act('S', words.skip, () => this.answer({ do: 'skip' }), !this.current)
    act('Z', words.undo, () => this.undo(), !this.past.length)
    return row
  }
}

function large(one) {
  return `api/preview/${one.sha}`
}

function percent(share) {
  return share >= 0.995 ? '>99 %' : share < 0.005 ? '<1 %' : `${Math.round(100 * share)} %`
}

function make(tag, className = '', content = '') {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (content !== '') element.textContent = content
  return element
}
