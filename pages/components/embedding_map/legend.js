// The bar above the map and the legend beside it, which shows, hides and chooses what belongs to a name.
import { element } from '../dom.js'
import { WHOLE } from './geometry.js'
import { mark } from './marks.js'

const CLOSER = 1.6 // times closer or further away
const TOOLS = ['move', 'lasso', 'rectangle']

export function drawBar(map) {
  const { words } = map.data
  const pictures = button('pictures', words.pictures, () => ((map.pictures = !map.pictures), drawBar(map), map.draw()), true)
  pictures.setAttribute('aria-pressed', map.pictures)
  map.root.querySelector('.bar').replaceChildren(tools(map), zoom(map), pictures, ...(map.points ? [picker(map)] : []))
  map.touch()
}

function tools(map) {
  const { words } = map.data
  const group = grouped()
  for (const name of TOOLS) {
    const one = button(name, words[name], () => use(map, name))
    one.setAttribute('aria-pressed', map.tool === name)
    one.dataset.tool = name
    group.append(one)
  }
  const add = button('add', words.add, () => ((map.adding = !map.adding), drawBar(map)))
  add.setAttribute('aria-pressed', map.adding)
  group.append(add)
  return group
}

function use(map, name) {
  map.tool = name
  drawBar(map)
  map.root.querySelector(`[data-tool=${name}]`).focus()
}

function zoom(map) {
  const { words } = map.data
  const group = grouped()
  group.append(
    button('plus', words.closer, () => map.zoomBy(CLOSER)),
    button('minus', words.further, () => map.zoomBy(1 / CLOSER)),
    button('fit', words.whole, () => map.setView(WHOLE)),
  )
  return group
}

function grouped() {
  const group = element('div', 'tools')
  group.setAttribute('role', 'group')
  return group
}

function button(icon, words, act, spelled = false) {
  const made = element('button', `icon ${icon}`)
  made.type = 'button'
  made.title = words
  made.setAttribute('aria-label', words)
  made.append(element('span', 'shape'))
  if (spelled) made.append(element('span', 'word', words))
  made.onclick = act
  return made
}

function picker(map) {
  const { words } = map.data
  const label = element('label', 'colour', `${words.colour} `)
  const select = element('select')
  for (const [key, { names }] of map.points.colourings) {
    if (!names.length && !words.names[key]) continue
    const option = element('option', '', words.kinds[key])
    option.value = key
    option.selected = map.colour === key
    select.append(option)
  }
  select.onchange = () => map.colourBy(select.value)
  label.append(select)
  return label
}

export function drawLegend(map) {
  if (!map.points) return
  const counts = new Map()
  for (const code of map.codes()) counts.set(code, (counts.get(code) ?? 0) + 1)
  const sorted = [...counts.keys()].sort((a, b) => a - b)
  const rows = sorted.map((code) => entry(map, code, map.nameOf(map.colour, code), counts.get(code)))
  const hidden = map.hidden()
  const all = element('button', 'all', map.data.words.all)
  all.type = 'button'
  all.onclick = () => (hidden.clear(), drawLegend(map), map.draw())
  map.root.querySelector('.legend').replaceChildren(...rows, ...(hidden.size ? [all] : []))
}

function entry(map, code, name, count) {
  const { words } = map.data
  const show = element('button', 'show')
  show.type = 'button'
  show.setAttribute('aria-pressed', !map.hidden().has(code))
  show.title = words.filter
  show.append(swatch(map, code), element('span', 'name', name), element('span', 'number', count.toLocaleString(words.language)))
  show.onclick = (event) => {
    map.showOrHide(code, event.shiftKey || event.altKey)
    const place = [...map.root.querySelectorAll('.show')].indexOf(show)
    drawLegend(map)
    map.root.querySelectorAll('.show')[place]?.focus()
    map.draw()
  }
  const row = element('div', 'entry')
  row.append(show, button('pick', words.pick.replace('{name}', () => name), () => map.selectCode(code)))
  return row
}

function swatch(map, code) {
  const canvas = element('canvas')
  canvas.width = canvas.height = 28
  const { colour, shape } = map.look(code)
  mark(canvas.getContext('2d'), shape, 14, 9, colour)
  return canvas
}
