from __future__ import annotations

from pathlib import Path

import pytest

from generator import assets
from generator.config import LayerRule, Photo, PreprocessChoice, default_config, load_config
from generator.errors import ConfigError, UsageError
from tests.config.files import LONG, SHORTENED, problems, read


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    config = read(tmp_path, "models: [demo]")
    assert (config.title, config.output, config.cache) == (
        "Filter Gallery",
        tmp_path / "site",
        tmp_path / ".filter-gallery",
    )
    assert config.photos == (Photo("chelsea", assets.photo_path("chelsea")),)
    (entry,) = config.models
    assert (entry.name, entry.slug, entry.kind, entry.source) == ("demo", "demo", "demo", "demo")
    assert (entry.weights, entry.include_top, entry.input_shape) == ("", False, None)
    assert (entry.filters, entry.layers, entry.preprocess) == ("all", (LayerRule("*"),), PreprocessChoice("auto"))


def test_the_default_configuration_starts_in_the_folder_it_is_given(tmp_path: Path) -> None:
    config = default_config(tmp_path)
    assert config.output == tmp_path / "site"
    assert [entry.kind for entry in config.models] == ["demo"]


def test_a_models_filters_go_before_the_files(tmp_path: Path) -> None:
    text = "filters: 9\nmodels: [demo, {source: demo, name: own, filters: [3, 1, 3]}]"
    assert [entry.filters for entry in read(tmp_path, text).models] == [9, (3, 1)]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ('"conv*"', ("conv*",)),
        ("[a, b*]", ("a", "b*")),
        ("{a: , b: {filters: 1}}", ("a", "b")),
    ],
)
def test_layers_are_a_glob_a_list_or_a_mapping(tmp_path: Path, layers: str, expected: tuple[str, ...]) -> None:
    (entry,) = read(tmp_path, f"models: [{{source: demo, layers: {layers}}}]").models
    assert tuple(rule.glob for rule in entry.layers) == expected
    assert entry.rule_for("zzz") is None


def test_relative_paths_start_at_the_files_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "project"
    (folder / "models").mkdir(parents=True)
    elsewhere.mkdir()
    for name in ("models/mine.keras", "w.h5", "my_cat  photo.jpg"):
        (folder / name).touch()
    monkeypatch.chdir(elsewhere)
    config = read(
        folder,
        """
        output: out/site
        cache: /var/cache/gallery
        photos: [my_cat  photo.jpg, coffee, coffee]
        models:
          - models/mine.keras
          - {source: VGG16, weights: w.h5, include_top: true, input_shape: [null, null, 3]}
        """,
    )
    assert (config.output, config.cache) == (folder / "out/site", Path("/var/cache/gallery"))
    assert config.photos == (
        Photo("my cat photo", folder / "my_cat  photo.jpg"),
        Photo("coffee", assets.photo_path("coffee")),
    )
    mine, vgg = config.models
    assert (mine.name, mine.kind, mine.source) == ("mine", "file", str(folder / "models/mine.keras"))
    assert (vgg.name, vgg.kind, vgg.source, vgg.weights) == ("vgg16", "application", "VGG16", str(folder / "w.h5"))
    assert (vgg.include_top, vgg.input_shape) == (True, (None, None, 3))


def test_names_are_kept_and_made_fit_for_paths(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        """
        models:
          - {source: demo, name: "Æther & Söhne"}
          - {source: demo, name: <b>}
          - {source: demo, name: B}
          - {source: demo, name: ../../etc}
          - {source: demo, name: assets}
          - {source: demo, name: 北}
        """,
    )
    assert [(entry.name, entry.slug) for entry in config.models] == [
        ("Æther & Söhne", "ther-sohne"),
        ("<b>", "b"),
        ("B", "b-2"),
        ("../../etc", "etc"),
        ("assets", "assets-2"),
        ("北", "x"),
    ]


