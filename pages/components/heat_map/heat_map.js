// A picture with heat over it. The slider goes from the picture alone to the heat over a grey picture, without asking
// the server: it is the same two pictures all the time.
const START = 70
const chosen = new Map() // by picture: a page that is drawn anew may mount this anew, and the slider stays

// A dialog hears Escape only while the focus is inside it; a page that is drawn anew may have let go of it.
const closeByEscape = (event) => {
  if (event.key !== 'Escape' || document.activeElement !== document.body) return
  document.querySelector('[role="dialog"] button[aria-label="Close"]')?.click()
}

export default function ({ parentElement, data: [data] }) {
  document.addEventListener('keydown', closeByEscape) // the same function: heard once, however often it is added
  const find = (name) => parentElement.querySelector(name)
  const picture = find('.picture'), heat = find('.heat'), slider = find('input')
  picture.onload = () => find('.frame').style.setProperty('--shape', picture.naturalWidth / picture.naturalHeight)
  if (picture.getAttribute('src') !== data.src) picture.src = data.src
  picture.alt = data.words.alt
  heat.hidden = !data.heat
  if (data.heat && heat.getAttribute('src') !== data.heat) heat.src = data.heat
  find('.busy').hidden = Boolean(data.heat) || data.failed
  find('.less').textContent = data.words.picture
  find('.more').textContent = data.words.heat
  slider.setAttribute('aria-label', data.words.slider)
  slider.disabled = !data.heat
  find('.scale').hidden = !data.heat
  find('.scale').classList.toggle('two-sided', data.two_sided)
  find('.against').textContent = data.two_sided ? data.words.against : data.words.nothing
  find('.for').textContent = data.words.for
  slider.value = chosen.get(data.src) ?? START
  const show = () => {
    const share = Number(slider.value) / 100
    heat.style.opacity = share
    picture.style.filter = data.heat ? `grayscale(${Math.min(1, share * 1.2)})` : ''
  }
  listen(find('audio'), find('.cursor'), data)
  slider.oninput = () => {
    chosen.set(data.src, Number(slider.value))
    show()
  }
  show()
}

// A line runs over the picture while its sound plays.
function listen(audio, cursor, { sound, span }) {
  audio.hidden = !sound
  cursor.hidden = !sound
  if (!sound) return
  if (audio.dataset.of !== sound) {
    audio.dataset.of = sound
    audio.src = sound.startsWith('data:') ? URL.createObjectURL(unpacked(sound)) : sound
  }
  const [start, length] = span
  const follow = () => {
    const share = (audio.currentTime - start) / (length || 1)
    cursor.style.left = `${100 * Math.min(1, Math.max(0, share))}%`
    cursor.style.opacity = share >= 0 && share <= 1 && audio.currentTime > 0 ? 1 : 0
    if (!audio.paused && audio.isConnected) requestAnimationFrame(follow)
  }
  audio.onplay = audio.onseeked = follow
  follow()
}

// Of a data URL, which a page with our headers may not play, the content itself.
function unpacked(url) {
  const [head, content] = url.split(',')
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))
  return new Blob([bytes], { type: head.slice(5).split(';')[0] })
}
