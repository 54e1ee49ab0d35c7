"""What the test found: promises that hold or do not, and tables."""


class Report:
    """Collects and prints."""

    def __init__(self):
        self.passed = 0
        self.failed = []

    def scene(self, title):
        print(f"\n== {title}", flush=True)

    def note(self, text):
        print(f"   {text}", flush=True)

    def promise(self, text, holds, found=""):
        """Something that must hold, and what was found."""
        found = f": {found}" if found != "" else ""
        print(f"   {'ok  ' if holds else 'FAIL'} {text}{found}", flush=True)
        if holds:
            self.passed += 1
        else:
            self.failed.append(text)
        return holds

    def table(self, heads, rows):
        rows = [[str(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(heads, *rows)]
        for row in [heads, ["-" * width for width in widths], *rows]:
            cells = [cell.ljust(width) if number == 0 else cell.rjust(width) for number, (cell, width) in enumerate(zip(row, widths))]
            print("   " + "  ".join(cells).rstrip(), flush=True)


def milliseconds(seconds):
    return f"{1000 * seconds:.0f} ms"


def percent(share):
    return f"{100 * share:.1f} %"
