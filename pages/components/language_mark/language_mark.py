"""The document says in which language its words are: screen readers, hyphenation and translators go by it."""

from pages.components.register import register
from pages.session.i18n import language


def set_language() -> None:
    """Let the document's `lang` be the language of this session."""
    register("language_mark", "<span></span>")(key="language-mark", data={"language": language()})
