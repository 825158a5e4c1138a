"""The real command, a real browser: what is changed on disk shows in open pages."""

from __future__ import annotations

import html
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from generator import assets
from tests.cli.conftest import command, environment
from tests.serve.running import BUILD_SECONDS, Serving, serving

SECONDS = 3.0
"""After which a change must show."""

TITLES = iter(range(1_000_000))


def within() -> float:
    """Return the milliseconds after which a change must show: more where others are using the cores too."""
    return 1000 * SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def configured(title: str = "", steps: int = 4, more: str = "", model: str = "net.keras") -> str:
    """Return a configuration: one filter of two layers of the bundled network, of which the second takes some steps."""
    layers = f"{{block1_conv1: {{}}, block1_conv2: {{render: {{steps: {steps}}}}}}}"
    return (
        f"title: {title or f'Title {next(TITLES)}'}\nfilters: 1\nrender: {{size: 16, steps: 4}}\n{more}\n"
        f"models: [{{source: {model}, layers: {layers}}}]\n"
    )


class Owner:
    """The folder that is served, as its owner changes it, and the command that serves it."""

    def __init__(self, folder: Path, running: Serving) -> None:
        self.folder, self.running = folder, running

    def write(self, text: str, name: str = "config.yaml") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def rebuilt(self, text: str) -> list[str]:
        """Change the configuration, wait until the site is built, and return what was told meanwhile."""
        before = len(self.running.lines)
        self.write(text)
        self.rest(text, before)
        return self.running.lines[before:]

    def rest(self, text: str, before: int) -> None:
        """Wait until the site of a configuration is served and no build goes on, be it one that was begun before."""
        title = html.escape(text.split("\n")[0].removeprefix("title: ")).encode()
        deadline = time.monotonic() + BUILD_SECONDS
        while not (
            self.running.lines[before:] and "Watching" in self.running.lines[-1] and title in self.running.get("/")[2]
        ):
            assert time.monotonic() < deadline, self.running.lines[before:]
            time.sleep(0.05)

    def records(self) -> set[str]:
        """Return the names of the store's records."""
        return {path.stem for path in (self.folder / ".filter-gallery/records").rglob("*.json")}


