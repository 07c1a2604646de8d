import assert from 'node:assert/strict'
import { test } from 'node:test'

import { between, contains, kept, nearest, panned, project, roomFor, scaleOf, towards, WHOLE, zoomed } from '../../../pages/components/embedding_map/geometry.js'
import { lookOf } from '../../../pages/components/embedding_map/marks.js'
import { beginnings, idsOf, NONE, parse, percent, rangesOf, thumbnail } from '../../../pages/components/embedding_map/points.js'
import { bytesOf } from './map_bytes.js'

const SIZE = { width: 800, height: 600 }
const all = () => true

test('what the server sends is read back: places, colours, pictures and names', () => {
  const points = parse(bytesOf({ ids: [7, 8], x: [0, 65535], y: [65535, 0], classes: [0, NONE], names: ['a.png', 'ü "b".png'] }))
  assert.deepEqual([...points.ids], [7, 8])
  assert.deepEqual([...points.at], [0, 1, 1, 0])
  assert.deepEqual([...points.colourings.get('class').codes], [0, NONE])
  assert.deepEqual(points.names, ['a.png', 'ü "b".png'])
  assert.equal(thumbnail(points, 1), `api/thumbnail/${'01'.repeat(32)}`)
})

test('ids are written short and read back the same', () => {
  for (const ids of [[], [5], [1, 2, 3, 4, 9], [9, 2, 1]]) {
    assert.deepEqual(idsOf(rangesOf(new Set(ids))), [...ids].sort((a, b) => a - b))
  }
  assert.equal(rangesOf(new Set([4, 1, 2, 3, 9])), '1-4,9')
})

test('a percentage never claims a certainty that is none', () => {
  assert.deepEqual([0, 0.001, 0.5, 0.999, 1].map(percent), ['0 %', '<1 %', '50 %', '>99 %', '100 %'])
})

test('a picture that was there before glides from where it lies; a new one begins at its place', () => {
  const before = { ids: Uint32Array.of(1, 2) }
  const points = { ids: Uint32Array.of(2, 3), at: Float32Array.of(0.5, 0.5, 0.25, 0.75) }
  assert.deepEqual([...beginnings(points, before, Float32Array.of(0, 0, 1, 1))], [1, 1, 0.25, 0.75])
  assert.deepEqual([...beginnings(points, null)], [0.5, 0.5, 0.25, 0.75])
})

test('more classes than colours stay apart by shape, and no name is a ring', () => {
  const theme = { palette: ['red', 'blue'], grey: 'grey' }
  const looks = [0, 1, 2, 3].map((code) => Object.values(lookOf(code, theme)).join(' '))
  assert.equal(new Set(looks).size, 4)
  assert.deepEqual(lookOf(NONE, theme), { colour: 'grey', shape: 'ring' })
  assert.deepEqual(lookOf(1, theme, { 1: [0, 'diamond'] }), { colour: 'red', shape: 'diamond' })
})

test('what lies under the pointer stays there when it zooms', () => {
  const spot = [300, 280]
  const under = (view) => {
    const { sx, sy } = scaleOf(view, SIZE)
    return [view.x + (spot[0] - 400) / sx, view.y + (spot[1] - 300) / sy].map((value) => value.toFixed(6))
  }
  const close = zoomed({ zoom: 2, x: 0.45, y: 0.45 }, 2, spot, SIZE)
  assert.equal(close.zoom, 4)
  assert.deepEqual(under(close), under({ zoom: 2, x: 0.45, y: 0.45 }))
})

test('it never zooms further out than the whole map, nor closer than 40 times, nor leaves the map', () => {
  assert.deepEqual(zoomed({ zoom: 1.2, x: 0.9, y: 0.1 }, 0.5, [0, 0], SIZE), WHOLE)
  assert.equal(zoomed(WHOLE, 1000, [400, 300], SIZE).zoom, 40)
  const far = panned({ zoom: 4, x: 0.5, y: 0.5 }, [-1e6, 1e6], SIZE)
  assert.ok(far.x <= 1.05 && far.y >= -0.05)
  assert.deepEqual(kept(far), far)
})

test('the map is drawn along with the finger', () => {
  const { sx } = scaleOf({ zoom: 4 }, SIZE)
  const view = panned({ zoom: 4, x: 0.5, y: 0.5 }, [100, 0], SIZE)
  assert.ok(Math.abs(view.x - (0.5 - 100 / sx)) < 1e-9 && view.y === 0.5)
})

test('only points in view that are shown are drawn, and the middle of the map is the middle of the stage', () => {
  const screen = new Float32Array(6)
  const places = Float32Array.of(0.5, 0.5, 0, 0, 0.5, 0.5)
  assert.deepEqual(project(places, { zoom: 10, x: 0.5, y: 0.5 }, SIZE, screen, (i) => i !== 2), [0])
  assert.deepEqual([...screen.subarray(0, 2)], [400, 300])
})

test('a lasso holds what lies inside it, also where it bends inwards', () => {
  const bent = [[0, 0], [100, 0], [100, 100], [50, 50], [0, 100]]
  assert.ok(contains(bent, 20, 20) && contains(bent, 90, 80))
  assert.ok(!contains(bent, 50, 80) && !contains(bent, 120, 20) && !contains([], 1, 1))
})

test('a rectangle between two points holds both, whichever was first', () => {
  const screen = Float32Array.of(10, 90, 60, 20)
  for (const [a, b] of [[0, 1], [1, 0]]) {
    const path = between(screen, a, b)
    assert.ok(contains(path, 10, 90) && contains(path, 60, 20) && contains(path, 30, 50))
  }
})

test('a click takes the nearest point within reach that is shown', () => {
  const screen = Float32Array.of(0, 0, 10, 0, 100, 100)
  assert.equal(nearest(screen, [8, 0], 12, all), 1)
  assert.equal(nearest(screen, [8, 0], 12, (i) => i !== 1), 0)
  assert.equal(nearest(screen, [50, 50], 12, all), -1)
})

test('an arrow leads to the nearest point in its direction, not to one far aside', () => {
  const screen = Float32Array.of(0, 0, 40, 5, 20, 200, 90, 0)
  assert.equal(towards(screen, 0, [1, 0], all), 1)
  assert.equal(towards(screen, 0, [0, 1], all), 2)
  assert.equal(towards(screen, 0, [-1, 0], all), -1)
  assert.equal(towards(screen, 0, [1, 0], (i) => i !== 1), 3)
})

test('pictures take no room from each other; the one that is looked at comes first', () => {
  const screen = Float32Array.of(0, 0, 10, 10, 200, 200)
  assert.deepEqual(roomFor([0, 1, 2], screen, 46, 1).sort(), [1, 2])
  assert.deepEqual(roomFor([0, 1, 2], screen, 46, 0).sort(), [0, 2])
  assert.deepEqual(roomFor([0, 1, 2], screen, 46, -1), roomFor([0, 1, 2], screen, 46, -1), 'always alike')
})
