// Draws the tiles and keeps the selection: click, Shift+click for a range, space or enter on the keyboard.
const memory = new WeakMap()

export default function ({ parentElement, data: [data], setStateValue }) {
  const root = parentElement.querySelector('.gallery')
  const own = memory.get(parentElement) ?? { selected: new Set(), last: null, clear: data.clear, drawn: '' }
  memory.set(parentElement, own)
  root.style.setProperty('--size', `${data.size}px`)

  const report = () => setStateValue('selected', [...own.selected])
  if (own.clear !== data.clear) {
    own.clear = data.clear
    own.selected.clear()
    own.last = null
    mark()
    report()
  }

  const toggle = (index, range) => {
    const id = data.tiles[index].id
    const on = !own.selected.has(id)
    const from = range && own.last !== null ? Math.min(own.last, index) : index
    const to = range && own.last !== null ? Math.max(own.last, index) : index
    for (let i = from; i <= to; i++) on ? own.selected.add(data.tiles[i].id) : own.selected.delete(data.tiles[i].id)
    own.last = index
    mark()
    report()
  }

  function mark() {
    root.querySelectorAll('button.picture').forEach((button) => {
      button.setAttribute('aria-pressed', own.selected.has(data.tiles[button.dataset.index]?.id))
    })
  }

  // Redrawing only what changed keeps the focus and the scroll position after a click.
  const drawing = JSON.stringify([data.tiles, data.selectable, data.words])
  if (own.drawn !== drawing) {
    own.drawn = drawing
    own.last = null
    const shown = new Set(data.tiles.map((tile) => tile.id))
    const before = own.selected.size
    own.selected = new Set([...own.selected].filter((id) => shown.has(id)))
    root.replaceChildren(...data.tiles.map((tile, index) => figure(tile, index, data)))
    mark()
    if (own.selected.size !== before) report()
  }
  root.onclick = (event) => {
    const button = event.target.closest('button.picture')
    if (button) toggle(Number(button.dataset.index), event.shiftKey)
  }
}

function figure(tile, index, data) {
  const box = document.createElement('figure')
  const frame = document.createElement(data.selectable ? 'button' : 'div')
  frame.className = 'picture'
  frame.dataset.index = index
  const words = [tile.caption, tile.note].filter(Boolean).join(', ')
  if (data.selectable) {
    frame.type = 'button'
    frame.setAttribute('aria-label', `${data.words.select} ${words}`.trim())
  }
  const picture = document.createElement('img')
  picture.loading = 'lazy'
  picture.alt = data.selectable ? '' : words
  picture.onerror = () => picture.replaceWith(text('div', 'missing', data.words.missing))
  picture.src = tile.src
  frame.append(picture)
  if (data.selectable) frame.append(text('span', 'tick', ''))
  box.append(frame)
  if (words) {
    const caption = document.createElement('figcaption')
    if (tile.caption) caption.append(text('span', '', tile.caption))
    if (tile.note) caption.append(text('span', `note ${tile.tone}`, tile.note))
    caption.title = words
    box.append(caption)
  }
  return box
}

function text(tag, className, content) {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = content
  return element
}
