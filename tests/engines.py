"""Firefox and WebKit for the tests, each through the protocol that it brings with it.

Pages are shown in a frame: windows cannot be as narrow as a phone.
"""

import base64
import io
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image

from press.machine.browser import ensure_firefox, ensure_webkit
from press.workers.remote import free_port

FRAME = "<!DOCTYPE html><style>body{margin:0}iframe{border:0;height:780px}</style><iframe></iframe>"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
SECONDS = 30.0


class Engine(ABC):
    """A page of a site, at a width, in one engine."""

    address = ""

    @abstractmethod
    def call(self, command: str, **parameters: Any) -> Any:
        """A command by its name in Marionette, which is WebDriver's in one word."""

    @abstractmethod
    def set_dark(self, dark: bool) -> None:
        """What the system is said to prefer."""

    @abstractmethod
    def close(self) -> None:
        """End the browser."""

    def open(self, path: str, width: int = 1280) -> None:
        self.call("SwitchToFrame", id=None)
        self.call("Navigate", url=f"{self.address}/frame.html")
        self.run(
            "const frame = document.querySelector('iframe');"
            "frame.style.width = `${arguments[1]}px`; frame.src = arguments[0];",
            path,
            width,
        )
        self.wait(
            "frames[0].location.href !== 'about:blank'"
            " && frames[0].document.readyState === 'complete'"
        )
        self._enter()
        self.run("document.documentElement.style.scrollBehavior = 'auto'")

    def run(self, script: str, *arguments: Any) -> Any:
        return self.call("ExecuteScript", script=script, args=list(arguments))

    def wait(self, condition: str) -> None:
        until = time.monotonic() + SECONDS
        while not self.run(f"return Boolean({condition})"):
            assert time.monotonic() < until, f"never came: {condition}"
            time.sleep(0.05)

    def press(self, selector: str) -> None:
        self.show(selector)
        self.call("ElementClick", id=self._found(selector))

    def type(self, selector: str, keys: str) -> None:
        self.call("ElementSendKeys", id=self._found(selector), text=keys)

    def show(self, selector: str) -> None:
        self.run(
            "document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })", selector
        )

    def picture(self, selector: str) -> Image.Image:
        """What is seen of an element."""
        self.show(selector)
        self.wait(f"document.querySelector({json.dumps(selector)}).naturalWidth !== 0")
        time.sleep(0.3)  # it is drawn
        box = self.run(
            "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return [box.left, Math.max(0, box.top), box.right, Math.min(innerHeight, box.bottom)]",
            selector,
        )
        self.call("SwitchToFrame", id=None)
        data = self.call("TakeScreenshot")
        self._enter()
        return (
            Image.open(io.BytesIO(base64.b64decode(data)))
            .convert("RGB")
            .crop(tuple(map(round, box)))
        )

    def _found(self, selector: str) -> str:
        found = self.call("FindElement", using="css selector", value=selector)
        return str(found[ELEMENT])

    def _enter(self) -> None:
        self.call("SwitchToFrame", id=self._found("iframe"))