@pytest.mark.parametrize(
    ("preprocess", "expected"),
    [
        ("caffe", PreprocessChoice("caffe")),
        ("none", PreprocessChoice("none")),
        ("{}", PreprocessChoice("custom")),
        ("{scale: 1/255}", PreprocessChoice("custom", scale=1 / 255)),
        ("{scale: 2, mean: 3, std: 4, order: bgr}", PreprocessChoice("custom", (3.0,), (4.0,), 2.0, "bgr")),
        ("{mean: [1, 2.5, 3], std: [4, 5, 6]}", PreprocessChoice("custom", (1.0, 2.5, 3.0), (4.0, 5.0, 6.0))),
    ],
)
def test_preprocessing_is_a_name_or_numbers(tmp_path: Path, preprocess: str, expected: PreprocessChoice) -> None:
    (entry,) = read(tmp_path, f"models: [{{source: demo, preprocess: {preprocess}}}]").models
    assert entry.preprocess == expected


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"\xef\xbb\xbftitle: T\nmodels: [demo]\n")
    assert load_config(tmp_path / "config.yaml").title == "T"


EXPECT_FILTERS = "expected all, a number above zero, a list of filter indices, or {most_active: 8}"
EXPECT_STYLE = "expected auto, none, caffe, tf, torch, or a mapping with mean, std, scale, order"
KNOWN = (
    "title, introduction, logo, accent, footer, templates, output, cache, photos, dataset, filters, render, models,"
    " compare, workers"
)
NO_PHOTO = "and no bundled photo of that name."
BUNDLED = "Bundled: chelsea, coffee, rocket, astronaut"

