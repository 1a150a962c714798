"""HTML that is escaped by the way it is made: only `tag` makes markup, everything else is text."""

from html import escape


class Html(str):
    """A string that is markup already."""

    __slots__ = ()


Child = str | None


def tag(element: str, /, *children: Child, **attributes: str | int | None) -> Html:
    """An element. Children that are not `Html` are escaped; None leaves a child or an attribute out.

    Attribute names lose a trailing underscore (`class_`), other underscores become hyphens.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{element}{told}>{join(*children)}</{element}>")


def void(element: str, /, **attributes: str | int) -> Html:
    """An element without content, like <meta>."""
    return Html(tag(element, **attributes).removesuffix(f"</{element}>"))


def join(*children: Child) -> Html:
    """Children one after the other, escaped where they are text."""
    return Html(
        "".join(
            child if isinstance(child, Html) else escape(child) for child in children if child is not None
        )
    )
