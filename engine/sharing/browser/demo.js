// A classifier in one file: nothing is fetched, no picture leaves this page.
const text = (id) => document.getElementById(id).textContent
const about = JSON.parse(text('about'))
const words = JSON.parse(text('words'))
const bytes = (id) => Uint8Array.from(atob(text(id)), (letter) => letter.charCodeAt(0))
const opened = async (id) => {
  const stream = new Blob([bytes(id)]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
const size = about.input.shape[1]
const MOST_PIXELS = 16e6
const percent = new Intl.NumberFormat(document.documentElement.lang, { style: 'percent', maximumFractionDigits: 1 })

let session = null
let runtime = null

async function start() {
  runtime = await import(`data:text/javascript;base64,${text('runtime')}`)
  runtime.env.wasm.wasmBinary = await opened('wasm')
  runtime.env.wasm.numThreads = 1
  session = await runtime.InferenceSession.create(await opened('model'), { executionProviders: ['wasm'] })
}

// As Pillow resizes with BILINEAR: a triangle as wide as the pictures differ, across first, then down, rounded between.
function weights(from, to, start, length) {
  const scale = length / to
  const wide = Math.max(1, scale)
  return Array.from({ length: to }, (_, x) => {
    const centre = start + (x + 0.5) * scale
    const first = Math.max(0, Math.trunc(centre - wide + 0.5))
    const last = Math.min(from, Math.trunc(centre + wide + 0.5))
    const own = Array.from({ length: last - first }, (_own, i) =>
      Math.max(0, 1 - Math.abs((i + first - centre + 0.5) / wide))
    )
    const sum = own.reduce((a, b) => a + b, 0)
    return { first, own: own.map((w) => w / sum) }
  })
}

function resized(image, width, height, box) {
  const across = weights(image.width, width, box.x, box.width)
  const down = weights(image.height, height, box.y, box.height)
  const between = new Uint8ClampedArray(width * image.height * 3)
  for (let y = 0; y < image.height; y++)
    across.forEach(({ first, own }, x) => {
      for (let c = 0; c < 3; c++) {
        let sum = 0
        for (let i = 0; i < own.length; i++) sum += own[i] * image.data[(y * image.width + first + i) * 4 + c]
        between[(y * width + x) * 3 + c] = sum
      }
    })
  const made = new Uint8ClampedArray(width * height * 3)
  down.forEach(({ first, own }, y) => {
    for (let at = 0; at < width * 3; at++) {
      let sum = 0
      for (let i = 0; i < own.length; i++) sum += own[i] * between[(first + i) * width * 3 + at]
      made[y * width * 3 + at] = sum
    }
  })
  return made
}

function cropped(image) {
  const side = Math.min(image.width, image.height)
  const box = { x: (image.width - side) / 2, y: (image.height - side) / 2, width: side, height: side }
  return resized(image, size, size, box)
}

function letterboxed(image) {
  const scale = size / Math.max(image.width, image.height)
  const width = Math.max(1, Math.round(image.width * scale))
  const height = Math.max(1, Math.round(image.height * scale))
  const small = resized(image, width, height, { x: 0, y: 0, width: image.width, height: image.height })
  const left = Math.floor((size - width) / 2)
  const top = Math.floor((size - height) / 2)
  const ground = [0, 1, 2].map((c) => median(border(small, width, height, c)))
  const made = Uint8ClampedArray.from({ length: size * size * 3 }, (_, at) => ground[at % 3])
  for (let y = 0; y < height; y++)
    made.set(small.subarray(y * width * 3, (y + 1) * width * 3), ((top + y) * size + left) * 3)
  return made
}

function border(small, width, height, c) {
  const found = []
  for (let x = 0; x < width; x++) found.push(small[x * 3 + c], small[((height - 1) * width + x) * 3 + c])
  for (let y = 0; y < height; y++) found.push(small[y * width * 3 + c], small[(y * width + width - 1) * 3 + c])
  return found
}

function median(values) {
  const sorted = values.sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return Math.floor(sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2)
}

function fitted(image) {
  if (about.input.fit === 'crop') return cropped(image)
  if (about.input.fit === 'letterbox') return letterboxed(image)
  return resized(image, size, size, { x: 0, y: 0, width: image.width, height: image.height })
}

function pixelsOf(source, width, height) {
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(width * scale))
  canvas.height = Math.max(1, Math.round(height * scale))
  const pen = canvas.getContext('2d', { willReadFrequently: true })
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.drawImage(source, 0, 0, canvas.width, canvas.height)
  return pen.getImageData(0, 0, canvas.width, canvas.height)
}

async function probabilities(image) {
  const [low, high] = about.input.range
  const input = Float32Array.from(fitted(image), (value) => low + (value * (high - low)) / 255)
  const tensor = new runtime.Tensor('float32', input, [1, size, size, 3])
  const found = await session.run({ [about.input.name]: tensor })
  const row = Array.from(found[about.output.name].data)
  return row.length === 1 ? [1 - row[0], row[0]] : row
}

async function decoded(blob) {
  const how = { imageOrientation: 'from-image', colorSpaceConversion: 'none' }
  const bitmap = await createImageBitmap(blob, how)
  return pixelsOf(bitmap, bitmap.width, bitmap.height)
}

// What it answers: several classes, one, or none because it is not sure enough.
function answersOf(row) {
  const names = about.class_names
  if (about.thresholds) return names.filter((name, i) => row[i] >= about.thresholds[name])
  const limits = names.map((name) => about.class_thresholds[name] ?? Infinity)
  const largest = (values) => values.indexOf(Math.max(...values))
  const above = row.map((p, i) => p / limits[i])
  if (Math.max(...above) >= 1) return [names[largest(above)]]
  // Below its own threshold a class is no answer, unless every class has one.
  const all = limits.every(Number.isFinite)
  const best = largest(all ? above : row.map((p, i) => (limits[i] === Infinity ? p : -1)))
  return row[best] >= about.answer_from ? [names[best]] : []
}

const part = (tag, className, content = '') => {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = content
  return made
}

function show(row) {
  const answers = answersOf(row)
  const nothing = about.thresholds ? words.none : words.unsure
  document.getElementById('answer').textContent = answers.join(', ') || nothing
  const order = row.map((p, i) => [p, about.class_names[i]]).sort((a, b) => b[0] - a[0])
  const bars = order.slice(0, 10).map(([p, name]) => {
    const line = part('li', answers.includes(name) ? 'said' : '')
    const bar = part('i', '')
    bar.style.width = `${100 * p}%`
    const ground = part('span', 'bar')
    ground.append(bar)
    line.append(part('span', 'name', name), ground, part('span', 'share', percent.format(p)))
    return line
  })
  document.getElementById('bars').replaceChildren(...bars)
}

const say = (sentence) => {
  document.getElementById('state').textContent = sentence
}

async function take(blob) {
  stopCamera()
  const picture = document.getElementById('picture')
  URL.revokeObjectURL(picture.src)
  picture.src = URL.createObjectURL(blob)
  picture.hidden = false
  try {
    show(await probabilities(await decoded(blob)))
    say('')
  } catch {
    document.getElementById('answer').textContent = ''
    document.getElementById('bars').replaceChildren()
    picture.hidden = true
    say(words.unreadable)
  }
}

const video = document.getElementById('video')

async function camera() {
  if (video.srcObject) return stopCamera()
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
  } catch {
    return say(words.nocamera)
  }
  say('')
  document.getElementById('picture').hidden = true
  video.hidden = false
  await video.play()
  return look()
}

async function look() {
  if (!video.srcObject) return
  if (video.videoWidth) show(await probabilities(pixelsOf(video, video.videoWidth, video.videoHeight)))
  setTimeout(look, 200)
}

function stopCamera() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop()
  video.srcObject = null
  video.hidden = true
}

const zone = document.getElementById('zone')
document.getElementById('file').addEventListener('change', (event) => event.target.files[0] && take(event.target.files[0]))
document.getElementById('camera').addEventListener('click', camera)
addEventListener('dragover', (event) => event.preventDefault())
addEventListener('drop', (event) => {
  event.preventDefault()
  if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0])
})
addEventListener('paste', (event) => event.clipboardData.files[0] && take(event.clipboardData.files[0]))

say(words.starting)
start().then(
  () => {
    say('')
    zone.classList.add('ready')
    for (const control of zone.querySelectorAll('input, button')) control.disabled = false
    // For whoever builds on this page: the probabilities of a picture, in the order of the classes.
    globalThis.graft = { about, probabilities: async (blob) => probabilities(await decoded(blob)), answersOf }
  },
  () => say(words.broken)
)