BAD: dict[str, tuple[str, list[str]]] = {
    # not a configuration at all
    "empty": ("", ["1: the file is empty; it needs at least: models: [demo]"]),
    "comment": ("# nothing\n", ["1: the file is empty; it needs at least: models: [demo]"]),
    "list": ("- a\n", ["1: expected settings such as `models: [demo]`, got \"['a']\""]),
    "word": ("demo", ["1: expected settings such as `models: [demo]`, got 'demo'"]),
    "unclosed": ("models: [demo\ntitle: x", ["2: not valid YAML: expected ',' or ']', but got ':'"]),
    "tab": ("models:\n\t- demo", ["2: not valid YAML: found character '\\t' that cannot start any token"]),
    "twice": (
        "title: a\ntitle: b\nmodels: [demo]",
        ['2: not valid YAML: found duplicate key "title" with value "b" (original value: "a")'],
    ),
    "control": (
        "title: \x01",
        ["1: not valid YAML: unacceptable character #x0001: special characters are not allowed"],
    ),
    "two-documents": ("models: [demo]\n---\nmodels: [demo]", ["2: not valid YAML: but found another document"]),
    "too-deep": ("models: " + "[" * 400 + "]" * 400, ["1: more than 32 lists and mappings in each other"]),
    # mistyped keys, at every level
    "key": ("models: [demo]\ntitel: x", ["2: titel: unknown setting. Did you mean title?"]),
    "key-unlike-any": (
        "models: [demo]\nqqq: x",
        [f"2: qqq: unknown setting. Known: {KNOWN}"],
    ),
    "key-number": (
        "models: [demo]\n1: x",
        [f"2: 1: unknown setting. Known: {KNOWN}"],
    ),
    "render-key": (
        "models: [demo]\nrender:\n  seed: 0\n  stepz: 3",
        ["4: render.stepz: unknown setting. Did you mean steps?"],
    ),
    "model-key": (
        "models:\n  - source: demo\n    wieghts: x",
        ["3: models[0].wieghts: unknown setting. Did you mean weights?"],
    ),
    "model-render-key": (
        "models:\n  - demo\n  - source: demo\n    name: b\n    render:\n      siez: 3",
        ["6: models[1].render.siez: unknown setting. Did you mean size?"],
    ),
    "preprocess-key": (
        "models:\n  - source: demo\n    preprocess:\n      maen: 3",
        ["4: models[0].preprocess.maen: unknown setting. Did you mean mean?"],
    ),
    "layer-key": (
        'models:\n  - source: demo\n    layers:\n      "a":\n      "conv*":\n        filtrs: 3',
        ["6: models[0].layers.conv*.filtrs: unknown setting. Did you mean filters?"],
    ),
    "layer-render-key": (
        'models:\n  - source: demo\n    layers:\n      "conv*":\n        render:\n          stpes: 3',
        ["6: models[0].layers.conv*.render.stpes: unknown setting. Did you mean steps?"],
    ),
    "key-from-an-anchor": (
        "models:\n  - {source: demo, render: &r {stepz: 5}}\n  - source: VGG16\n    render:\n      <<: *r\n",
        [
            "2: models[0].render.stepz: unknown setting. Did you mean steps?",
            "4: models[1].render.stepz: unknown setting. Did you mean steps?",
        ],
    ),
    # wrong types and values
    "no-models": ("title: x", ["1: models: missing"]),
    "models-empty": ("title: x\nmodels: []", ["2: models: expected at least one, got []"]),
    "models-text": ("models: demo", ["1: models: expected a list, got 'demo'"]),
    "models-null": ("models:\n  -\n", ["2: models[0]: expected a mapping of settings, got None"]),
    "models-number": ("models:\n  - demo\n  - 3", ["3: models[1]: expected a mapping of settings, got 3"]),
    "model-without-source": ("models:\n  - {name: a}", ["2: models[0].source: missing"]),
    "name": ("models: [{source: demo, name: [a]}]", ["1: models[0].name: expected a text, got ['a']"]),
    "title-null": ("models: [demo]\ntitle:\n", ["2: title: expected a text, got None"]),
    "title-blank": ("models: [demo]\ntitle: '  '", ["2: title: expected a text, got '  '"]),
    "title-half-a-character": ('title: "\\ud800"\nmodels: [demo]', ["1: title: expected a text, got '\\ud800'"]),
    "output-number": ("models: [demo]\noutput: 3", ["2: output: expected a text, got 3"]),
    "output-nul": ('models: [demo]\noutput: "a\\0b"', ["2: output: expected a path, got 'a\\x00b'"]),
    "output-of-nobody": (
        "models: [demo]\noutput: ~no-such-user/site",
        ["2: output: expected a path, got '~no-such-user/site'"],
    ),
    "include-top": (
        "models: [{source: VGG16, include_top: 1}]",
        ["1: models[0].include_top: expected a boolean, got 1"],
    ),
    "render-list": ("models: [demo]\nrender: [1]", ["2: render: expected a mapping of settings, got [1]"]),
    "render-values": (
        "models: [demo]\nrender:\n  method: forier\n  size: 8\n  margin: -1\n"
        "  steps: yes\n  learning_rate: 0\n  seed: -4",
        [
            "3: render.method: expected fourier or pixel or maco, got 'forier'. Did you mean fourier?",
            "4: render.size: expected a number greater than or equal to 16, got 8",
            "5: render.margin: expected a number greater than or equal to 0, got -1",
            "6: render.steps: expected an integer, got 'yes'",
            "7: render.learning_rate: expected a number greater than 0, got 0",
            "8: render.seed: expected a number greater than or equal to 0, got -4",
        ],
    ),
    "render-other-values": (
        'models: [demo]\nrender:\n  size: "64"\n  margin: 9999\n  steps: 3.0\n  learning_rate: .inf\n  seed: true',
        [
            "3: render.size: expected an integer, got '64'",
            "4: render.margin: expected a number less than or equal to 512, got 9999",
            "5: render.steps: expected an integer, got 3.0",
            "6: render.learning_rate: expected a finite number, got inf",
            "7: render.seed: expected an integer, got True",
        ],
    ),
    "filters-0": ("models: [demo]\nfilters: 0", [f"2: filters: {EXPECT_FILTERS}, got 0"]),
    "filters-word": ("models: [demo]\nfilters: some", [f"2: filters: {EXPECT_FILTERS}, got 'some'"]),
    "filters-true": ("models: [demo]\nfilters: true", [f"2: filters: {EXPECT_FILTERS}, got True"]),
    "filters-none": ("models: [demo]\nfilters: []", [f"2: filters: {EXPECT_FILTERS}, got []"]),
    "filters-negative": ("models: [demo]\nfilters: [1, -2]", [f"2: filters: {EXPECT_FILTERS}, got [1, -2]"]),
    "layer-filters": (
        "models:\n  - source: demo\n    layers:\n      a: 3\n      b: {filters: 0}\n      c: true\n      d: 0",
        [
            f"5: models[0].layers.b.filters: {EXPECT_FILTERS}, got 0",
            "6: models[0].layers.c: expected a mapping of settings, got True",
            f"7: models[0].layers.d.filters: {EXPECT_FILTERS}, got 0",
        ],
    ),
    "layers-none": ("models: [{source: demo, layers: []}]", ["1: models[0].layers: expected a text, got []"]),
    "layers-no-mapping": ("models: [{source: demo, layers: {}}]", ["1: models[0].layers: expected a text, got {}"]),
    "preprocess": (
        "models: [{source: demo, preprocess: cafe}]",
        [f"1: models[0].preprocess: {EXPECT_STYLE}; got 'cafe'. Did you mean caffe?"],
    ),
    "preprocess-number": (
        "models: [{source: demo, preprocess: 3}]",
        [f"1: models[0].preprocess: {EXPECT_STYLE}; got 3."],
    ),
    "preprocess-values": (
        "models:\n  - source: demo\n    preprocess:\n      mean: [a]\n"
        "      std: [0, 1, 1]\n      scale: abc\n      order: grb",
        [
            "4: models[0].preprocess.mean: expected a number, or a list of one number for each channel, got ['a']",
            "5: models[0].preprocess.std: expected numbers above zero, got [0, 1, 1]",
            "6: models[0].preprocess.scale: expected a number or a fraction such as 1/255, got 'abc'",
            "7: models[0].preprocess.order: expected rgb or bgr, got 'grb'. Did you mean rgb?",
        ],
    ),
    "preprocess-not-finite": (
        'models:\n  - source: demo\n    preprocess:\n      mean: [.nan]\n      std: .inf\n      scale: "1e400"',
        [
            "4: models[0].preprocess.mean: expected a number, or a list of one number for each channel, got [nan]",
            "5: models[0].preprocess.std: expected a number, or a list of one number for each channel, got inf",
            "6: models[0].preprocess.scale: expected a number or a fraction such as 1/255, got '1e400'",
        ],
    ),
    "scale-by-zero": (
        "models: [{source: demo, preprocess: {scale: 1/0}}]",
        ["1: models[0].preprocess.scale: expected a number or a fraction such as 1/255, got '1/0'"],
    ),
    "shape-of-two": (
        "models: [{source: VGG16, input_shape: [96, 96]}]",
        ["1: models[0].input_shape: expected [height, width, channels], got [96, 96]"],
    ),
    "shape-without-channels": (
        "models: [{source: VGG16, input_shape: [96, 96, null]}]",
        ["1: models[0].input_shape: expected [height, width, channels], got [96, 96, None]"],
    ),
    "shape-of-nothing": (
        "models: [{source: VGG16, input_shape: [0, 96, 3]}]",
        ["1: models[0].input_shape: expected [height, width, channels], got [0, 96, 3]"],
    ),
    # names and files
    "unknown-model": (
        "models:\n  - demo\n  - ResNet50V3",
        ["3: models[1].source: unknown model 'ResNet50V3'. Did you mean ResNet50V2?"],
    ),
    "unknown-model-by-case": (
        "models: [vgg16]",
        ["1: models[0].source: unknown model 'vgg16'. Did you mean VGG16?"],
    ),
    "model-unlike-any": (
        "models: [qqqqqqqq]",
        ["1: models[0].source: unknown model 'qqqqqqqq'. See: filter-gallery models"],
    ),
    "model-name-too-long": (
        f"models: [{LONG}]",
        [f"1: models[0].source: unknown model {SHORTENED}. See: filter-gallery models"],
    ),
    "model-file": ("models: [sub/mine.keras]", ["1: models[0].source: no file 'sub/mine.keras' in {folder}"]),
    "model-of-nobody": ("models: [~no-such-user/m]", ["1: models[0].source: no file '~no-such-user/m' in {folder}"]),
    "same-name": (
        "models:\n  - VGG16\n  - {source: demo, name: Vgg16}",
        ["3: models[1]: the name 'Vgg16' is taken. Give it another one with `name:`"],
    ),
    "weights-of-demo": (
        "models:\n  - source: demo\n    weights: imagenet\n    include_top: false\n    input_shape: [32, 32, 3]",
        [
            "3: models[0].weights: only for networks of keras.applications, architectures (.json) and callables",
            "4: models[0].include_top: only for networks of keras.applications",
            "5: models[0].input_shape: demo takes pictures of any size; see render.size",
        ],
    ),
    "weights-of-a-file": (
        "models: [{source: config.yaml, weights: random}]",
        ["1: models[0].weights: only for networks of keras.applications, architectures (.json) and callables"],
    ),
    "weights": (
        "models: [{source: VGG16, weights: imagnet}]",
        ["1: models[0].weights: expected imagenet, random or a file; no file 'imagnet'. Did you mean imagenet?"],
    ),
    "photo": (
        "models: [demo]\nphotos:\n  - chelsea\n  - chelsee",
        [f"4: photos[1]: no file 'chelsee', {NO_PHOTO} Did you mean chelsea?"],
    ),
    "photo-file": ("models: [demo]\nphotos: [me.png]", [f"2: photos[0]: no file 'me.png', {NO_PHOTO} {BUNDLED}"]),
    "photo-folder": ("models: [demo]\nphotos: [.]", [f"2: photos[0]: no file '.', {NO_PHOTO} {BUNDLED}"]),
    "photo-name-too-long": (
        f"models: [demo]\nphotos: [{LONG}]",
        [f"2: photos[0]: no file {SHORTENED}, {NO_PHOTO} {BUNDLED}"],
    ),
    "photos-text": ("models: [demo]\nphotos: chelsea", ["2: photos: expected a list, got 'chelsea'"]),
    "photos-none": ("models: [demo]\nphotos: []", ["2: photos: expected at least one, got []"]),
    "photos-mixed": (
        'models: [demo]\nphotos:\n  - 3\n  - x.png\n  - ""\n  - " chelsea "',
        [
            "3: photos[0]: expected a text, got 3",
            f"4: photos[1]: no file 'x.png', {NO_PHOTO} {BUNDLED}",
            "5: photos[2]: expected a text, got ''",
        ],
    ),
    # all at once
    "everything": (
        "titel: x\noutput: 3\nphotos: [nope]\nrender:\n  steps: many\nmodels:\n"
        "  - VGG61\n  - {source: demo, filters: 0}\n  - {source: demo, name: VGG61}",
        [
            "1: titel: unknown setting. Did you mean title?",
            "2: output: expected a text, got 3",
            f"3: photos[0]: no file 'nope', {NO_PHOTO} {BUNDLED}",
            "5: render.steps: expected an integer, got 'many'",
            "7: models[0].source: unknown model 'VGG61'. Did you mean VGG19?",
            f"8: models[1].filters: {EXPECT_FILTERS}, got 0",
            "9: models[2]: the name 'VGG61' is taken. Give it another one with `name:`",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), BAD.values(), ids=BAD)
def test_every_error_is_reported_with_its_line(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert problems(tmp_path, text) == [line.replace("{folder}", str(tmp_path.resolve())) for line in expected]


def test_a_missing_file_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_config(tmp_path / "config.yaml")
    assert str(caught.value) == f"{tmp_path / 'config.yaml'}: no such file. Write one with: filter-gallery init"


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Is a directory"):
        load_config(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"title: \xff")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "c.yaml")
    assert caught.value.problems == (f"{tmp_path / 'c.yaml'}: not a text file in UTF-8 (byte 7)",)


@pytest.mark.parametrize(("written", "expected"), [("", 0), ("workers: auto", 0), ("workers: 3", 3)])
def test_workers_are_a_number_or_left_to_the_machine(tmp_path: Path, written: str, expected: int) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"models: [demo]\n{written}\n")
    assert load_config(path).workers == expected


@pytest.mark.parametrize("written", ["0", "-1", "2000", "1.5", "true", "many", "[2]"])
def test_other_workers_are_refused(tmp_path: Path, written: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"models: [demo]\nworkers: {written}\n")
    with pytest.raises(ConfigError, match="2: workers: expected auto or a number from 1 to 1024, got"):
        load_config(path)
