// Collects files (dropped, chosen, pasted, or frames of the webcam) and sends them, a few at a time, to data.url.
import { fill } from '../dom.js'

const PARALLEL = 4
const FRAME_MS = 125
const MAX_FRAMES = 600
const zones = new WeakMap()

export default function (component) {
  const zone = zones.get(component.parentElement) ?? new Zone(component.parentElement)
  zones.set(component.parentElement, zone)
  zone.update(component)
  return () => {
    zone.forget()
    zone.closeCamera()
    zone.abort()
    zones.delete(component.parentElement)
  }
}

const ICON =
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M12 15V4m0 0L7.5 8.5M12 4l4.5 4.5M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3"/></svg>'

const MARKUP = `
  <div class="icon">${ICON}</div>
  <div class="headline"></div>
  <div class="hint"></div>
  <div class="buttons start">
    <button type="button" class="files main"></button>
    <button type="button" class="folder"></button>
    <button type="button" class="open-camera"></button>
    <input type="file" class="pick-files" multiple hidden>
    <input type="file" class="pick-folder" webkitdirectory multiple hidden>
  </div>
  <div class="camera" hidden>
    <video autoplay playsinline muted></video>
    <div class="buttons">
      <button type="button" class="hold main"></button>
      <button type="button" class="one"></button>
      <button type="button" class="close"></button>
    </div>
  </div>
  <div class="progress" hidden>
    <div class="sending"></div>
    <progress max="1" value="0"></progress>
    <button type="button" class="cancel"></button>
  </div>
  <div class="message" role="status" aria-live="polite"></div>`

class Zone {
  constructor(parent) {
    this.root = parent.querySelector('.zone')
    // eslint-disable-next-line no-restricted-syntax -- the constant above, without a word that anybody typed
    this.root.innerHTML = MARKUP
    this.requests = new Set()
    this.frames = []
    this.waiting = [] // batches that came while another was on its way
    this.part = (name) => this.root.querySelector(name)
    this.wire()
  }

  update({ data: [data], setTriggerValue }) {
    const { words } = data
    this.data = data
    this.trigger = setTriggerValue
    this.root.classList.toggle('compact', data.compact)
    this.root.classList.toggle('quiet', data.quiet)
    this.root.setAttribute('role', 'group')
    this.root.setAttribute('aria-label', words.headline)
    const texts = { headline: 'headline', hint: 'hint', files: 'files', folder: 'folder', 'open-camera': 'camera' }
    Object.assign(texts, { one: 'one', close: 'close', cancel: 'cancel' })
    for (const [name, word] of Object.entries(texts)) this.part(`.${name}`).textContent = words[word]
    if (!this.recording) this.part('.hold').textContent = words.hold
    this.part('.hint').hidden = !words.hint
    this.part('.folder').hidden = !words.folder
    this.part('.open-camera').hidden = !data.webcam || Boolean(this.stream)
    if (this.finished && !data.busy) {
      this.finished = false
      this.say('')
    }
    this.sendNext()
  }

