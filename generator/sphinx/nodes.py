"""The nodes of a gallery in a document, and their HTML and LaTeX; other builders get a plain list."""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import quote

from docutils import nodes
from sphinx.builders import Builder
from sphinx.util.osutil import relative_uri

COPY = "filter-gallery"
"""The folder of the documentation for a copy of the site."""

COPYING_BUILDERS = ("html", "dirhtml", "singlehtml")
"""Builders whose output can hold a copy of a site."""

MAX_LATEX_SHARE = 0.3
"""The largest share of the line that a picture gets in LaTeX: it is a few dozen pixels wide."""


class FilterGrid(nodes.General, nodes.Element):
    """Filters in ``columns``; its children are ``FilterCell``."""


class FilterCell(nodes.Part, nodes.Element):
    """One filter: ``label``, ``alt``, ``note``, and its ``page`` in the ``site``; its child is its picture, if any."""


class FilterPicture(nodes.image):
    """A picture file that Sphinx copies; ``pixels`` are its width and height."""


def address(builder: Builder, docname: str, cell: FilterCell) -> str:
    """Return the address of a filter's page from a document, an empty text if it is not known."""
    config = builder.config
    if config.filter_gallery_copy and builder.name in COPYING_BUILDERS and cell["folder"]:
        return str(relative_uri(builder.get_target_uri(docname), posixpath.join(cell["folder"], quote(cell["page"]))))
    if config.filter_gallery_url and cell["main"]:
        return f"{config.filter_gallery_url.rstrip('/')}/{quote(cell['page'])}"
    return ""


def plain_list(builder: Builder, docname: str, grid: FilterGrid) -> nodes.bullet_list:
    """Return a gallery as a list, for builders without pictures."""
    items = []
    for cell in grid.findall(FilterCell):
        text = f"{cell['alt']} ({cell['note']})"
        url = address(builder, docname, cell)
        content: nodes.Node = nodes.reference("", text, refuri=url, internal=False) if url else nodes.Text(text)
        items.append(nodes.list_item("", nodes.paragraph("", "", content)))
    return nodes.bullet_list("", *items, bullet="-")


def html_visit_grid(self: Any, node: FilterGrid) -> None:
    """Open the list, with its role: Safari drops that of a list without bullets."""
    columns = f"--filter-gallery-columns: {node['columns']}"
    self.body.append(self.starttag(node, "ul", CLASS="filter-gallery-grid", role="list", style=columns))


def html_depart_grid(self: Any, node: FilterGrid) -> None:
    """Close the list."""
    self.body.append("</ul>\n")


def html_visit_cell(self: Any, node: FilterCell) -> None:
    """Open a filter's item, and its link if it has a page."""
    self.body.append("<li>")
    if url := address(self.builder, self.builder.current_docname, node):
        self.body.append(self.starttag(nodes.inline(), "a", "", CLASS="reference", href=url))
    if not node.children:
        self.body.append(f'<span class="filter-gallery-none">{self.encode(node["alt"])}</span>')


def html_depart_cell(self: Any, node: FilterCell) -> None:
    """Write the label, hidden from screen readers, which have it in the alternative text, and close the elements."""
    *layer, number = node["label"].rsplit(" ", 1)  # a line may break in a name, not in a number
    parts = [*map(self.encode, layer), f'<span class="filter-gallery-number">{self.encode(number)}</span>']
    label = f'<span class="filter-gallery-label" aria-hidden="true">{" ".join(parts)}</span>'
    linked = address(self.builder, self.builder.current_docname, node)
    self.body.append(f"{label}{'</a>' if linked else ''}</li>\n")


def html_visit_picture(self: Any, node: FilterPicture) -> None:
    """Write a picture; its address comes from the builder."""
    width, height = node["pixels"]
    source = posixpath.join(self.builder.imgpath, quote(self.builder.images[node["uri"]]))
    size = {"width": str(width), "height": str(height), "loading": "lazy", "decoding": "async"}
    sharp = "filter-gallery-sharp" if node["sharp"] else ""
    self.body.append(self.emptytag(nodes.inline(), "img", "", CLASS=sharp, src=source, alt=node["alt"], **size))


def _share(columns: int) -> float:
    """Return a box's share of the line's width."""
    return min(0.98 / columns, MAX_LATEX_SHARE)


def latex_visit_grid(self: Any, node: FilterGrid) -> None:
    r"""Begin rows of boxes, each as wide as a column; \centering is the figure's."""
    self.body.append("\n")


def latex_depart_grid(self: Any, node: FilterGrid) -> None:
    """End the last row; one that is not full is aligned with those above it."""
    cells = list(node.findall(FilterCell))
    columns = cells[0]["columns"] if cells else 1
    missing = -len(cells) % columns if len(cells) > columns else 0
    gap = f"\\hspace*{{{missing * _share(columns):.4f}\\linewidth}}" if missing else ""
    self.body.append(f"{gap}\\par\n")


def latex_visit_cell(self: Any, node: FilterCell) -> None:
    """Begin a box."""
    self.body.append(f"\\begin{{minipage}}[t]{{{_share(node['columns']):.4f}\\linewidth}}\\centering\n")
    if not node.children:
        self.body.append(f"{{\\footnotesize {self.encode(node['alt'])}}}")


def latex_depart_cell(self: Any, node: FilterCell) -> None:
    """Write the label, end the box, and the row if it is full."""
    url = address(self.builder, "", node)
    label = self.encode(node["label"])
    linked = f"\\sphinxhref{{{self.encode_uri(url)}}}{{{label}}}" if url else label
    end = "\\par\\medskip\n" if node["ends"] else "%\n"
    self.body.append(f"\\par{{\\footnotesize {linked}}}\\end{{minipage}}{end}")


def latex_visit_picture(self: Any, node: FilterPicture) -> None:
    """Write a picture, as wide as its box allows."""
    base, _, kind = self.builder.images[node["uri"]].rpartition(".")
    self.body.append(f"\\includegraphics[width=0.92\\linewidth]{{{{{base}}}.{kind}}}")


def depart_nothing(self: Any, node: nodes.Element) -> None:
    """Do nothing: the element has no end tag."""
