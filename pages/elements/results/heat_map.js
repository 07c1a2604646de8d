// A picture with heat over it. The slider goes from the picture alone to the heat over a grey picture, without asking
// the server: it is the same two pictures all the time.
const START = 70
const memory = new WeakMap()

export default function ({ parentElement, data: [data] }) {
  const own = memory.get(parentElement) ?? { opacity: START }
  memory.set(parentElement, own)
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
  slider.value = own.opacity
  const show = () => {
    own.opacity = Number(slider.value)
    heat.style.opacity = own.opacity / 100
    picture.style.filter = data.heat ? `grayscale(${Math.min(1, (own.opacity / 100) * 1.2)})` : ''
  }
  slider.oninput = show
  show()
}
