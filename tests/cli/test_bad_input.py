"""Whatever is wrong: an exit status, one line that names the place, and the way out. Nothing of anyone's is lost."""

from __future__ import annotations

import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.assets import photo_path
from tests.cli.conftest import SETTINGS, Gallery, command, environment

CONFIGS = [
    # (content, what each line of the error says)
    (b"", ["config.yaml:1: the file is empty; it needs at least: models: [demo]"]),
    (b"models: [demo\nphotos: {", ["config.yaml:", "not valid YAML"]),
    (b"\xff\xfe\x00binary", ["config.yaml: not a text file in UTF-8"]),
    (b"just words", ["config.yaml:1: expected settings such as `models: [demo]`"]),
    (b"models: [demo]\nphotoz: [chelsea]", ["config.yaml:2: photoz: unknown setting. Did you mean photos?"]),
    (b"models: [VGG166]", ["config.yaml:1: models[0].source: unknown model 'VGG166'. Did you mean VGG16?"]),
    (b"models: [mine.keras]", ["config.yaml:1: models[0].source: no file 'mine.keras' in"]),
    (b"models: [demo]\nphotos: [chelsae]", ["config.yaml:2: photos[0]: no file 'chelsae'", "Did you mean chelsea?"]),
    (b"models: [demo]\nrender: {method: furier}", ["config.yaml:2: render.method", "Did you mean fourier?"]),
]


@pytest.mark.parametrize(("content", "says"), CONFIGS)
def test_a_bad_configuration(content: bytes, says: list[str], empty: Gallery) -> None:
    (empty.folder / "config.yaml").write_bytes(content)
    done = empty.run("build")
    assert (done.status, done.out) == (2, "")
    assert len(done.err.splitlines()) == len(done.errors) == 1
    assert all(part in done.err for part in says), done.err
    assert [path.name for path in empty.folder.iterdir()] == ["config.yaml"]


def test_everything_wrong_in_a_configuration_is_told_at_once(empty: Gallery) -> None:
    lines = [
        "title: 7",
        "photos: [chelsea, nowhere.jpg]",
        "filters: none",
        "render:",
        "  steps: many",
        "  sise: 64",
        "models:",
        "  - demo",
        "  - {source: VGG166, wieghts: random}",
    ]
    (empty.folder / "config.yaml").write_text("\n".join(lines))
    done = empty.run("plan")
    assert done.status == 2
    assert done.err.splitlines() == done.errors
    told = {int(line.split("config.yaml:")[1].split(":")[0]) for line in done.errors}
    assert told == {1, 2, 3, 5, 6, 9}, done.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("build", "-c", "gone.yaml"), ["gone.yaml: no such file", "filter-gallery init"]),
        (("layers", "VGG166"), ["unknown model 'VGG166'", "Did you mean VGG16?"]),
        (("layers", "dmeo"), ["unknown model 'dmeo'", "Did you mean demo?"]),
        (("layers", "gone.keras"), ["no model file 'gone.keras'"]),
        (("layers", ""), ["unknown model ''"]),
        (("layers", " "), ["unknown model ' '"]),
        (("build", "--single-file-limit", "x" * 5_000), ["Invalid value for '--single-file-limit': 'xxx", " ... "]),
        (("render", "VGG166", "conv"), ["unknown model 'VGG166'", "Did you mean VGG16?"]),
        (("render", "demo", "conv", "0", "-o", "no/such/folder/a.png"), ["cannot write", "no such folder"]),
        (("build", "--model", "dmeo"), ["no model 'dmeo' in the configuration", "Did you mean demo?"]),
        (("plan", "--model", "dmeo"), ["no model 'dmeo' in the configuration", "Did you mean demo?"]),
        (("build", "--filters", "0"), ["expected all, a number above zero"]),
        (("build", "--filters", "some"), ["expected all, a number above zero"]),
        (("built",), ["No such command 'built'"]),
        (("q" * 5000,), ["No such command 'qqq", "qqq ... qqq"]),
        (("layers", "q" * 5000), ["unknown model 'qqq", "qqq ... qqq"]),
        (("layers", "q" * 5000 + ".keras"), ["no model file 'qqq", "qqq ... qqq"]),
    ],
)
@pytest.mark.case("long-values")
def test_wrong_use(words: tuple[str, ...], says: list[str], empty: Gallery) -> None:
    done = empty.run(*words)
    assert max(map(len, done.err.splitlines())) < 1100
    assert done.status == 2
    assert all(part in done.err for part in says), done.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("render", "tiny", "frist"), ["no convolutional layer 'frist'", "Did you mean first?"]),
        (("render", "tiny", "first", "4"), ["tiny/first: no filter 4", "from 0 to 3"]),
        (("build", "--layer", "frist"), ["no convolutional layer matches 'frist'", "Did you mean first?"]),
        (("build", "--filters", "0,9"), ["no filter 9", "from 0 to 3"]),
        (("plan", "--layer", "nothing*"), ["no convolutional layer matches 'nothing*'"]),
    ],
)
def test_a_layer_or_filter_that_is_not_there(words: tuple[str, ...], says: list[str], built: Gallery) -> None:
    before = built.site(), built.records()
    done = built.run(*words)
    assert done.status == 2
    assert len(done.errors) == len(done.err.splitlines()) == 1
    assert all(part in done.err for part in says), done.err
    assert (built.site(), built.records()) == before


