// One picture and one question at a time. The queue and the answers live here, so that the next picture is there at
// once; the server gets the list of all answers and acts on the new ones.
import { element, fill } from '../dom.js'

const memory = new WeakMap()
const REST_MS = 1500 // without an answer: then the rest of the page may catch up
const ENLARGED = 2.5 // times its own size at most: beyond that a picture is only blurred
const AHEAD = 3 // pictures fetched before they are needed

export default function ({ parentElement, data: [data], setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector('.panel')
  let own = memory.get(parentElement)
  if (!own || own.id !== data.id) {
    own = { id: data.id, log: [...data.log], index: 0, picking: false, shown: '' }
    own.index = nextOpen(own, data, -1)
    memory.set(parentElement, own)
    // The card that was clicked may lie far below: the question comes to the reader, and takes the keys.
    requestAnimationFrame(() => {
      root.focus({ preventScroll: true })
      root.scrollIntoView({ block: 'start' })
    })
  }

  const send = () => {
    setStateValue('log', own.log)
    clearTimeout(own.timer)
    own.timer = setTimeout(() => setTriggerValue('rest', true), REST_MS)
  }
  const answer = (action, label) => {
    const card = data.cards[own.index]
    if (!card || (action === 'change' && !label && !card.suggested)) return
    own.log.push({ item: card.item, action, label: label ?? null })
    own.picking = false
    own.index = nextOpen(own, data, own.index)
    draw()
    send()
  }
  const undo = () => {
    const last = standing(own.log).at(-1)
    if (!last) return
    own.log.push({ item: last.item, action: 'undo', label: null })
    own.index = data.cards.findIndex((card) => card.item === last.item)
    own.picking = false
    draw()
    send()
  }
  const step = (by) => {
    own.index = Math.min(data.cards.length - 1, Math.max(0, Math.min(own.index, data.cards.length) + by))
    own.picking = false
    draw()
  }
  const pick = () => {
    own.picking = true
    draw()
    root.querySelector('input')?.focus()
  }
  const acts = {
    change: () => answer('change'),
    keep: () => answer('keep'),
    exclude: () => answer('exclude'),
    other: pick,
    undo,
    back: () => step(-1),
    next: () => step(1),
    close: () => setTriggerValue('close', true),
  }

  function draw() {
    const state = { index: own.index, picking: own.picking, log: own.log.length, words: data.words, id: data.id }
    const shown = JSON.stringify(state)
    if (own.shown === shown) return
    own.shown = shown
    const inside = root.contains(root.getRootNode().activeElement)
    root.replaceChildren(...view(own, data, acts, answer))
    if (inside && !own.picking) root.focus({ preventScroll: true })
    for (const card of data.cards.slice(own.index + 1, own.index + 1 + AHEAD)) new Image().src = card.src
  }
  draw()

  root.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === 'INPUT') return
    if (event.key === 'Enter' && event.target.tagName === 'BUTTON') return
    const first = data.kind === 'outlier' ? 'keep' : 'change'
    const keys = {
      Enter: first, 1: first, 2: 'keep', k: 'keep', 3: 'other', x: 'exclude', z: 'undo',
      ArrowLeft: 'back', ArrowRight: 'next', Escape: own.picking ? 'unpick' : '',
    }
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!act) return
    event.preventDefault()
    event.stopPropagation()
    if (act === 'unpick') {
      own.picking = false
      draw()
    } else acts[act]()
  }
  // The keys work wherever nothing else has the focus. Drawing anew calls this function again: one listener stays.
  document.removeEventListener('keydown', own.anywhere)
  own.anywhere = (event) => {
    if (event.target === document.body) root.onkeydown(event)
  }
  document.addEventListener('keydown', own.anywhere)
  return () => document.removeEventListener('keydown', own.anywhere)
}

// The answers that were not taken back, in the order they were given; a later one for the same picture counts.
function standing(log) {
  const found = new Map()
  for (const entry of log) {
    found.delete(entry.item)
    if (entry.action !== 'undo') found.set(entry.item, entry)
  }
  return [...found.values()]
}

function nextOpen(own, data, from) {
  const answered = new Set(standing(own.log).map((entry) => entry.item))
  const order = [...data.cards.keys()].slice(from + 1).concat([...data.cards.keys()].slice(0, from + 1))
  const open = order.find((index) => !answered.has(data.cards[index].item))
  return open === undefined ? data.cards.length : open
}

