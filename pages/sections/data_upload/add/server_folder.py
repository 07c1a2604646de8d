"""A folder that lies on the server already: brought in from where it is, when the server's settings allow it."""

import streamlit as st

from engine import settings
from engine.data.importing import sources
from engine.errors import UserError
from pages.sections.data_upload.add import imports
from pages.session.i18n import _, say_error


def field() -> None:
    """Offer to type a folder or an archive below GRAFT_SERVER_FOLDERS; show nothing where that is not set."""
    roots = settings.current().server_folders
    if not roots:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="server-folder"):
        typed = st.text_input(
            _("Folder on the server"),
            key="server-folder-path",
            placeholder=str(roots[0]),
            help=_("A folder, an archive or a table below: {folders}").format(folders=", ".join(map(str, roots))),
        )
        pressed = st.button(_("Look into it"), icon=":material/folder_open:", key="server-folder-open")
    if not pressed or not typed.strip():
        return
    try:
        source = sources.on_server(typed, roots)
    except UserError as error:
        st.error(say_error(error), icon=":material/error:")
        return
    imports.begin(source, title=source.name, ask=True)
    st.rerun()
