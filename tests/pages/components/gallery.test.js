import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

import widget from '../../../pages/components/gallery/gallery.js'
import { begin, root } from './small_dom.js'
import { mounted } from './widget.js'

const WORDS = { select: 'Select', missing: 'No preview', larger: 'Larger', close: 'Close', all: 'All', exclude: 'Exclude', undo: 'Undo', excluded: 'Excluded', why: 'Why?', keys: 'Keys', others: '' }
const tile = (id) => ({ id, src: `api/thumbnail/${id}`, caption: `<b>${id}</b>`, note: '', tone: '' })
const DATA = {
  tiles: [1, 2, 3, 4].map(tile), selectable: true, size: 112, clear: 0, selected: [], classes: [['1', 'red'], ['2', 'blue']],
  sorting: true, explained: true, done: 0, words: WORDS,
}
const show = (data = DATA) => {
  const gallery = mounted(widget, root(['div', 'keys'], ['div', 'gallery'], ['dialog', '']), data)
  return Object.assign(gallery, { picture: (index) => gallery.find('.picture')[index], dialog: gallery.find('dialog')[0] })
}
const chosen = (gallery) => gallery.last('selected')
const asked = (gallery) => (gallery.last('asked') ?? []).map(({ n: _n, ...deed }) => deed)

beforeEach(begin)

test('a click selects a picture, another lets go of it, and Shift takes all between', () => {
  const gallery = show()
  gallery.picture(0).click()
  assert.deepEqual(chosen(gallery), [1])
  gallery.picture(2).send('click', { shiftKey: true })
  assert.deepEqual(chosen(gallery), [1, 2, 3])
  gallery.picture(0).click()
  assert.deepEqual(chosen(gallery), [2, 3])
  assert.equal(gallery.picture(1).getAttribute('aria-pressed'), 'true')
})

test('arrows walk, Home and End go to the ends, and one picture is in the order of the Tab key', () => {
  const gallery = show()
  gallery.picture(0).focus()
  for (const [key, index] of [['ArrowRight', 1], ['End', 3], ['ArrowRight', 3], ['Home', 0], ['ArrowLeft', 0]]) {
    document.activeElement.send('keydown', { key })
    assert.equal(document.activeElement, gallery.picture(index), key)
  }
  assert.deepEqual(gallery.find('.picture').map((one) => one.tabIndex), [0, -1, -1, -1])
})

test('a number moves the picture in front to a class and goes to the next', () => {
  const gallery = show()
  gallery.picture(1).send('keydown', { key: '2' })
  assert.deepEqual(asked(gallery), [{ do: 'label', label: 'blue', items: [2] }])
  assert.equal(gallery.find('.stamp')[0].textContent, 'blue')
  assert.equal(document.activeElement, gallery.picture(2))
})

test('what is selected is moved together, X excludes and Z undoes', () => {
  const gallery = show()
  gallery.picture(0).click()
  gallery.picture(1).click()
  gallery.picture(1).send('keydown', { key: 'x' })
  gallery.picture(1).send('keydown', { key: 'z' })
  assert.deepEqual(asked(gallery), [{ do: 'exclude', items: [1, 2] }, { do: 'undo', items: [] }])
  assert.deepEqual(chosen(gallery), [], 'nothing is moved twice')
})

test('however fast somebody types, everything asked is numbered upwards until the page has done it', () => {
  const gallery = show()
  for (const key of ['1', '1', 'x']) document.activeElement === document.body ? gallery.picture(0).send('keydown', { key }) : document.activeElement.send('keydown', { key })
  const numbers = gallery.last('asked').map(({ n }) => n)
  assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b))
  gallery.again({ ...DATA, done: numbers[1] })
  gallery.picture(3).send('keydown', { key: 'x' })
  assert.equal(gallery.last('asked').length, 2, 'the third, and the new one')
})

test('A selects all, and lets go of all; a new number in clear lets go too', () => {
  const gallery = show()
  gallery.picture(0).send('keydown', { key: 'a' })
  assert.deepEqual(chosen(gallery), [1, 2, 3, 4])
  gallery.picture(0).send('keydown', { key: 'a' })
  assert.deepEqual(chosen(gallery), [])
  gallery.picture(0).click()
  gallery.again({ ...DATA, clear: 1 })
  assert.deepEqual(chosen(gallery), [])
})

test('a gallery that only shows has no keys for sorting, and Ctrl leaves keys to the browser', () => {
  const quiet = show({ ...DATA, sorting: false, explained: false, classes: [] })
  quiet.picture(0).send('keydown', { key: 'x' })
  assert.deepEqual(asked(quiet), [])
  const gallery = show()
  gallery.picture(0).send('keydown', { key: 'a', ctrlKey: true })
  assert.equal(chosen(gallery), undefined)
})

test('P shows a picture large, arrows go on from there, and what is asked then is about this one', () => {
  const gallery = show()
  gallery.picture(0).click()
  gallery.picture(1).send('keydown', { key: 'p' })
  assert.ok(gallery.dialog.open)
  gallery.dialog.send('keydown', { key: 'ArrowRight' })
  assert.equal(gallery.dialog.querySelector('img').src, 'api/preview/3')
  gallery.dialog.send('keydown', { key: '1' })
  assert.deepEqual(asked(gallery)[0], { do: 'label', label: 'red', items: [3] })
  gallery.dialog.send('keydown', { key: 'p' })
  assert.ok(!gallery.dialog.open)
})

test('W asks why of the picture in front, and of one only', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] })
  const gallery = show()
  gallery.picture(0).click()
  gallery.picture(2).send('keydown', { key: 'w' })
  assert.deepEqual(asked(gallery), [{ do: 'why', items: [3] }])
})

test('a picture that is gone from the page is no longer selected', () => {
  const gallery = show({ ...DATA, selected: [1, 4] })
  gallery.again({ ...DATA, tiles: [1, 2].map(tile) })
  assert.deepEqual(chosen(gallery), [1])
})

test('names are shown as they are, never as markup', () => {
  const gallery = show()
  assert.equal(gallery.find('figcaption')[0].textContent, '<b>1</b>')
  assert.equal(gallery.find('b').length, 0)
})
