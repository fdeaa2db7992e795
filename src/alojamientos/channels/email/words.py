"""The new words of a mail: HTML as text, without what is quoted and without the signature.

Line by line and in linear time: the libraries for it take seconds on hostile mails, or miss an
attribution that a mail program has wrapped.
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_MOST_LINES = 2_000
_LONGEST_LINE = 2_000
LONGEST = 8_000
_LONGEST_HTML = 400_000
_MOST_TAGS = 15_000  # the parser takes quadratic time on tags that are opened and never closed
_QUOTED_HTML = ", ".join(
    (
        *("blockquote", "div.gmail_quote", "div.gmail_signature", "div.gmail_attr"),
        *("div.yahoo_quoted", "div#divRplyFwdMsg", "div#appendonsend", "div.moz-cite-prefix"),
        *("div.moz-signature", "pre.moz-signature", "div#Signature", "div.protonmail_quote"),
        *("div#mail-editor-reference-message-container", "hr#stopSpelling"),
    )
)
_UNSEEN = "head, style, script, noscript, template, title, svg, math, object, iframe"
_BLOCKS = frozenset(
    (
        *("p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "hr"),
        *("table", "section", "article", "header", "footer", "pre", "address", "dd", "dt"),
    )
)
_ATTRIBUTION = re.compile(
    r"(?:El|On|Le|Em|Am|Il|Op)\s.{4,400}?"
    r"(?:escribió|wrote|a écrit|escreveu|schrieb|ha scritto|schreef)\s*:",
    re.IGNORECASE,
)
_OPENING = re.compile(r"(?:El|On|Le|Em|Am|Il|Op)\s", re.IGNORECASE)
_HISTORY = re.compile(
    r"[-_\s]*(?:mensaje original|original message|mensaje reenviado|forwarded message"
    r"|begin forwarded message|inicio del mensaje reenviado|mensagem original)\s*:?[-_\s]*",
    re.IGNORECASE,
)
_HEADER_LINE = re.compile(
    r"\*?(?:de|from|enviado(?: el)?|sent|fecha|date|para|to|asunto|subject|cc)\*?\s*:\s?\*?.*",
    re.IGNORECASE,
)
_SENDER_LINE = re.compile(r"\*?(?:de|from)\s?\*?:\s?\*?.*\S", re.IGNORECASE)
_RULE = re.compile(r"_{5,}|-{20,}|={20,}")
_SIGNATURE = re.compile(r"--\s?")
_DEVICE = re.compile(
    r"(?:enviado desde|enviado con|enviado a través de|obtener outlook|sent from|get outlook)\b.*",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"(?:muchas |muchísimas |mil )?gracias(?: de antemano| desde ya)?"
    r"|(?:muchos |cordiales )?saludos(?: cordiales)?|cordialmente|atentamente|atte"
    r"|(?:un |una |gran )*(?:abrazo|beso|besos|saludo)(?: cordial| grande)?"
    r"|quedo a la espera|espero (?:tu|su) respuesta|hasta pronto",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"hola(?: buenas| buen día)?|buen(?:as|os)?(?: días| tardes| noches| día)?"
    r"|estimad[oa]s?(?: señores)?",
    re.IGNORECASE,
)
_FEW_LINES = 3  # over which an attribution or a block of headers may be spread


def new_words(text: str) -> str:
    """Return what was written in this mail, at most `LONGEST` characters."""
    lines = [line[:_LONGEST_LINE].rstrip() for line in text.splitlines()[:_MOST_LINES]]
    kept: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number].strip("\u200b\u200e\ufeff ")
        spread = _attribution(lines, number)
        if spread:
            number += spread
            if not _is_quoted(lines, number):
                break  # what follows is quoted without a mark
        elif line.startswith(">"):
            number += 1
        elif _ends_here(lines, number):
            break
        else:
            if not _DEVICE.fullmatch(line):
                kept.append(line)
            number += 1
    return _tidy(kept)


def without_courtesies(text: str, *, name: str) -> str:
    """Return `text` without a line of greeting and the farewell and name under it.

    In "2, Saludos, Ana" the 2 is all that is said. What is nothing but courtesy stays whole.
    """
    lines = text.split("\n")
    names = set(name.lower().split())
    first, last = 0, len(lines)
    while first < last and _is_courtesy(lines[first], _GREETING):
        first += 1
    while last > first and (
        _is_courtesy(lines[last - 1], _FAREWELL)
        or set(_bare(lines[last - 1]).lower().split()) <= names
    ):
        last -= 1
    return "\n".join(lines[first:last]).strip() or text


def html_words(html: str) -> str:
    """Return an HTML mail as lines of text, without what mail programs mark as quoted."""
    tree = LexborHTMLParser("<".join(html[:_LONGEST_HTML].split("<", _MOST_TAGS)[:_MOST_TAGS]))
    for selector in (_UNSEEN, _QUOTED_HTML):
        for node in tree.css(selector):
            node.decompose()
    if tree.body is None:
        return ""
    pieces: list[str] = []
    for node in tree.body.traverse(include_text=True):
        _take(node, pieces)
    return "\n".join(" ".join(line.split()) for line in "".join(pieces).split("\n"))


def _take(node: LexborNode, pieces: list[str]) -> None:
    if node.tag == "-text":
        # Line breaks of the source are only spaces; a no-break space is a space to read.
        pieces.append(" ".join(f"|{node.text_content or ''}|".split())[1:-1])
    elif node.tag in _BLOCKS:
        pieces.append("\n")


def _attribution(lines: list[str], number: int) -> int:
    """Return over how many lines "El … escribió:" goes from here; 0 when there is none."""
    if not _OPENING.match(lines[number].strip()):
        return 0
    for count in range(1, _FEW_LINES + 1):
        joined = " ".join(line.strip() for line in lines[number : number + count])
        if _ATTRIBUTION.fullmatch(joined):
            return count
    return 0


def _is_quoted(lines: list[str], number: int) -> bool:
    following = next((line for line in lines[number:] if line.strip()), ">")
    return following.lstrip().startswith(">")


def _ends_here(lines: list[str], number: int) -> bool:
    line = lines[number].strip()
    if _SIGNATURE.fullmatch(line) or (line and _HISTORY.fullmatch(line)):
        return True
    if _RULE.fullmatch(line):
        return _is_header_block(lines, number + 1)
    return bool(_SENDER_LINE.fullmatch(line)) and _is_header_block(lines, number)


def _is_header_block(lines: list[str], number: int) -> bool:
    """Tell whether the next lines are the headers that Outlook writes over what it quotes."""
    following = [line.strip() for line in lines[number : number + 2 * _FEW_LINES] if line.strip()]
    found = [line for line in following[:_FEW_LINES] if _HEADER_LINE.fullmatch(line)]
    return len(found) == _FEW_LINES and bool(_SENDER_LINE.fullmatch(found[0]))


def _is_courtesy(line: str, what: re.Pattern[str]) -> bool:
    return not (bare := _bare(line)) or bool(what.fullmatch(bare))


def _bare(line: str) -> str:
    return line.strip(" \t,.;:!¡-–—*")


def _tidy(lines: list[str]) -> str:
    text = "\n".join(lines).strip()
    return re.sub(r"\n{3,}", "\n\n", text)[:LONGEST].strip()
