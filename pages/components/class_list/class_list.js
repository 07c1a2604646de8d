// One button a class, with a bar as long as its share of the largest class.
import { element } from '../dom.js'

export default function ({ parentElement, data: [data], setStateValue }) {
  const list = parentElement.querySelector('.list')
  list.setAttribute('aria-label', data.title)
  const rows = JSON.stringify(data.rows)
  if (list.dataset.rows !== rows) {
    list.dataset.rows = rows
    list.replaceChildren(...data.rows.map(button))
  }
  const mark = (chosen) => {
    for (const each of list.children) each.setAttribute('aria-pressed', each.dataset.id === chosen)
  }
  mark(data.chosen)
  list.onclick = (event) => {
    const chosen = event.target.closest('button')?.dataset.id
    if (chosen === undefined) return
    mark(chosen)
    setStateValue('chosen', chosen)
  }
}

function button(row) {
  const made = element('button')
  made.type = 'button'
  made.dataset.id = row.id
  made.title = row.name
  const bar = element('span', 'bar', '')
  const fill = element('i', '', '')
  fill.style.width = `${Math.max(2, 100 * row.share)}%`
  bar.append(fill)
  made.append(element('span', 'name', row.name), element('span', 'number', row.number), bar)
  return made
}
