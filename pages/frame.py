"""The frame around every page: navigation, the project, the machine, the language; and errors in words."""

import streamlit as st

from engine.errors import UserError
from engine.version import version
from pages.components.language_mark import language_mark
from pages.session import state, toasts
from pages.session.i18n import _, language_picker
from pages.shared import brand, device_badge, page, project_picker

st.set_page_config(page_title="Graft", page_icon=brand.favicon(), layout="wide")
theme = st.context.theme.type or "light"
st.logo(brand.logo(theme), size="large")
st.html(page.STYLE + (page.IN_THE_DARK if theme == "dark" else ""))

try:
    state.follow_url()
    steps = [
        st.Page("home.py", title=_("Home"), icon=":material/home:", default=True),
        st.Page("data_upload.py", title=_("Data"), icon=":material/photo_library:", url_path="data"),
        st.Page("model_selection.py", title=_("Model"), icon=":material/hub:", url_path="model"),
        st.Page("training.py", title=_("Train"), icon=":material/model_training:", url_path="train"),
        st.Page("evaluation.py", title=_("Results"), icon=":material/insights:", url_path="results"),
        st.Page("try_it.py", title=_("Try it"), icon=":material/photo_camera:", url_path="try"),
    ]
    chosen = st.navigation(steps, position="top")
    with st.container(horizontal=True, vertical_alignment="center", key="frame"):
        project_picker.picker()
        st.space("stretch")
        device_badge.badge()
        language_picker()
    page.gone_note()
    toasts.show()
    chosen.run()
    st.caption(f"Graft {version()}", text_alignment="center")
    language_mark.set_language()
except UserError as error:
    page.error_box(error)
