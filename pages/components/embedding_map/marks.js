// What a point looks like: a colour and a shape a code, so that more classes than colours stay apart.
import { NONE } from './points.js'

const LIGHT = ['#2f7d4f', '#cf5f1d', '#2f66b0', '#b08c0a', '#8a4fa8', '#12908e', '#c23f5c', '#6b7f1e', '#5b6770', '#8d5a2b']
const DARK = ['#58b984', '#f0894a', '#6ba4ee', '#dcbc45', '#bd87da', '#45c2c0', '#f0728e', '#a6bf4a', '#a3afb8', '#c99763']
const SHAPES = ['circle', 'square', 'triangle', 'diamond']

// The page's own colours, and those of points upon them.
export function themeOf(root) {
  const style = getComputedStyle(root)
  const read = (name) => style.getPropertyValue(name).trim()
  const ground = read('--st-background-color')
  const dark = isDark(ground)
  return {
    text: read('--st-text-color'),
    ground,
    accent: read('--st-primary-color'),
    palette: dark ? DARK : LIGHT,
    grey: dark ? '#7d8a83' : '#8b968f',
  }
}

// The look of a code; `marks` are a colouring's own, {code: [place in the palette, shape]}.
export function lookOf(code, { palette, grey }, marks) {
  if (code === NONE) return { colour: grey, shape: 'ring' }
  const [place, shape] = marks?.[code] ?? []
  if (shape) return { colour: palette[place], shape }
  return { colour: palette[code % palette.length], shape: SHAPES[Math.floor(code / palette.length) % SHAPES.length] }
}

export function mark(pen, shape, centre, radius, colour, edge) {
  pen.beginPath()
  if (shape === 'square') pen.rect(centre - radius * 0.88, centre - radius * 0.88, radius * 1.76, radius * 1.76)
  else if (shape === 'triangle') polygon(pen, centre, radius * 1.2, 3)
  else if (shape === 'diamond') polygon(pen, centre, radius * 1.2, 4)
  else pen.arc(centre, centre, radius, 0, 7)
  pen.closePath()
  if (shape === 'ring') {
    pen.lineWidth = Math.max(1.4, radius * 0.4)
    pen.strokeStyle = colour
    return pen.stroke()
  }
  pen.fillStyle = colour
  pen.fill()
  if (edge) {
    pen.lineWidth = 0.7
    pen.strokeStyle = edge
    pen.stroke()
  }
}

function polygon(pen, centre, radius, corners) {
  for (let i = 0; i < corners; i++) {
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2
    pen.lineTo(centre + radius * Math.cos(angle), centre + radius * Math.sin(angle))
  }
}

function isDark(colour) {
  const pen = document.createElement('canvas').getContext('2d')
  pen.fillStyle = colour
  pen.fillRect(0, 0, 1, 1)
  const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data
  return 0.3 * red + 0.6 * green + 0.1 * blue < 128
}
