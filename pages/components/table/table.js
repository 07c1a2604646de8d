// A table of plain text: sortable columns, and rows or cells that can be chosen by mouse, finger or keyboard.
import { element } from '../dom.js'

const memory = new WeakMap()

export default function ({ parentElement, data: wrapped, setStateValue }) {
  const data = wrapped[0]
  const root = parentElement.querySelector('.scroll')
  const own = memory.get(parentElement) ?? { drawn: '', sort: null, down: false }
  memory.set(parentElement, own)
  own.set = setStateValue // another one where the page above has changed

  const drawing = JSON.stringify(data)
  if (own.drawn !== drawing) {
    own.drawn = drawing
    draw()
  }

  function draw() {
    const table = element('table')
    table.setAttribute('aria-label', data.alt)
    table.append(head(), body())
    root.classList.toggle('whole', data.whole)
    root.replaceChildren(table)
  }

  function head() {
    const row = element('tr')
    data.columns.forEach((column, index) => {
      const cell = element('th', column.number ? 'number' : '')
      cell.scope = 'col'
      if (column.help) cell.title = column.help
      if (!data.sortable) {
        cell.textContent = column.title
      } else {
        const button = element('button', 'sort', column.title)
        button.type = 'button'
        if (own.sort === index) cell.setAttribute('aria-sort', own.down ? 'descending' : 'ascending')
        button.onclick = () => {
          own.down = own.sort === index ? !own.down : Boolean(column.number)
          own.sort = index
          draw()
          root.querySelectorAll('button.sort')[index].focus()
        }
        cell.append(button)
      }
      row.append(cell)
    })
    const group = element('thead')
    group.append(row)
    return group
  }

  function body() {
    const group = element('tbody')
    let group_name = ''
    sorted().forEach((row) => {
      if (row.group && row.group !== group_name) group.append(heading(row.group))
      group_name = row.group
      const line = element('tr')
      const chosen = data.choose === 'rows' && row.id === data.selected
      if (data.choose === 'rows') line.className = chosen ? 'choosable chosen' : 'choosable'
      row.cells.forEach((cell, index) => line.append(field(row, cell, index, chosen)))
      if (data.choose === 'rows') line.onclick = () => own.set('selected', row.id)
      group.append(line)
    })
    return group
  }

  function heading(name) {
    const line = element('tr', 'group')
    const cell = element('th')
    cell.append(element('span', '', name))
    cell.colSpan = data.columns.length
    cell.scope = 'rowgroup'
    line.append(cell)
    return line
  }

  function field(row, cell, index, chosen) {
    const box = element(index ? 'td' : 'th', data.columns[index].number ? 'number' : '')
    if (!index) box.scope = 'row'
    const choosable = data.choose === 'rows' ? !index : data.choose === 'cells' && cell.id !== undefined
    if (!choosable) {
      box.textContent = cell.text
      return box
    }
    const button = element('button', 'choose', cell.text)
    button.type = 'button'
    if (cell.label) button.setAttribute('aria-label', cell.label)
    const pressed = data.choose === 'rows' ? chosen : JSON.stringify(cell.id) === JSON.stringify(data.selected)
    button.setAttribute('aria-pressed', pressed)
    if (data.choose === 'cells') button.onclick = () => own.set('selected', cell.id)
    box.append(button)
    return box
  }

  function sorted() {
    if (own.sort === null) return data.rows
    const value = (row) => row.cells[own.sort].value ?? row.cells[own.sort].text
    const compare = (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b)))
    const place = Object.fromEntries([...new Set(data.rows.map((row) => row.group))].map((name, index) => [name, index]))
    const within = (a, b) => (own.down ? -1 : 1) * compare(value(a), value(b))
    return [...data.rows].sort((a, b) => place[a.group] - place[b.group] || within(a, b))
  }
}
