// Draws the map: points, pictures where there is room, the ring around what is looked at, and the lasso.
import { project, roomFor } from './geometry.js'
import { lookOf, mark } from './marks.js'
import { thumbnail } from './points.js'

const THUMB = 46 // CSS pixels of a picture on the map
const FEW = 60 // with fewer points than this in view, pictures take the place of points
const MOST_SPRITES = 400
const MOST_IMAGES = 1500

export class Painter {
  constructor(map) {
    this.map = map
    this.pen = map.canvas.getContext('2d')
    this.images = new Map() // by number of a point
    this.sprites = new Map() // points drawn once, by look
    this.rects = [] // [point, left, top, width, height] of the pictures that are drawn
  }

  forgetLooks() {
    this.sprites.clear()
  }

  // The point whose picture lies at x, y, the uppermost one; else -1.
  pictureAt(x, y) {
    const rect = this.rects.findLast(([, left, top, w, h]) => x >= left && y >= top && x <= left + w && y <= top + h)
    return rect ? rect[0] : -1
  }

  paint() {
    const { map, pen } = this
    const { points } = map
    const { width, height } = map.size()
    this.fit(width, height)
    pen.clearRect(0, 0, width, height)
    if (!points || !width) return
    const inView = project(map.now, map.view, { width, height }, map.screen, (i) => map.isShown(i))
    // Where codes have marks of their own the last ones, mistakes, matter most: they lie on top.
    if (points.colourings.get(map.colour).marks) inView.sort((a, b) => map.codes()[a] - map.codes()[b])
    const radius = this.radius()
    this.rects = []
    this.paintPoints(inView, radius)
    if (map.pictures || inView.length <= FEW) this.paintPictures(inView)
    this.paintCursor(radius)
    this.paintLasso()
    map.canvas.setAttribute('aria-label', map.summary())
  }

  fit(width, height) {
    const { canvas } = this.map
    const dots = window.devicePixelRatio || 1
    if (canvas.width !== Math.round(width * dots) || canvas.height !== Math.round(height * dots)) {
      canvas.width = Math.round(width * dots)
      canvas.height = Math.round(height * dots)
    }
    this.pen.setTransform(dots, 0, 0, dots, 0, 0)
    this.dots = dots
  }

  radius() {
    const { points, view } = this.map
    const base = points.count < 400 ? 5 : points.count < 5000 ? 3.6 : 2.6
    return Math.min(8, base * view.zoom ** 0.35)
  }

  paintPoints(inView, radius) {
    const { map, pen, dots } = this
    const many = map.selected.size > 0
    for (const chosen of [false, true]) {
      pen.globalAlpha = !chosen && many ? 0.3 : 0.9
      for (const i of inView) {
        if (map.isChosen(i) !== chosen) continue
        const image = this.sprite(map.codes()[i], radius, chosen)
        const size = image.width / dots
        pen.drawImage(image, map.screen[2 * i] - size / 2, map.screen[2 * i + 1] - size / 2, size, size)
      }
    }
    pen.globalAlpha = 1
  }

  look(code) {
    const { points, colour, theme } = this.map
    return lookOf(code, theme, points.colourings.get(colour).marks)
  }

  sprite(code, radius, chosen) {
    const { dots, sprites } = this
    const { theme } = this.map
    const key = `${code}-${radius.toFixed(1)}-${chosen}-${dots}`
    if (!sprites.has(key)) {
      if (sprites.size > MOST_SPRITES) sprites.clear()
      const size = Math.ceil((2 * radius + 6) * dots)
      const canvas = Object.assign(document.createElement('canvas'), { width: size, height: size })
      const pen = canvas.getContext('2d')
      pen.scale(dots, dots)
      const { colour, shape } = this.look(code)
      if (chosen) mark(pen, shape, size / dots / 2, radius + 2.4, theme.text)
      mark(pen, shape, size / dots / 2, chosen ? radius + 0.6 : radius, colour, theme.ground)
      sprites.set(key, canvas)
    }
    return sprites.get(key)
  }

  paintPictures(inView) {
    const { map } = this
    for (const i of roomFor(inView, map.screen, THUMB, map.cursor)) {
      const image = this.image(i)
      if (image.complete && image.naturalWidth) this.paintPicture(i, image)
    }
    this.pen.globalAlpha = 1
  }

  paintPicture(i, image) {
    const { map, pen } = this
    const fit = (THUMB - 8) / Math.max(image.naturalWidth, image.naturalHeight)
    const [w, h] = [image.naturalWidth * fit, image.naturalHeight * fit]
    const [x, y] = [map.screen[2 * i] - w / 2, map.screen[2 * i + 1] - h / 2]
    const chosen = map.isChosen(i)
    const edge = chosen ? 4 : 2
    pen.fillStyle = map.theme.ground
    pen.fillRect(x - edge, y - edge, w + 2 * edge, h + 2 * edge)
    pen.globalAlpha = !chosen && map.selected.size ? 0.55 : 1
    pen.fillStyle = chosen ? map.theme.text : this.look(map.codes()[i]).colour
    pen.fillRect(x - edge, y - edge, w + 2 * edge, h + 2 * edge)
    pen.drawImage(image, x, y, w, h)
    pen.globalAlpha = 1
    this.rects.push([i, x, y, w, h])
  }

  image(i) {
    const { images } = this
    const { points } = this.map
    if (!images.has(i) || images.get(i).of !== points.ids[i]) {
      const image = new Image()
      image.of = points.ids[i]
      image.onload = () => this.map.draw()
      image.src = thumbnail(points, i)
      images.set(i, image)
      if (images.size > MOST_IMAGES) images.delete(images.keys().next().value)
    }
    return images.get(i)
  }

  paintCursor(radius) {
    const { map, pen } = this
    const at = map.cursor >= 0 ? map.cursor : map.hovered
    if (at < 0 || !map.isShown(at)) return
    pen.beginPath()
    pen.arc(map.screen[2 * at], map.screen[2 * at + 1], radius + 5, 0, 7)
    pen.lineWidth = 2
    pen.strokeStyle = map.theme.text
    pen.stroke()
  }

  paintLasso() {
    const { pen } = this
    const { path, theme } = this.map
    if (!path || path.length < 2) return
    pen.beginPath()
    path.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)))
    pen.closePath()
    pen.globalAlpha = 0.14
    pen.fillStyle = theme.accent
    pen.fill()
    pen.globalAlpha = 1
    pen.lineWidth = 1.5
    pen.strokeStyle = theme.accent
    pen.setLineDash([5, 4])
    pen.stroke()
    pen.setLineDash([])
  }
}