function view(own, data, acts, answer) {
  const card = data.cards[own.index]
  const given = new Map(standing(own.log).map((entry) => [entry.item, entry]))
  const parts = [top(own, data, acts, given)]
  if (!card) return [...parts, finished(data, acts)]
  const picture = element('div', 'picture')
  const image = element('img')
  image.src = card.src
  image.alt = card.name
  image.decoding = 'sync'
  image.onload = () => {
    image.style.maxWidth = `${ENLARGED * image.naturalWidth}px`
    image.style.maxHeight = `${ENLARGED * image.naturalHeight}px`
  }
  image.onerror = () => image.replaceWith(element('div', 'missing', data.words.missing))
  picture.append(image)
  const side = element('div', 'side')
  side.append(element('h3', '', data.words.asks), sentence(data.words.tells, card))
  if (given.has(card.item)) side.append(now(given.get(card.item), card, data.words))
  side.append(own.picking ? picker(data, card, answer) : buttons(data, card, acts), examples(data, card))
  side.append(element('p', 'name', [card.name, card.part].filter(Boolean).join(' · ')))
  const body = element('div', 'body')
  body.append(picture, side)
  return [...parts, body]
}

function top(own, data, acts, given) {
  const bar = element('div', 'top')
  const count = (action) => [...given.values()].filter((entry) => entry.action === action).length
  const counts = [
    fill(data.words.seen, { done: given.size, all: data.cards.length }),
    count('change') && fill(data.words.changed, { n: count('change') }),
    count('keep') && fill(data.words.kept, { n: count('keep') }),
    count('exclude') && fill(data.words.excluded, { n: count('exclude') }),
  ]
  const words = element('span', 'counts', counts.filter(Boolean).join(' · '))
  words.setAttribute('role', 'status')
  const steps = element('span', 'steps')
  steps.append(
    button('‹', data.words.back, 'quiet step', acts.back, own.index < 1),
    button('›', data.words.next, 'quiet step', acts.next, own.index >= data.cards.length - 1),
    button(data.words.undo, '', 'quiet', acts.undo, given.size === 0, 'Z'),
    button(data.words.close, '', 'quiet', acts.close),
  )
  const track = element('div', 'track')
  const done = element('i')
  done.style.width = `${(100 * given.size) / data.cards.length}%`
  track.append(done)
  bar.append(words, steps, track)
  return bar
}

function buttons(data, card, acts) {
  const box = element('div', 'answers')
  const outlier = data.kind === 'outlier'
  if (outlier) box.append(button(data.words.belongs, '', 'main', acts.keep, false, '1'))
  else {
    box.append(button(fill(data.words.change, card), '', '', acts.change, false, '1'))
    box.append(button(fill(data.words.keep, card), '', '', acts.keep, false, '2'))
  }
  box.append(button(data.words.other, '', '', acts.other, false, '3'))
  box.append(button(data.words.exclude, '', '', acts.exclude, false, 'X'))
  return box
}

function picker(data, card, answer) {
  const box = element('div', 'picker')
  const input = element('input')
  input.placeholder = data.words.find
  input.setAttribute('aria-label', data.words.find)
  const list = element('div', 'choices')
  const offer = () => {
    const typed = input.value.trim()
    const found = data.classes.filter((name) => name !== card.given && name.toLowerCase().includes(typed.toLowerCase()))
    const choices = found.slice(0, 30).map((name) => button(name, '', '', () => answer('change', name)))
    const known = data.classes.some((name) => name.toLowerCase() === typed.toLowerCase())
    if (typed && !known) {
      choices.push(button(fill(data.words.new, { name: typed }), '', '', () => answer('change', typed)))
    }
    list.replaceChildren(...choices)
  }
  input.oninput = offer
  input.onkeydown = (event) => {
    if (event.key === 'Enter') list.querySelector('button')?.click()
    if (event.key !== 'Escape') return
    event.stopPropagation()
    box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
  }
  offer()
  box.append(input, list)
  return box
}

// Pictures of the classes in question, to compare with.
function examples(data, card) {
  const box = element('div', 'examples')
  for (const label of [card.suggested, card.given].filter(Boolean)) {
    if (!data.examples[label]?.length) continue
    const row = element('div', 'example')
    row.append(element('span', '', fill(data.words.typical, { label })))
    const strip = element('div', 'strip')
    for (const source of data.examples[label]) {
      const image = element('img')
      image.src = source
      image.alt = label
      strip.append(image)
    }
    row.append(strip)
    box.append(row)
  }
  return box
}

function finished(data, acts) {
  const box = element('div', 'finished')
  box.append(element('p', '', data.words.finished), button(data.words.close, '', 'main', acts.close))
  return box
}

function now(entry, card, words) {
  const said = { keep: fill(words.keep, card), exclude: words.exclude, change: entry.label ?? card.suggested }
  return element('p', 'now', fill(words.was, { answer: said[entry.action] }))
}

function sentence(template, card) {
  const line = element('p', 'tells')
  for (const part of template.split(/(\{\w+\})/)) {
    const name = part.match(/^\{(\w+)\}$/)?.[1]
    line.append(name ? element('strong', '', card[name] ?? '') : part)
  }
  return line
}

function button(words, label, className, act, disabled = false, key = '') {
  const made = element('button', className, words)
  made.type = 'button'
  made.disabled = disabled
  if (label) made.setAttribute('aria-label', label)
  if (key) {
    made.setAttribute('aria-keyshortcuts', key)
    made.append(element('kbd', '', key))
  }
  made.onclick = act
  return made
}
