// Plotly takes a touch for itself, and looks for the point under a finger by coordinates that a touch has not: the first
// tap finds nothing, the second what the first was over. Without the touch it gets the mouse events that every browser
// sends after a tap; and a finger that begins on a figure scrolls the page.
const FIGURE = '.js-plotly-plot .nsewdrag'
const keep = (event) => {
  if (event.target.closest?.(FIGURE)) event.stopPropagation()
}

export default function () {
  for (const kind of ['touchstart', 'touchmove', 'touchend']) document.addEventListener(kind, keep, true)
}
