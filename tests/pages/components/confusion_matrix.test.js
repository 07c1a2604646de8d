import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

import widget from '../../../pages/components/confusion_matrix/confusion_matrix.js'
import { begin, root } from './small_dom.js'
import { mounted } from './widget.js'

const SHADES = Array.from({ length: 11 }, (_, step) => [`ground ${step}`, `ink ${step}`])
const DATA = {
  rows: [0, 1, 2], columns: [0, 1, 2], down: ['cat', '<i>dog</i>', 'owl'], across: ['cat', '<i>dog</i>', 'owl'],
  counts: [[9, 1, 0], [0, 10, 0], [0, 1, 999]], shares: [[0.9, 0.1, 0], [0, 1, 0], [0, 0.001, 0.999]],
  share: true, shades: { hit: SHADES, mistake: SHADES }, selected: null,
  words: { hit: '{true}, recognised', mistake: '{true}, taken for {predicted}', alt: 'Matrix', rows: 'True', columns: 'Answer' },
}
const show = (data = DATA) => mounted(widget, root(['div', 'scroll'], ['p', 'said']), data)
const button = (matrix, row, column) => matrix.find(`[data-at="${row},${column}"]`)[0].firstChild
const at = () => document.activeElement.closest('td').dataset.at
const key = (name) => document.activeElement.send('keydown', { key: name })

beforeEach(begin)

test('one cell is in the order of the Tab key, and arrows go to the others but not over the edge', () => {
  const matrix = show()
  assert.equal(matrix.find('td button[tabindex="0"]').length, 1)
  button(matrix, 0, 0).focus()
  for (const [name, expected] of [['ArrowRight', '0,1'], ['ArrowDown', '1,1'], ['ArrowUp', '0,1'], ['ArrowUp', '0,1'], ['End', '0,2'], ['Home', '0,0'], ['ArrowLeft', '0,0']]) {
    key(name)
    assert.equal(at(), expected, name)
  }
  assert.equal(matrix.find('td button[tabindex="0"]').length, 1)
})

test('a press chooses a cell by its classes; the same press again lets go of it', () => {
  const matrix = show()
  button(matrix, 0, 1).click()
  assert.deepEqual(matrix.last('chosen'), { cell: [0, 1] })
  assert.equal(button(matrix, 0, 1).getAttribute('aria-pressed'), 'true')
  button(matrix, 0, 1).click()
  assert.deepEqual(matrix.last('chosen'), { cell: null })
  assert.equal(matrix.find('[aria-pressed=true]').length, 0)
})

test('in a part of a matrix a cell tells the positions of its classes, not its place', () => {
  const matrix = show({ ...DATA, rows: [4, 7, 9], columns: [4, 7, 9] })
  button(matrix, 2, 1).click()
  assert.deepEqual(matrix.last('chosen'), { cell: [9, 7] })
})

test('what the page has chosen is marked, and can be reached by Tab', () => {
  const matrix = show({ ...DATA, selected: [2, 1] })
  assert.equal(button(matrix, 2, 1).getAttribute('aria-pressed'), 'true')
  assert.equal(button(matrix, 2, 1).tabIndex, 0)
})

test('a share is never rounded to nothing or to all', () => {
  const matrix = show()
  assert.equal(button(matrix, 2, 1).textContent, '<1%')
  assert.equal(button(matrix, 2, 2).textContent, '99%')
  assert.equal(button(matrix, 1, 1).textContent, '100%')
  assert.equal(button(matrix, 0, 2).textContent, '', 'an empty cell stays empty')
})

test('a single picture is seen: its shade is never that of nothing', () => {
  assert.equal(button(show(), 2, 1).style.background, 'ground 1')
})

test('the cell under the mouse is told in words, and its class and answer stand out', () => {
  const matrix = show()
  button(matrix, 0, 1).parent.send('mouseover')
  assert.equal(matrix.find('.said')[0].textContent, 'cat, taken for <i>dog</i>: 1 (10 %)')
  assert.deepEqual(matrix.find('.lit').map((one) => one.textContent), ['<i>dog</i>', 'cat'])
})

test('names are shown as they are, never as markup nor as a pattern', () => {
  const matrix = show({ ...DATA, down: ['$&', '<i>dog</i>', 'owl'], across: ['$&', '<i>dog</i>', 'owl'] })
  assert.equal(matrix.find('i').length, 0)
  assert.equal(button(matrix, 0, 0).getAttribute('aria-label'), '$&, recognised: 9')
})
