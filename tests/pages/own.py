"""A gallery with its owner's branding."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from generator.config import Branding, Config
from generator.pages.site import Written, write_site
from generator.plan import EVERYTHING, Choice, plan_model
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary


@dataclass
class OwnGallery(Gallery):
    """A gallery whose site is written with a branding of its own."""

    branding: Branding = field(default_factory=Branding)

    def write(self, choice: Choice = EVERYTHING) -> Written:
        """Write the site of what the store holds."""
        entries = tuple(entry for entry, _ in self.models)
        config = Config(self.title, self.site, self.store.folder, (), entries, branding=self.branding)
        planned = [(e, c, self.photos, plan_model(e, c, self.photos, choice)) for e, c in self.models]
        return write_site(config, planned, self.store)


def own_gallery(folder: Path) -> OwnGallery:
    """Return a gallery of one network with two layers of two filters, rendered, not yet written."""
    layers = (conv(1, "stem", 2, slug="001-stem"), conv(2, "top", 2, slug="002-top"))
    gallery = OwnGallery(folder, [(entry(), summary(*layers))])
    fill(gallery.store, gallery.tasks())
    return gallery


def saved(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write files into a folder, and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
