// Streamlit's page says that it is in English, whatever it shows: a screen reader would read German aloud as English.
export default function ({ data: [{ language }] }) {
  document.documentElement.lang = language
}