class Firefox(Engine):
    """Through Marionette: JSON, each message behind its length."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        settings = {
            "marionette.port": port,
            "app.update.enabled": False,
            "browser.shell.checkDefaultBrowser": False,
            "datareporting.policy.dataSubmissionEnabled": False,
            "network.captive-portal-service.enabled": False,
            "network.connectivity-service.enabled": False,
        }
        lines = [
            f"user_pref({json.dumps(key)}, {json.dumps(item)});" for key, item in settings.items()
        ]
        (folder / "user.js").write_text("\n".join(lines))
        size = ["--width", "1280", "--height", "900"]
        options = ["--headless", "--marionette", "--remote-allow-system-access", *size]
        self._process = _started([ensure_firefox(), *options, "--profile", str(folder)])
        self._socket = _patiently(lambda: socket.create_connection(("127.0.0.1", port), SECONDS))
        self._answers = self._socket.makefile("rb")
        self._answer()
        self._say("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})

    def call(self, command: str, **parameters: Any) -> Any:
        if command == "SwitchToFrame":
            parameters = {"element": parameters["id"]}
        if command == "TakeScreenshot":
            parameters = {"full": False}
        answer = self._say(f"WebDriver:{command}", parameters)
        return answer.get("value") if isinstance(answer, dict) else answer

    def set_dark(self, dark: bool) -> None:
        scheme = "layout.css.prefers-color-scheme.content-override"
        self._say("Marionette:SetContext", {"value": "chrome"})
        self.run("Services.prefs.setIntPref(arguments[0], arguments[1])", scheme, 0 if dark else 1)
        self._say("Marionette:SetContext", {"value": "content"})

    def close(self) -> None:
        _ended(self._process)

    def _say(self, command: str, parameters: dict[str, Any]) -> Any:
        message = json.dumps([0, 1, command, parameters]).encode()
        self._socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, answer = self._answer()
        assert error is None, f"{command}: {error}"
        return answer

    def _answer(self) -> Any:
        length = b""
        while (sign := self._answers.read(1)) != b":":
            assert sign, "Firefox ended"
            length += sign
        return json.loads(self._answers.read(int(length)))


PATHS = {
    "Navigate": "/url",
    "ExecuteScript": "/execute/sync",
    "FindElement": "/element",
    "ElementClick": "/element/{id}/click",
    "ElementSendKeys": "/element/{id}/value",
    "SwitchToFrame": "/frame",
}


class WebKit(Engine):
    """Through WebDriver: HTTP."""

    def __init__(self, _: Path) -> None:
        self._driver = ensure_webkit()
        number, write = os.pipe()
        screen = ["-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
        self._display = _started(["Xvfb", "-displayfd", str(write), *screen], pass_fds=[write])
        os.close(write)
        with os.fdopen(number) as told:
            self._number = told.readline().strip()
        self._process: subprocess.Popen[bytes] | None = None
        self._dark = False
        self._start()

    def call(self, command: str, **parameters: Any) -> Any:
        if command == "TakeScreenshot":
            return self._ask("GET", "/screenshot")
        path = PATHS[command].format_map(parameters)
        if command == "SwitchToFrame" and parameters["id"]:
            parameters = {"id": {ELEMENT: parameters["id"]}}
        return self._ask("POST", path, parameters)

    def set_dark(self, dark: bool) -> None:
        if dark != self._dark:
            self._dark = dark
            self._start()

    def close(self) -> None:
        for process in (self._process, self._display):
            if process:
                _ended(process)

    def _start(self) -> None:
        """GTK reads its theme when it starts; now and then no window comes."""
        if self._process:
            self._ask("DELETE", "")
        for again in (True, True, False):
            if self._process:
                _ended(self._process)
            try:
                self._begin()
                break
            except TimeoutError:
                if not again:
                    raise

    def _begin(self) -> None:
        port = free_port()
        theme = {"GTK_THEME": "Adwaita:dark" if self._dark else "Adwaita"}
        environment = {
            **os.environ,
            **theme,
            "DISPLAY": f":{self._number}",
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }
        self._process = _started([self._driver, f"--port={port}"], env=environment)
        self._base = f"http://127.0.0.1:{port}"
        _patiently(lambda: self._ask("GET", "/status"))
        session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": {}}})
        self._base += f"/session/{session['sessionId']}"
        self._ask("POST", "/window/rect", {"x": 0, "y": 0, "width": 1300, "height": 900})

    def _ask(self, method: str, path: str, content: Any = None) -> Any:
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self._base + path, data, method=method)
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return json.load(answer)["value"]


def _started(command: list[str], **how: Any) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, process_group=0, stdout=quiet, stderr=quiet, **how)


def _ended(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _patiently(attempt: Any) -> Any:
    until = time.monotonic() + 2 * SECONDS
    while True:
        try:
            return attempt()
        except OSError:
            assert time.monotonic() < until, "the browser does not start"
            time.sleep(0.1)
