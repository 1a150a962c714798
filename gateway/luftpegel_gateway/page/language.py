"""Which language a reader of the page wants."""

from luftpegel_gateway.page.server import Request


def language_of(request: Request) -> str:
    """German or English: ?lang= first, then what the browser prefers."""
    asked = request.query.get("lang", "")
    preferred = [asked, *sorted_languages(request.headers.get("accept-language", ""))]
    return next(
        (known for word in preferred for known in ("de", "en") if word.lower().startswith(known)), "en"
    )


def sorted_languages(header: str) -> list[str]:
    """The languages of an Accept-Language header, most wanted first."""
    wanted = []
    for part in header.split(",")[:20]:
        word, _, weight = part.partition(";q=")
        try:
            wanted.append((float(weight or 1), word.strip()))
        except ValueError:
            continue
    return [word for _, word in sorted(wanted, key=lambda pair: -pair[0])]
