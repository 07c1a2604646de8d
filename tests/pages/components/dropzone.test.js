import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

import { begin, root } from './small_dom.js'
import { mounted, until } from './widget.js'

const WORDS = {
  headline: 'Drop', hint: '', folder: 'Folder', files: 'Files', camera: 'Webcam', hold: 'Hold', one: 'One', close: 'Close', cancel: 'Cancel',
  sending: 'Sending {done} of {total}', arrived: 'All sent.', cancelled: 'Cancelled.', nothing: 'No file.', lost: 'Lost.',
  failed: '{name} failed.', reading: '{n} files', refusals: { 'Full: {needed} MB in {folder}': 'Voll: {needed} MB in {folder}' },
}
const DATA = { url: 'api/upload/t1', compact: false, webcam: false, busy: false, quiet: false, words: WORDS }
const file = (name, size = 10) => Object.assign(new File([new Uint8Array(size)], name))
let requests, answers

beforeEach(() => {
  begin()
  requests = []
  answers = () => ({ status: 200, responseText: '{}' })
  globalThis.fetch = async () => ({ ok: true })
  globalThis.XMLHttpRequest = class {
    upload = {}
    responseText = ''
    open(method, url) {
      Object.assign(this, { method, url })
    }
    send(body) {
      requests.push(this)
      this.body = body
      if (answers) setTimeout(() => this.onload(Object.assign(this, answers(this))))
    }
    abort() {
      this.status = 0
      this.onabort()
    }
  }
})

const show = async (data = DATA) => {
  const { default: widget } = await import('../../../pages/components/dropzone/dropzone.js')
  const parent = root(['div', 'zone'])
  const zone = mounted(widget, parent, data)
  const drop = (...entries) => {
    const items = entries.map((entry) => ({ kind: 'file', webkitGetAsEntry: () => entry, getAsFile: () => entry }))
    zone.find('.zone')[0].send('drop', { dataTransfer: { items } })
  }
  return Object.assign(zone, { drop, message: () => zone.find('.message')[0].textContent })
}
const sent = () => requests.map(({ url }) => decodeURIComponent(url.split('name=')[1]))

// A folder that hands out its children a few at a time, as browsers do.
const folder = (name, ...children) => ({
  name,
  createReader: () => ({ readEntries: (give) => give(children.splice(0, 2)) }),
})
const entry = (name) => ({ isFile: true, name, file: (give) => give(file(name)) })

test('a folder is sent with all that lies in it, each file by its path', async () => {
  const zone = await show()
  zone.drop(folder('birds', folder('owl', entry('1.png'), entry('2.png'), entry('3.png')), entry('notes & more.csv')))
  await until(() => zone.last('done'))
  assert.deepEqual(sent().sort(), ['birds/notes & more.csv', 'birds/owl/1.png', 'birds/owl/2.png', 'birds/owl/3.png'])
  assert.deepEqual(zone.last('done'), { ticket: 't1', sent: 4, failed: [] })
  assert.equal(zone.message(), 'All sent.')
})

test('a name is written into the address so that the server reads the same name', async () => {
  const zone = await show()
  zone.drop(file('a&name=b#ü .png'))
  await until(() => requests.length)
  assert.equal(new URL(requests[0].url, 'http://here/').searchParams.get('name'), 'a&name=b#ü .png')
  assert.equal(requests[0].method, 'PUT')
})

test('nothing in it is said, and nothing is sent', async () => {
  const zone = await show()
  zone.drop(folder('empty'))
  await until(() => zone.message())
  assert.equal(zone.message(), 'No file.')
  assert.equal(requests.length, 0)
})

test('a file that fails twice is named, the others arrive', async () => {
  const zone = await show()
  answers = ({ url }) => ({ status: url.endsWith('bad.png') ? 500 : 200, responseText: '' })
  zone.drop(file('bad.png'), file('good.png'))
  await until(() => zone.last('done'))
  assert.deepEqual(sent().sort(), ['bad.png', 'bad.png', 'good.png'])
  assert.deepEqual(zone.last('done'), { ticket: 't1', sent: 1, failed: ['bad.png'] })
})

test('a refusal is said in the language of the page, and nothing more is sent', async () => {
  const zone = await show()
  const answer = { template: 'Full: {needed} MB in {folder}', values: { needed: 5, folder: '/data' }, error: 'Full' }
  answers = () => ({ status: 507, responseText: JSON.stringify(answer) })
  zone.drop(...Array.from({ length: 20 }, (_, i) => file(`${i}.png`)))
  await until(() => zone.last('cancelled'))
  assert.equal(zone.message(), 'Voll: 5 MB in /data')
  assert.ok(requests.length <= 4, 'those that were on their way')
  assert.equal(zone.last('cancelled'), 't1')
  assert.equal(zone.last('done'), undefined)
})

test('a server that answers nothing is told from a file that cannot be read', async () => {
  const zone = await show()
  answers = () => ({ status: 0, responseText: '' })
  globalThis.fetch = async () => {
    throw new TypeError('no connection')
  }
  zone.drop(file('1.png'))
  await until(() => zone.last('cancelled'))
  assert.equal(zone.message(), 'Lost.')
})

test('Cancel stops what is on its way and gives the ticket back', async () => {
  const zone = await show()
  answers = null // the server takes its time
  zone.drop(file('1.png'))
  await until(() => requests.length)
  zone.find('.cancel')[0].click()
  await until(() => zone.last('cancelled'))
  assert.equal(zone.message(), 'Cancelled.')
  assert.equal(zone.last('cancelled'), 't1')
})

test('what comes while a batch is on its way waits for the next ticket', async () => {
  const zone = await show()
  zone.drop(file('1.png'))
  await until(() => zone.last('done'))
  zone.drop(file('2.png'))
  await until(() => zone.message() === 'All sent.')
  assert.deepEqual(sent(), ['1.png'], 'the ticket t1 is used up')
  zone.again({ ...DATA, url: 'api/upload/t2' })
  await until(() => requests.length === 2)
  assert.deepEqual(sent(), ['1.png', '2.png'])
  assert.ok(requests[1].url.startsWith('api/upload/t2?'))
  await until(() => zone.told.length === 2)
})

test('progress counts files, and megabytes where there is only one', async () => {
  const zone = await show()
  answers = null
  zone.drop(file('1.png', 2_000_000))
  await until(() => requests.length)
  requests[0].upload.onprogress({ loaded: 1_000_000 })
  assert.equal(zone.find('.sending')[0].textContent, 'Sending 1.0 of 2.0 MB')
  assert.equal(zone.find('progress')[0].value, 0.5)
})
