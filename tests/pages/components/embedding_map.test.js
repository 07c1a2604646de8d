import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

import { bytesOf } from './map_bytes.js'
import { begin, Element, root } from './small_dom.js'
import { mounted, until } from './widget.js'

const WORDS = {
  move: 'Move', lasso: 'Lasso', rectangle: 'Rectangle', add: 'Add', closer: '+', further: '-', whole: 'Whole', pictures: 'Pictures',
  colour: 'Colours', filter: 'Filter', pick: 'All of {name}', all: 'Show all', summary: '{n} pictures.', selected: '{n} chosen.',
  isSelected: 'chosen', corner: 'First corner.', language: 'en', kinds: { class: 'Class' }, names: {}, none: { class: 'no class' },
  title: '{class}', more: [],
}
let map, canvas, frame

// Four pictures in the corners of a map: red above, blue below.
beforeEach(async () => {
  begin()
  const pen = new Proxy({}, { get: (_, name) => (name === 'getImageData' ? () => ({ data: [255, 255, 255] }) : () => {}), set: () => true })
  Element.prototype.getContext = () => pen
  Element.prototype.setPointerCapture = () => {}
  const bytes = bytesOf({ ids: [1, 2, 3, 4], x: [0, 65535, 0, 65535], y: [0, 0, 65535, 65535], classes: [0, 0, 1, 1], names: ['1', '2', '3', '<b>4</b>'] })
  Object.assign(globalThis, {
    window: { devicePixelRatio: 1 },
    matchMedia: (query) => ({ matches: !query.includes('none') }),
    ResizeObserver: class {
      observe() {}
      disconnect() {}
    },
    requestAnimationFrame: (act) => setTimeout(() => act(performance.now()), 0),
    cancelAnimationFrame: clearTimeout,
    getComputedStyle: () => ({ getPropertyValue: () => '#fff' }),
    fetch: async () => ({ ok: true, arrayBuffer: async () => bytes }),
  })
  const { default: widget } = await import('../../../pages/components/embedding_map/embedding_map.js')
  const stage = root(['canvas', ''], ['div', 'card'])
  stage.className = 'stage'
  frame = root(['div', 'bar'], ['div', 'legend'], ['p', 'live'])
  frame.className = 'map'
  frame.append(stage)
  const parent = new Element('div')
  parent.append(frame)
  map = mounted(widget, parent, { url: '/map', clear: 0, selected: '', words: WORDS })
  ;[canvas] = map.find('canvas')
  await until(() => frame.dataset.still)
})

// Whatever is told, is told within 60 ms: a timer that begins now ends after it.
const settled = () => new Promise((done) => setTimeout(done, 80))
const press = async (...keys) => {
  for (const key of keys) canvas.send('keydown', { key })
  await settled()
}
const drag = async (path, values = {}) => {
  const at = ([clientX, clientY]) => ({ clientX, clientY, pointerId: 1, pointerType: 'mouse', ...values })
  canvas.send('pointerdown', at(path[0]))
  for (const spot of path.slice(1)) canvas.send('pointermove', at(spot))
  canvas.send('pointerup', at(path.at(-1)))
  await settled()
}
const said = () => map.find('.live')[0].textContent
const chosen = () => map.last('selected')

test('arrows walk from picture to picture, and each is read aloud', async () => {
  await press('ArrowRight')
  assert.equal(said(), 'red, 1')
  await press('ArrowRight')
  assert.equal(said(), 'red, 2')
  await press('ArrowDown')
  assert.equal(said(), 'blue, <b>4</b>')
})

test('Space chooses and lets go; Escape lets go of all', async () => {
  await press('ArrowRight', ' ')
  assert.equal(chosen(), '1')
  await press('ArrowRight', ' ')
  assert.equal(chosen(), '1-2')
  await press(' ')
  assert.equal(chosen(), '1')
  await press('Escape')
  assert.equal(chosen(), '')
})

test('C takes the whole class of the picture', async () => {
  await press('ArrowRight', 'ArrowDown', 'c')
  assert.equal(chosen(), '3-4')
})

test('R begins and ends a rectangle; Escape takes its first corner back', async () => {
  await press('ArrowRight', 'r')
  assert.equal(said(), 'First corner.')
  await press('ArrowRight', 'r')
  assert.equal(chosen(), '1-2')
  await press('r', 'Escape', 'ArrowDown', 'r')
  assert.equal(said(), 'First corner.', 'a new rectangle begins')
})

test('a key that Ctrl or Cmd is held with is left to the browser', async () => {
  canvas.send('keydown', { key: 'c', ctrlKey: true })
  await press()
  assert.equal(chosen(), undefined)
})

test('a lasso takes what lies in it; with Shift more, with Alt less', async () => {
  await drag([[0, 0], [399, 0], [399, 599], [0, 599]])
  assert.equal(chosen(), '1,3')
  await drag([[401, 0], [799, 0], [799, 200], [401, 200]], { shiftKey: true })
  assert.equal(chosen(), '1-3')
  await drag([[0, 0], [399, 0], [399, 599], [0, 599]], { altKey: true })
  assert.equal(chosen(), '2')
})

test('a click on a picture chooses it; a click beside all pictures chooses nothing', async () => {
  await drag([[400, 300]])
  assert.equal(chosen(), undefined)
  const [x, y] = [400 - 0.5 * 0.92 * 800, 300 - 0.5 * 0.92 * 600]
  await drag([[x + 4, y]])
  assert.equal(chosen(), '1')
})

test('the legend hides a class, which a lasso then leaves out, and shows all again', async () => {
  map.find('.show')[0].click()
  assert.equal(map.find('.show')[0].getAttribute('aria-pressed'), 'false')
  await drag([[0, 0], [799, 0], [799, 599], [0, 599]])
  assert.equal(chosen(), '3-4')
  map.find('.all')[0].click()
  assert.equal(map.find('.show')[0].getAttribute('aria-pressed'), 'true')
})

test('with Shift the legend shows only this class', () => {
  map.find('.show')[1].send('click', { shiftKey: true })
  assert.deepEqual(map.find('.show').map((one) => one.getAttribute('aria-pressed')), ['false', 'true'])
})

test('a new number in clear lets go of what is chosen', async () => {
  await press('ArrowRight', ' ')
  map.again({ url: '/map', clear: 1, selected: '1', words: WORDS })
  await settled()
  assert.equal(chosen(), '')
})

test('names are shown as they are, never as markup', async () => {
  await press('ArrowRight', 'ArrowRight', 'ArrowDown')
  const [card] = map.find('.card')
  assert.equal(card.hidden, false)
  assert.equal(card.querySelectorAll('b').length, 1, 'the title only')
  assert.ok(card.textContent.includes('<b>4</b>'))
})
