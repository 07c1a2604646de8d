// Scrolls to what was asked for, where it is out of view; never when a page is opened, and never against a hand.
const HEADER = 68 // the navigation lies over the top of the page, in CSS pixels
const EDGE = 16
const LOOK_MS = 60
const PATIENCE = 50 // looks
const GROWING_MS = 60000 // an answer that is still being worked out takes more room when it is there
const seen = new Map()
let moved = 0
for (const kind of ['wheel', 'touchmove', 'keydown', 'pointerdown']) {
  addEventListener(kind, () => (moved = performance.now()), { capture: true, passive: true })
}

export default function ({ data: [{ target, asked }] }) {
  const before = seen.get(target) ?? asked
  seen.set(target, asked)
  if (asked > before) bring(target, performance.now(), PATIENCE)
}

// What is drawn may still grow: it is looked at until it has the same height twice.
function bring(target, since, looks, height = -1) {
  if (moved > since || !looks) return
  const box = document.querySelector(`.st-key-${CSS.escape(target)}`)
  if (box && box.offsetHeight === height) return stay(box, since)
  setTimeout(() => bring(target, since, looks - 1, box ? box.offsetHeight : -1), LOOK_MS)
}

function stay(box, since) {
  const watch = new ResizeObserver(() => (moved > since ? watch.disconnect() : show(box)))
  watch.observe(box) // reports once at the beginning
  setTimeout(() => watch.disconnect(), GROWING_MS)
}

function show(box) {
  const { top, bottom, height } = box.getBoundingClientRect()
  const room = innerHeight - HEADER - 2 * EDGE
  const visible = Math.min(bottom, innerHeight) - Math.max(top, HEADER)
  if (visible >= Math.min(height, room) - 1) return
  box.style.scrollMargin = `${HEADER + EDGE}px 0 ${EDGE}px`
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
  box.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: height > room ? 'start' : 'nearest' })
}
