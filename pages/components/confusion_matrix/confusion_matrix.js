// A confusion matrix as a table in colours. One cell at a time is in the order of the Tab key; arrows go to the others.
import { element } from '../dom.js'

const memory = new WeakMap()
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }
const SHORT = 8
const FEW = 4 // columns that leave each other room for names in several lines
const ROOM = 480 // pixels

export default function ({ parentElement, data: wrapped, setTriggerValue }) {
  const data = wrapped[0]
  const root = parentElement.querySelector('.scroll')
  const said = parentElement.querySelector('.said')
  const own = memory.get(parentElement) ?? { drawn: '', cells: [], chosen: null }
  memory.set(parentElement, own)
  own.tell = setTriggerValue // another one where the page above has changed: the part it stands in is a new one then

  const { selected, ...rest } = data
  const drawing = JSON.stringify(rest)
  if (own.drawn !== drawing) {
    own.drawn = drawing
    draw()
  }
  mark(selected)

  function draw() {
    const table = element('table')
    table.setAttribute('role', 'grid')
    table.setAttribute('aria-label', data.words.alt)
    const size = Math.max(data.rows.length, data.columns.length)
    table.className = size <= 12 ? 'roomy' : size <= 20 ? 'close' : 'closest'
    table.style.setProperty('--across', data.columns.length)
    table.style.setProperty('--longest', length(data.down))
    own.cells = []
    table.append(widths(), head(), body())
    table.onkeydown = walk
    for (const kind of ['mouseover', 'focusin']) table.addEventListener(kind, (event) => tell(event.target.closest('td')))
    table.onmouseleave = () => tell(null)
    root.replaceChildren(table)
    tell(null)
  }

  function widths() {
    const group = element('colgroup')
    group.append(element('col', 'names'), ...data.columns.map(() => element('col')))
    return group
  }

  function head() {
    const titles = element('tr')
    const corner = element('th', 'corner', data.words.rows)
    corner.scope = 'col'
    titles.append(corner)
    const longest = length(data.across)
    const wraps = longest > 9 && data.across.length <= FEW && root.clientWidth >= ROOM
    const upright = longest > 3 && !wraps && (longest > 9 || data.across.length > SHORT)
    data.across.forEach((name) => {
      const cell = element('th', wraps ? 'wraps' : upright ? 'upright' : '')
      cell.scope = 'col'
      cell.title = name
      cell.append(element('span', '', name))
      titles.append(cell)
    })
    const above = element('tr')
    above.append(element('td', 'corner'))
    const answers = element('td', 'answers', data.words.columns)
    answers.colSpan = data.across.length
    above.append(answers)
    const group = element('thead')
    group.append(above, titles)
    return group
  }

  function body() {
    const group = element('tbody')
    data.rows.forEach((position, row) => {
      const line = element('tr')
      const name = element('th', '', data.down[row])
      name.scope = 'row'
      name.title = data.down[row]
      line.append(name)
      own.cells.push(data.columns.map((_other, column) => line.appendChild(field(row, column))))
      group.append(line)
    })
    return group
  }

  function field(row, column) {
    const count = data.counts[row][column]
    const share = data.shares[row][column]
    const hit = data.rows[row] === data.columns[column]
    const words = (hit ? data.words.hit : data.words.mistake)
      .replace('{true}', () => data.down[row])
      .replace('{predicted}', () => data.across[column])
    const box = element('td')
    const step = count ? Math.max(1, Math.round(10 * Math.sqrt(share))) : 0
    const [background, ink] = data.shades[hit ? 'hit' : 'mistake'][step]
    const button = element('button', '', count ? (data.share ? `${whole(share)}%` : String(count)) : '')
    button.type = 'button'
    button.tabIndex = -1
    button.style.background = background
    button.style.color = ink
    button.setAttribute('aria-label', `${words}: ${count}`)
    button.onclick = () => choose(row, column)
    box.dataset.at = `${row},${column}`
    box.dataset.words = count ? `${words}: ${count} (${whole(share)} %)` : `${words}: 0`
    box.append(button)
    return box
  }

  function choose(row, column) {
    const cell = [data.rows[row], data.columns[column]]
    const again = JSON.stringify(own.chosen) === JSON.stringify(cell)
    mark(again ? null : cell)
    own.tell('chosen', { cell: again ? null : cell })
  }

  // Shown at once, before the server has heard of it.
  function mark(cell) {
    own.chosen = cell
    root.querySelectorAll('[aria-pressed=true]').forEach((one) => one.removeAttribute('aria-pressed'))
    const row = cell ? data.rows.indexOf(cell[0]) : -1
    const column = cell ? data.columns.indexOf(cell[1]) : -1
    const button = own.cells[row]?.[column]?.firstChild
    if (button) button.setAttribute('aria-pressed', 'true')
    if (!root.querySelector('td button[tabindex="0"]') || button) reach(button ?? own.cells[0]?.[0]?.firstChild)
  }

  function reach(button) {
    root.querySelectorAll('td button[tabindex="0"]').forEach((one) => (one.tabIndex = -1))
    if (button) button.tabIndex = 0
  }

  function walk(event) {
    const at = event.target.closest('td')?.dataset.at?.split(',').map(Number)
    const edge = { Home: 0, End: data.columns.length - 1 }[event.key]
    const step = ARROWS[event.key] ?? (edge === undefined ? null : [0, edge - at?.[1]])
    if (!step || !at) return
    event.preventDefault()
    const next = own.cells[at[0] + step[0]]?.[at[1] + step[1]]?.firstChild
    if (!next) return
    reach(next)
    next.focus()
  }

  // What is under the mouse or has the focus, in words; its class and its answer stand out.
  function tell(box) {
    const at = box?.dataset.at?.split(',').map(Number)
    said.textContent = at ? box.dataset.words : '\u00a0'
    root.querySelectorAll('.lit').forEach((one) => one.classList.remove('lit'))
    if (!at) return
    root.querySelectorAll('tbody th')[at[0]].classList.add('lit')
    root.querySelectorAll('thead th')[at[1] + 1].classList.add('lit')
  }
}

function length(names) {
  return Math.max(...names.map((name) => name.length))
}

// Never rounded to nothing or to all.
function whole(share) {
  const rounded = Math.round(100 * share)
  if (rounded === 100 && share < 1) return 99
  return rounded === 0 && share > 0 ? '<1' : rounded
}
