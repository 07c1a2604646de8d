"""Whatever is sent to a route of ours is answered as its description says, and never by a fault."""

from concurrent.futures import Future

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from schemathesis.checks import not_a_server_error
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from engine import graft as graft_module
from engine.api.routes import ROUTES
from engine.api.security import SecurityMiddleware
from engine.graft import Graft
from engine.services.uploads import Uploads
from engine.storage.registry import Registry
from engine.storage.workspace import Workspace
from tests.support.openapi import description


@pytest.fixture(scope="module")
def api_schema(tmp_path_factory):
    """The description, beside the routes of an open workspace with a project; no worker is there, as none is asked."""
    workspace = Workspace(tmp_path_factory.mktemp("fuzzed")).create()
    registry = Registry(f"sqlite:///{workspace.root / 'registry.sqlite'}")
    registry.create_project("Leaves")
    here = Graft(workspace, registry, Future(), Uploads(workspace, max_bytes=1_000_000))
    ticket = here.uploads.new_ticket().token
    told = description()
    told["paths"]["/api/upload/{ticket}"]["put"]["parameters"][0]["schema"] = {"enum": [ticket, "guessed"]}
    routes = [*ROUTES, Route("/openapi.json", lambda _request: JSONResponse(told))]
    app = Starlette(routes=routes, middleware=[Middleware(SecurityMiddleware)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graft_module, "_current", here)
        yield schemathesis.openapi.from_asgi("/openapi.json", app, headers={"host": "localhost"})
    registry.close()


@pytest.mark.parametrize("path", [route.path for route in ROUTES])
def test_every_route_answers_as_its_description_says(api_schema, path):
    [operation] = [found.ok() for found in api_schema.get_all_operations() if found.ok().path == path]

    @hypothesis.settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @hypothesis.given(case=operation.as_strategy())
    def check(case):
        answer = case.call(headers={"host": "localhost"})
        case.validate_response(answer, additional_checks=[not_a_server_error])
        assert b"Traceback" not in answer.content and answer.headers["x-frame-options"] == ["DENY"]

    check()


def test_every_route_is_described():
    assert set(description()["paths"]) == {route.path for route in ROUTES}