  wire() {
    const zone = this.root
    zone.ondragover = (event) => {
      event.preventDefault()
      zone.classList.add('over')
    }
    zone.ondragleave = (event) => zone.contains(event.relatedTarget) || zone.classList.remove('over')
    zone.ondrop = (event) => this.drop(event)
    for (const kind of ['files', 'folder']) {
      const input = this.part(`.pick-${kind}`)
      this.part(`.${kind}`).onclick = () => input.click()
      input.onchange = () => {
        const chosen = [...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name }))
        input.value = ''
        this.send(chosen)
      }
    }
    this.part('.cancel').onclick = () => this.cancel()
    this.wireCamera()
    const paste = (event) => this.paste(event)
    document.addEventListener('paste', paste)
    this.forget = () => document.removeEventListener('paste', paste)
  }

  say(text, bad = false) {
    this.part('.message').textContent = text
    this.part('.message').classList.toggle('bad', bad)
  }

  // dropped files and folders

  async drop(event) {
    event.preventDefault()
    this.root.classList.remove('over')
    // Entries must be asked for before the first await: the list of items is empty afterwards.
    const items = [...event.dataTransfer.items].filter((item) => item.kind === 'file')
    const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile())
    const found = []
    for (const entry of entries) await this.walk(entry, '', found)
    this.send(found)
  }

  async walk(entry, path, found) {
    if (!entry) return
    if (entry instanceof File) return found.push({ file: entry, name: entry.name })
    if (entry.isFile) {
      const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)))
      if (file) found.push({ file, name: path + file.name })
      if (found.length % 200 === 0) this.say(fill(this.data.words.reading, { n: found.length }))
      return
    }
    const reader = entry.createReader()
    for (;;) {
      // A reader hands out at most 100 entries at a time.
      const batch = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])))
      if (!batch.length) return
      for (const child of batch) await this.walk(child, `${path}${entry.name}/`, found)
    }
  }

  // pasted files and screenshots

  paste(event) {
    const files = [...(event.clipboardData?.files ?? [])]
    if (!files.length || event.defaultPrevented || !this.isMeant(event)) return
    event.preventDefault()
    const when = stamp()
    // Browsers call every picture on the clipboard image.png; copied files keep the names they have.
    const name = (file, index) =>
      /^image\.\w+$/.test(file.name) ? `pasted-${when}-${index + 1}.${file.name.split('.').pop()}` : file.name
    this.send(files.map((file, index) => ({ file, name: name(file, index) })))
  }

  // A large zone takes what is pasted anywhere on the page; a box of one class only what is pasted over it.
  isMeant(event) {
    const target = event.composedPath()[0]
    if (target?.closest?.('input, textarea, [contenteditable]')) return false
    return this.root.matches(':hover, :focus-within') || (!this.data.compact && this.root.offsetParent !== null)
  }

  // sending

  async send(files) {
    if (!files.length) return this.say(this.data.words.nothing, true)
    this.waiting.push(files)
    this.sendNext()
  }

  // A ticket is for one batch: the next goes when the page has brought a new one.
  sendNext() {
    if (this.sending || !this.waiting.length || this.data.url === this.used) return
    this.sendBatch(this.waiting.shift())
  }

  async sendBatch(files) {
    const { words, url } = this.data
    Object.assign(this, { sending: true, stopped: false, fatal: '', failed: [], sent: 0, bytes: 0, loaded: new Map() })
    this.total = files.reduce((sum, { file }) => sum + file.size, 0)
    this.count = files.length
    this.show('progress')
    this.say('')
    this.progress()
    const queue = [...files]
    const lane = async () => {
      while (queue.length && !this.stopped) await this.sendOne(queue.shift(), url)
    }
    await Promise.all(Array.from({ length: PARALLEL }, lane))
    this.sending = false
    this.show('start')
    const ticket = url.split('/').pop()
    if (this.stopped) {
      this.waiting = []
      this.used = url
      this.say(this.fatal || words.cancelled, Boolean(this.fatal))
      return this.trigger('cancelled', ticket)
    }
    const lost = this.failed.map((name) => fill(words.failed, { name }))
    if (!this.sent) {
      this.say(lost.slice(0, 3).join(' '), true)
      return this.sendNext()
    }
    this.finished = true
    this.used = url
    this.say(words.arrived)
    this.trigger('done', { ticket, sent: this.sent, failed: this.failed })
  }

  async sendOne({ file, name }, url) {
    for (let attempt = 0; attempt < 2 && !this.stopped; attempt++) {
      const { status, answer } = await this.put(`${url}?name=${encodeURIComponent(name)}`, file)
      this.loaded.delete(file)
      if (status === 200) {
        this.sent++
        this.bytes += file.size
        return this.progress()
      }
      if (status === 403 || status === 413 || status === 507) return this.giveUp(answer)
    }
    if (this.stopped) return
    // The file may be gone from the disk since it was chosen; a server that answers nothing at all has stopped.
    if (await this.serverAnswers()) this.failed.push(name)
    else this.giveUp({ error: this.data.words.lost })
  }

  put(url, file) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest()
      const end = () => {
        this.requests.delete(request)
        resolve({ status: request.status, answer: parse(request.responseText) })
      }
      request.upload.onprogress = (event) => {
        this.loaded.set(file, event.loaded)
        this.progress()
      }
      request.onload = request.onerror = request.onabort = end
      request.open('PUT', url)
      this.requests.add(request)
      request.send(file)
    })
  }

  async serverAnswers() {
    try {
      return (await fetch('_stcore/health', { cache: 'no-store' })).ok
    } catch {
      return false
    }
  }

  giveUp({ error, template, values }) {
    const sentence = this.data.words.refusals[template]
    this.fatal = sentence ? fill(sentence, values) : (error ?? this.data.words.lost)
    this.abort()
  }

  cancel() {
    this.abort()
  }

  abort() {
    this.stopped = true
    for (const request of [...this.requests]) request.abort()
  }

  progress() {
    const moving = [...this.loaded.values()].reduce((sum, loaded) => sum + loaded, 0)
    const share = this.total ? (this.bytes + moving) / this.total : 0
    this.part('progress').value = Math.min(1, share)
    const many = { done: this.sent, total: this.count }
    const mega = { done: megabytes(this.bytes + moving), total: `${megabytes(this.total)} MB` }
    this.part('.sending').textContent = fill(this.data.words.sending, this.count === 1 ? mega : many)
  }

  show(what) {
    this.part('.progress').hidden = what !== 'progress'
    this.part('.start').hidden = what === 'progress' || Boolean(this.stream)
    this.part('.camera').hidden = !this.stream
    this.root.classList.toggle('filming', Boolean(this.stream))
  }

  // the webcam

  wireCamera() {
    this.part('.open-camera').onclick = () => this.openCamera()
    this.part('.close').onclick = () => this.closeCamera()
    this.part('.one').onclick = async () => {
      await this.snap()
      this.sendFrames()
    }
    const hold = this.part('.hold')
    hold.onpointerdown = (event) => {
      hold.setPointerCapture(event.pointerId)
      this.record()
    }
    hold.onpointerup = hold.onpointercancel = () => this.stopRecording()
    hold.onkeydown = (event) => {
      if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) this.record()
    }
    hold.onkeyup = hold.onblur = () => this.stopRecording()
    hold.oncontextmenu = (event) => event.preventDefault()
  }

  async openCamera() {
    const { words } = this.data
    if (!navigator.mediaDevices?.getUserMedia) return this.say(words.insecure, true)
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } } })
    } catch (error) {
      const reasons = { NotAllowedError: words.blocked, NotFoundError: words.nocamera, NotReadableError: words.cameraused }
      return this.say(reasons[error.name] ?? words.nocamera, true)
    }
    this.say('')
    this.part('video').srcObject = this.stream
    this.show('start')
    this.part('.hold').focus()
  }

  closeCamera() {
    this.stopRecording()
    this.stream?.getTracks().forEach((track) => track.stop())
    this.stream = null
    this.show('start')
    this.part('.open-camera').hidden = !this.data.webcam
  }

  record() {
    if (this.recording || !this.stream) return
    this.part('.hold').classList.add('recording')
    this.snap()
    this.recording = setInterval(() => this.snap(), FRAME_MS)
  }

  stopRecording() {
    if (!this.recording) return
    clearInterval(this.recording)
    this.recording = null
    this.part('.hold').classList.remove('recording')
    this.part('.hold').textContent = this.data.words.hold
    this.sendFrames()
  }

  async snap() {
    const video = this.part('video')
    if (!video.videoWidth || this.frames.length >= MAX_FRAMES) return
    const canvas = Object.assign(document.createElement('canvas'), { width: video.videoWidth, height: video.videoHeight })
    canvas.getContext('2d').drawImage(video, 0, 0)
    const frame = new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.92))
    this.frames.push(frame)
    if (this.recording) this.part('.hold').textContent = fill(this.data.words.recorded, { n: this.frames.length })
    await frame
  }

  async sendFrames() {
    const taken = stamp()
    const frames = await Promise.all(this.frames.splice(0))
    const name = (index) => `webcam-${taken}-${String(index + 1).padStart(3, '0')}.jpg`
    const files = frames.filter(Boolean).map((file, index) => ({ file, name: name(index) }))
    if (files.length) this.send(files)
  }
}

function stamp() {
  return new Date().toISOString().replace(/[:.]/g, '-')
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