def make_folder(folder: Path) -> Path:
    shutil.copyfile(assets.demo_path(), folder / "net.keras")
    (folder / "config.yaml").write_text(configured("Begun"), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    folder = make_folder(tmp_path_factory.mktemp("served"))
    with serving(folder) as running:
        running.wait("Watching")
        yield Owner(folder, running)


@pytest.fixture
def tabs(chromium: Browser) -> Iterator[BrowserContext]:
    """Return a window whose tabs share what a browser lets tabs share."""
    context = chromium.new_context()
    yield context
    context.close()


def opened(tabs: BrowserContext, owner: Owner, path: str = "index.html") -> Page:
    page = tabs.new_page()
    page.goto(f"{owner.running.address}/{path}")
    return page


def test_a_changed_title_shows_in_every_open_tab(owner: Owner, tabs: BrowserContext) -> None:
    """More tabs than a browser keeps connections to a host, of pages of every kind."""
    paths = ["index.html", "", "reading.html", "net/index.html", "net/001-block1_conv1/0000.html", "nowhere.html"]
    pages = [opened(tabs, owner, path) for path in (*paths, "index.html", "reading.html")]
    owner.write(configured("Seen & <b>shown</b>"))
    for page in pages:
        expect(page).to_have_title(re.compile("Seen & <b>shown</b>"), timeout=within())
    assert "data-site" not in (owner.folder / "site/index.html").read_text()


def test_changed_steps_of_a_layer_render_that_layer_alone(owner: Owner, tabs: BrowserContext) -> None:
    def pictures() -> list[bytes]:
        found = (owner.folder / "site/net").glob("*/0000-picture.webp")
        return [path.read_bytes() for path in sorted(found)]

    owner.rebuilt(configured())
    page, before, shown = opened(tabs, owner, "net/002-block1_conv2/0000.html"), owner.records(), pictures()
    told = owner.rebuilt(configured(steps=6))
    assert any(re.match(r"Rendering 1 filters; \d+ tasks are done already", line) for line in told)
    after = owner.records()
    assert before < after
    assert len(after) == len(before) + 1
    assert [new == old for new, old in zip(pictures(), shown, strict=True)] == [True, False]
    expect(page.get_by_text("6 steps").first).to_be_attached(timeout=within())


def test_a_wrong_configuration_is_told_and_the_last_site_is_served(owner: Owner, tabs: BrowserContext) -> None:
    owner.rebuilt(configured("Sound"))
    page, frame, before = opened(tabs, owner), opened(tabs, owner), len(owner.running.lines)
    frame.evaluate("document.body.append(Object.assign(document.createElement('iframe'), {src: 'reading.html'}))")
    owner.write(configured("Never", more='render_: 1\naccent: "<img src=x onerror=alert(1)>"'))
    alert = page.get_by_role("alert")
    expect(alert.get_by_role("listitem")).to_have_count(2, timeout=within())
    expect(alert).to_contain_text("config.yaml:5: accent: ")
    expect(alert).to_contain_text("<img src=x onerror=alert(1)>")
    expect(frame.frame_locator("iframe").get_by_role("alert")).to_have_count(0)
    told = [line for line in owner.running.lines[before:] if line.startswith("Error: ")]
    assert [line.split(": ")[1:3] for line in told] == [["config.yaml:4", "render_"], ["config.yaml:5", "accent"]]
    later = opened(tabs, owner, "reading.html")
    expect(later).to_have_title(re.compile("Sound"))
    expect(later.get_by_role("alert")).to_be_visible()
    later.get_by_role("button", name="Close").click()
    expect(later.get_by_role("alert")).to_have_count(0)
    owner.write(configured("Sound"))
    expect(alert).to_have_count(0, timeout=within())


def test_a_configuration_that_is_gone_for_a_moment_is_not_replaced_by_ours(owner: Owner) -> None:
    owner.rebuilt(configured("Kept"))
    before, aside = len(owner.running.lines), owner.folder / "config.bak"
    (owner.folder / "config.yaml").rename(aside)
    owner.running.wait("Error: config.yaml: no such file", before)
    assert b"Kept" in owner.running.get("/")[2]
    aside.rename(owner.folder / "config.yaml")
    owner.running.wait("Watching", before)
    told = owner.running.lines[before:]
    assert not any("576" in line for line in told), told  # filters of the bundled network
    assert b"Kept" in owner.running.get("/")[2]


@pytest.mark.slow
def test_a_model_that_is_damaged_is_told_and_its_pages_stay(owner: Owner, tabs: BrowserContext) -> None:
    owner.rebuilt(configured())
    whole, page = (owner.folder / "net.keras").read_bytes(), opened(tabs, owner, "net/index.html")
    (owner.folder / "net.keras").write_bytes(whole[:1000])
    expect(page.get_by_role("alert")).to_contain_text("a damaged zip archive", timeout=30_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("net")
    (owner.folder / "net.keras").write_bytes(whole)
    expect(page.get_by_role("alert")).to_have_count(0, timeout=within())


def test_templates_and_photos_are_watched(owner: Owner, tabs: BrowserContext) -> None:
    (owner.folder / "mine").mkdir()
    owner.rebuilt(configured(more="templates: mine"))
    page, before = opened(tabs, owner, "reading.html"), len(owner.running.lines)
    base = '{% extends "ours/base.html" %}{% block extrahead %}<meta name="mine" content="MARK">{% endblock %}'
    for mark in ("first", "second"):  # a template that comes to be, then one that changes
        owner.write(base.replace("MARK", mark), "mine/base.html")
        expect(page.locator("meta[name=mine]")).to_have_attribute("content", mark, timeout=within())
    owner.write("{% oops %}", "mine/base.html")
    expect(page.get_by_role("alert")).to_contain_text("base.html:1: ", timeout=within())
    expect(page.locator("meta[name=mine]")).to_have_attribute("content", "second")
    told = owner.running.lines[before:]
    assert [line for line in told if line.startswith("Changed")] == ["Changed: base.html.\n"] * 3, told


@pytest.mark.slow
def test_changes_during_a_build_lead_to_one_more(owner: Owner) -> None:
    owner.rebuilt(configured())
    before, last = len(owner.running.lines), configured("Last", steps=300)
    owner.write(configured(steps=300))
    owner.running.wait("Rendering", before)
    for number in range(5):
        owner.write(last + f"# {number}\n")
    owner.rest(last, before)
    told = owner.running.lines[before:]
    assert len([line for line in told if line.startswith("Changed")]) == 2, told  # not one for each of the five


def test_tabs_find_the_command_again(tmp_path: Path, owner: Owner, tabs: BrowserContext) -> None:
    """It is stopped and started at the same port: the page is told, waits, and goes on following."""
    folder = tmp_path / "copy"
    shutil.copytree(owner.folder, folder)
    (folder / "config.yaml").write_text(configured("Before"), encoding="utf-8")
    with serving(folder) as running:
        running.wait("Watching")
        page, port = opened(tabs, Owner(folder, running)), running.port
        assert running.stop() == 130
    assert "Interrupted. What is finished is kept" in running.lines[-1]
    expect(page.get_by_role("status")).to_contain_text("does not respond", timeout=within())
    with serving(folder, "--port", port) as running:
        expect(page.get_by_role("status")).to_have_count(0, timeout=30_000)
        running.wait("Watching")
        (folder / "config.yaml").write_text(configured("After"), encoding="utf-8")
        expect(page).to_have_title("After", timeout=within())


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


@pytest.mark.slow
@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_in_the_midst_of_a_build(with_signal: int, tmp_path: Path, chromium: Browser) -> None:
    """Before the first build is done pages say so; afterwards no process is left, however it ended."""
    make_folder(tmp_path).joinpath("config.yaml").write_text(configured(steps=100_000), encoding="utf-8")
    with serving(tmp_path) as running:
        page = chromium.new_page()
        page.goto(running.address)
        expect(page.get_by_role("heading", level=1)).to_have_text("The walls are bare yet")
        page.close()
        running.wait("Rendering")
        processes = children(running.process.pid)
        assert processes
        assert running.stop(with_signal) == (-9 if with_signal == signal.SIGKILL else 130)
        assert not any("Traceback" in line for line in running.lines)
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{pid}").exists() for pid in processes)


@pytest.mark.slow
def test_a_build_that_crashes_is_told_and_its_code_is_imported_anew(tmp_path: Path) -> None:
    make = "import keras\ndef make():\n    {}\n    return keras.Sequential([keras.Input((16, 16, 3)), {}])\n"
    (tmp_path / "own.py").write_text(make.format("import os; os.kill(os.getpid(), 9)", "keras.layers.Conv2D(1, 3)"))
    (tmp_path / "config.yaml").write_text("render: {size: 16, steps: 4}\nmodels: [own:make]\n")
    with serving(tmp_path) as running:
        running.wait("Error: the build was ended by signal 9, perhaps for want of memory; what is finished is kept")
        for filters in (1, 2):
            before = len(running.lines)
            (tmp_path / "own.py").write_text(make.format("pass", f"keras.layers.Conv2D({filters}, 3)"))
            running.wait("Watching", running.wait("Changed", before))
            assert (tmp_path / "site/make/001-conv2d/0001.html").exists() == (filters == 2)


def test_wrong_use_is_told_in_one_line(owner: Owner) -> None:
    def said(*words: object) -> tuple[int, str]:
        done = subprocess.run(
            command("serve", *words), cwd=owner.folder, env=environment(), capture_output=True, text=True, timeout=60
        )
        return done.returncode, done.stderr

    port = owner.running.port
    status, told = said("--port", port)
    assert status == 2
    found = re.fullmatch(rf"Error: port {port} is in use\. Say --port (\d+)\n", told)
    assert found
    assert int(found[1]) > port
    assert said("--host", "no such host")[0] == 2
    assert said("-c", "nowhere.yaml") == (
        2,
        "Error: nowhere.yaml: no such file. Write one with: filter-gallery init\n",
    )
