"""The server: Streamlit's pages, the routes beside them and security headers.

Start it with `graft serve`, or with `streamlit run app.py` beside this file.

It never imports TensorFlow or Keras; workers do the heavy part (see engine/compute/client.py).
"""

import gc
import os
from contextlib import asynccontextmanager

import anyio
import streamlit as st
from starlette.middleware import Middleware

from engine import graft
from engine.api.routes import ROUTES
from engine.api.security import SecurityMiddleware
from engine.storage.workspace import PRIVATE
from pages.session import rerun_patch


@asynccontextmanager
async def lifespan(_app):
    """Open the workspace and start the workers without keeping the first page waiting; close them at the end."""
    os.umask(PRIVATE)
    rerun_patch.keep()
    await anyio.to_thread.run_sync(graft.current)
    gc.collect()
    gc.freeze()  # what is imported by now is never garbage: collections after each rerun get cheaper
    yield
    await anyio.to_thread.run_sync(graft.close_current)


app = st.App(
    "pages/frame.py",
    routes=list(ROUTES),
    middleware=[Middleware(SecurityMiddleware)],
    lifespan=lifespan,
)
