// One button a class, with a bar as long as its share of the largest class.
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
  const element = document.createElement('button')
  element.type = 'button'
  element.dataset.id = row.id
  element.title = row.name
  const bar = part('span', 'bar', '')
  const fill = part('i', '', '')
  fill.style.width = `${Math.max(2, 100 * row.share)}%`
  bar.append(fill)
  element.append(part('span', 'name', row.name), part('span', 'number', row.number), bar)
  return element
}

function part(tag, className, content) {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = content
  return element
}
