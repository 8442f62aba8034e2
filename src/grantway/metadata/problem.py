"""The one refusal of everything that reads metadata (security.md S63)."""


class MetadataProblem(Exception):
    """A file, an archive or a value in it cannot be taken.

    `text` is a sentence for the administrator who brought the file and never quotes its secrets; `line` is the line of
    the file it is about, counted from 1, or None where no single line is.
    """

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text if line is None else f"line {line}: {text}")
        self.text = text
        self.line = line