def truncated_photo(path: Path) -> None:
    path.write_bytes(photo_path("chelsea").read_bytes()[:5000])


def no_photo(path: Path) -> None:
    path.write_bytes(b"this is no picture")


def huge_photo(path: Path) -> None:
    """Claim 40,000 x 40,000 pixels in the header alone."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)))


def test_bad_photos_and_models_cost_nothing_else(models: Path, empty: Gallery) -> None:
    truncated_photo(empty.folder / "cut.jpg")
    no_photo(empty.folder / "text.jpg")
    huge_photo(empty.folder / "huge.png")
    photos = "photos: [chelsea, cut.jpg, text.jpg, huge.png]\nrender: {size: 16, steps: 2, margin: 4}\n"
    names = ["corrupt.keras", "dense.keras", "code.keras", "tiny.keras"]
    vgg = "{source: VGG16, input_shape: [32, 32, 3]}"
    empty.configure(*[models / name for name in names], vgg, more=photos)
    done = empty.run_alone("build", KERAS_HOME=str(empty.folder / "keras"))
    assert done.status == 1
    summary = done.err.split("failed; the rest is built:\n")[1].splitlines()
    expected = [
        ("photo cut", "cut.jpg", "Save it again"),
        ("photo text", "not a picture", "Save it as JPEG or PNG"),
        ("photo huge", "too many", "Save it smaller"),
        ("model corrupt", "corrupt.keras: Keras cannot load it", "Save it with model.save"),
        ("model dense", "no convolutional layer", ""),
        ("model code", "a Lambda layer", "--trust"),
        ("model vgg16", "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", "`demo` works offline"),
    ]
    assert len(summary) == len(expected)
    for line, (start, reason, way_out) in zip(summary, expected, strict=True):
        assert line.startswith(f"  {start}: ")
        assert reason in line
        assert way_out in line
    site = empty.site()
    assert "tiny/001-first/0000.html" in site
    assert {path.split("/")[0] for path in site if path.endswith(".webp")} == {"tiny"}
    assert "tiny/001-first/0000-feature-map-0.webp" in site


@pytest.mark.parametrize(
    ("prepare", "output", "says"),
    [
        (lambda f: (f / "theirs").mkdir() or (f / "theirs/thesis.tex").write_text("mine"), "theirs", "not ours"),
        (lambda f: (f / "plain").write_text("a file"), "plain", "is a file, not a folder"),
        (lambda f: (f / "plain").write_text("a file"), "plain/below", "cannot be written"),
        (lambda f: (f / "plain").write_text("a file"), "plain/far/below", "cannot be written"),
    ],
)
def test_an_output_that_is_not_ours_is_refused_and_left_alone(
    prepare: Callable[[Path], object], output: str, says: str, empty: Gallery
) -> None:
    prepare(empty.folder)
    empty.configure("demo")
    before = {path: path.read_bytes() for path in empty.folder.rglob("*") if path.is_file()}
    done = empty.run("build", "-o", output)
    assert done.status == 2
    assert len(done.errors) == len(done.err.splitlines()) == 1
    assert says in done.err
    assert "Name another folder with -o" in done.err
    assert {path: path.read_bytes() for path in empty.folder.rglob("*") if path.is_file()} == before


def test_a_cache_that_cannot_be_written_is_told_in_one_line(models: Path, empty: Gallery) -> None:
    (empty.folder / "plain").write_text("a file")
    empty.configure(models / "tiny.keras", more=SETTINGS + "cache: plain/below\n")
    done = empty.run("build")
    assert done.status == 2
    assert len(done.errors) == 1
    assert "Name another folder with `cache:`" in done.err


def test_with_debug_the_traceback_is_shown(empty: Gallery) -> None:
    empty.configure("demo")
    words = command("build", "-o", "config.yaml", "--debug")
    done = subprocess.run(words, cwd=empty.folder, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("key", ["output", "cache"])
@pytest.mark.parametrize("words", ["build", "plan", "publish --to out", "embed demo", "clean --cache"])
def test_a_folder_that_is_a_link_to_itself(key: str, words: str, empty: Gallery) -> None:
    (empty.folder / "circle").symlink_to("circle")
    (empty.folder / "config.yaml").write_text(
        f"models: [demo]\n{key}: circle\nfilters: 1\nrender: {{steps: 1, size: 16}}\n"
    )
    done = empty.run(*words.split())
    assert done.status == 2 or (done.status == 0 and words in ("plan", "clean --cache")), done.err
    assert len(done.errors) == (done.status != 0)
    assert "--debug" not in done.err
