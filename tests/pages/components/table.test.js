import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

import widget from '../../../pages/components/table/table.js'
import { begin, root } from './small_dom.js'
import { mounted } from './widget.js'

const row = (id, name, score, group = '') => ({ id, group, cells: [{ text: name }, { text: `${score} %`, value: score }] })
const DATA = {
  alt: 'Runs', choose: 'rows', sortable: true, selected: 'b', whole: false,
  columns: [{ title: 'Run', number: false }, { title: 'Right', number: true }],
  rows: [row('a', 'apple', 9), row('b', '<b>pear</b>', 100), row('c', 'cherry', 50)],
}
const show = (data = DATA) => mounted(widget, root(['div', 'scroll']), data)
const names = (table) => table.find('tbody th').map((cell) => cell.textContent)

beforeEach(begin)

test('numbers are sorted by value, the largest first, and the other way round with the second press', () => {
  const table = show()
  table.find('.sort')[1].click()
  assert.deepEqual(names(table), ['<b>pear</b>', 'cherry', 'apple'])
  table.find('.sort')[1].click()
  assert.deepEqual(names(table), ['apple', 'cherry', '<b>pear</b>'])
  assert.equal(table.find('thead th')[1].getAttribute('aria-sort'), 'ascending')
})

test('texts are sorted from A to Z, and the heading keeps the focus', () => {
  const table = show()
  table.find('.sort')[0].click()
  assert.equal(names(table)[1], 'apple', 'after "<"')
  assert.equal(document.activeElement, table.find('.sort')[0])
})

test('rows of a group stay together below its name and are sorted among themselves', () => {
  const table = show({ ...DATA, rows: [row('a', 'a', 1, 'G'), row('b', 'b', 3, 'G'), row('c', 'c', 2, 'H')] })
  table.find('.sort')[1].click()
  assert.deepEqual(names(table), ['G', 'b', 'a', 'H', 'c'])
})

test('a press on a row chooses it; the chosen row says so', () => {
  const table = show()
  assert.deepEqual(table.find('.choose').map((one) => one.getAttribute('aria-pressed')), ['false', 'true', 'false'])
  table.find('.choose')[2].click()
  assert.equal(table.last('selected'), 'c')
})

test('a cell is chosen by its own id, and only a cell that has one is a button', () => {
  const cells = [{ text: 'x' }, { text: '4', id: [0, 1], label: 'x taken for y' }]
  const table = show({ ...DATA, choose: 'cells', selected: [0, 1], rows: [{ id: '', group: '', cells }] })
  const [button, ...others] = table.find('.choose')
  assert.equal(others.length, 0)
  assert.equal(button.getAttribute('aria-label'), 'x taken for y')
  assert.equal(button.getAttribute('aria-pressed'), 'true')
  button.click()
  assert.deepEqual(table.last('selected'), [0, 1])
})

test('names are shown as they are, never as markup', () => {
  const table = show()
  assert.ok(names(table).includes('<b>pear</b>'))
  assert.equal(table.find('b').length, 0)
})

test('the same data again draws nothing anew', () => {
  const table = show()
  const before = table.find('table')[0]
  table.again(structuredClone(DATA))
  assert.equal(table.find('table')[0], before)
})
