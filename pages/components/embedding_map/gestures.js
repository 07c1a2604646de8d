// Mouse and finger: a click chooses, a drag moves the map or draws around points, two fingers and the wheel zoom.
import { panned, zoomed } from './geometry.js'

const STILL = 5 // CSS pixels within which a press is a click
const REACH = { mouse: 12, touch: 24 } // CSS pixels around a point that mean it

export class Gestures {
  constructor(map) {
    this.map = map
    this.pointers = new Map()
    const { canvas } = map
    canvas.onpointerdown = (event) => this.down(event)
    canvas.onpointermove = (event) => this.move(event)
    canvas.onpointerup = canvas.onpointercancel = (event) => this.up(event)
    canvas.onpointerleave = () => map.hover(-1)
    canvas.ondblclick = (event) => map.zoomBy(event.shiftKey ? 0.5 : 2, this.spot(event))
    canvas.addEventListener('wheel', (event) => this.wheel(event), { passive: false })
  }

  spot(event) {
    const box = this.map.canvas.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  down(event) {
    const { map } = this
    if (!map.points) return
    map.canvas.setPointerCapture(event.pointerId)
    this.pointers.set(event.pointerId, this.spot(event))
    this.begin = { at: this.spot(event), moved: false, pan: map.tool === 'move' || event.button === 1, view: { ...map.view } }
    map.path = null
    if (this.pointers.size === 2) this.pinch = { ...this.fingers(), view: { ...map.view } }
    if (event.button === 1) event.preventDefault()
  }

  move(event) {
    const { map } = this
    const [x, y] = this.spot(event)
    if (!map.points) return
    if (!this.pointers.has(event.pointerId)) return map.hover(map.hit([x, y], REACH.mouse), x, y)
    this.pointers.set(event.pointerId, [x, y])
    if (this.pinch) return this.pointers.size === 2 && this.stretch()
    const [fromX, fromY] = this.begin.at
    if (!this.begin.moved && Math.hypot(x - fromX, y - fromY) < STILL) return
    this.begin.moved = true
    map.hover(-1)
    if (this.begin.pan) map.setView(panned(this.begin.view, [x - fromX, y - fromY], map.size()))
    else if (map.tool === 'rectangle') map.path = [[fromX, fromY], [x, fromY], [x, y], [fromX, y]]
    else map.path = [...(map.path ?? [this.begin.at]), [x, y]]
    map.draw()
  }

  up(event) {
    const { map } = this
    if (!this.pointers.delete(event.pointerId)) return
    if (this.pinch) {
      if (!this.pointers.size) this.pinch = null
      return
    }
    const path = map.path
    map.path = null
    if (event.type === 'pointercancel') return map.draw()
    if (path) return map.takePath(path, event)
    if (!this.begin.moved && event.button !== 1) this.press(event)
  }

  press(event) {
    const { map } = this
    const touch = event.pointerType !== 'mouse'
    const i = map.hit(this.spot(event), touch ? REACH.touch : REACH.mouse)
    if (i < 0) return map.hover(-1)
    if (touch) map.hover(i, ...this.spot(event))
    map.toggle(i)
  }

  fingers() {
    const [[ax, ay], [bx, by]] = [...this.pointers.values()]
    return { distance: Math.hypot(ax - bx, ay - by) || 1, middle: [(ax + bx) / 2, (ay + by) / 2] }
  }

  stretch() {
    const { map, pinch } = this
    const { distance, middle } = this.fingers()
    const closer = zoomed(pinch.view, distance / pinch.distance, pinch.middle, map.size())
    map.setView(panned(closer, [middle[0] - pinch.middle[0], middle[1] - pinch.middle[1]], map.size()))
  }

  wheel(event) {
    const { map } = this
    if (!map.points || (event.deltaY > 0 && map.view.zoom <= 1)) return // at the whole map the page scrolls on
    event.preventDefault()
    map.zoomBy(2 ** (-event.deltaY / (event.deltaMode ? 8 : 240)), this.spot(event))
  }
}
