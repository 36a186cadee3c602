"""The campaign as one SVG: four panels over the same time, one line for each process, a mark for each kill."""

import html

WIDTH, PANEL, GAP, LEFT, RIGHT, TOP = 960, 170, 46, 70, 150, 50
# Okabe and Ito's colours, which the colour-blind can tell apart (2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def text(x, y, words, anchor="start", size=11, colour="#333"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">'
            f"{html.escape(words)}</text>")


class Panel:
    """One measure: `series` is a name, whether it is steady, and points (seconds, value)."""

    def __init__(self, title, series):
        self.title, self.series = title, series
        self.most = max([1e-9, *(value for _, _, points in series for _, value in points)]) * 1.1

    def draw(self, top, seconds):
        def x(at):
            return LEFT + at / seconds * (WIDTH - LEFT - RIGHT)

        def y(value):
            return top + PANEL * (1 - value / self.most)

        parts = [text(LEFT, top - 8, self.title, size=13, colour="#000")]
        for fraction in (0, 0.5, 1):
            at = y(self.most * fraction)
            parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
            parts.append(text(LEFT - 6, at + 4, f"{self.most * fraction:.3g}", "end"))
        for minute in range(0, int(seconds // 60) + 1, max(1, int(seconds // 600))):
            parts.append(text(x(minute * 60), top + PANEL + 14, f"{minute} min", "middle", 10))
        for number, (name, steady, points) in enumerate(self.series):
            colour = COLOURS[number % len(COLOURS)]
            line = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in points)
            dashes = "" if steady else ' stroke-dasharray="3 3" opacity="0.5"'
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"{dashes}/>')
            parts.append(text(WIDTH - RIGHT + 8, top + 12 + number * 14, name, colour=colour))
        return parts


def picture(title, panels, kills, seconds):
    """`kills`: seconds at which a process was killed."""
    height = TOP + len(panels) * (PANEL + GAP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
             f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>', text(LEFT, 20, title, size=15, colour="#000")]
    for at in kills:
        x = LEFT + at / seconds * (WIDTH - LEFT - RIGHT)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - GAP}" stroke="#f3c6c6"/>')
    for number, panel in enumerate(panels):
        parts += panel.draw(TOP + number * (PANEL + GAP), seconds)
    return "\n".join([*parts, "</svg>\n"])
