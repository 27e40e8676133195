#!/usr/bin/env python3
"""Draws what `./dev bench --json FILE` wrote: plot.py FILE > docs/performance.svg

Each row that has a bar is drawn against it, on a logarithmic axis: to the right of the line it is met.
The thin line is the spread of the repetitions.
"""

import json
import math
import sys
from xml.sax.saxutils import escape

ROW_PX = 18
LABEL_PX = 330
WIDTH_PX = 900
TOP_PX = 48
FARTHEST = 32  # times better or worse; what lies beyond is drawn at the edge


def figures(row):
    """The figure that is held to the bar, and its spread."""
    if row["ratio"] is None:
        figure = row["value"]
    else:
        figure = row["ratio"]
    low = figure if row["low"] is None else row["low"]
    high = figure if row["high"] is None else row["high"]
    return figure, low, high


def against_bar(row):
    """How many times better than the bar, and the spread of that; None: there is no such number."""
    figure, low, high = figures(row)
    bar = row["bar"]
    if bar is None or min(figure, low, high, bar) <= 0:
        return None
    at_least = (figure >= bar) == row["met"]
    if at_least:
        return figure / bar, low / bar, high / bar
    return bar / figure, bar / high, bar / low


def x_of(times):
    share = math.log(min(max(times, 1 / FARTHEST), FARTHEST)) / math.log(FARTHEST)
    middle = (LABEL_PX + WIDTH_PX - 20) / 2
    return middle + share * (WIDTH_PX - 20 - LABEL_PX) / 2


def text(x, y, words, anchor="start", colour="#333"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def line(x1, y1, x2, y2, colour, width=1):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{colour}" stroke-width="{width}"/>')


def draw(rows):
    height = TOP_PX + ROW_PX * len(rows) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" height="{height}" '
        f'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH_PX}" height="{height}" fill="white"/>',
        text(LABEL_PX, 16, "each row against its bar: to the right of 1 it is met"),
    ]
    for times in (1 / 16, 1 / 4, 1, 4, 16):
        label = f"{times:g}×" if times >= 1 else f"1/{1 / times:g}"
        parts.append(text(x_of(times), 34, label, "middle", "#777"))
        parts.append(line(x_of(times), 40, x_of(times), height - 6, "#333" if times == 1 else "#ddd"))
    for number, (name, met, (times, low, high)) in enumerate(rows):
        y = TOP_PX + ROW_PX * number + ROW_PX / 2
        left, right = sorted((x_of(1), x_of(times)))
        parts.append(text(LABEL_PX - 8, y + 4, name, "end"))
        parts.append(f'<rect x="{left:.1f}" y="{y - 5:.1f}" width="{max(right - left, 1):.1f}" height="10" '
                     f'fill="{"#5a9e6f" if met else "#c9705d"}"/>')
        parts.append(line(x_of(low), y, x_of(high), y, "#222"))
    parts.append("</svg>")
    return "\n".join(parts)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = json.load(file)
    drawn = [(row["name"], row["met"], against_bar(row)) for row in rows]
    print(draw([row for row in drawn if row[2] is not None]))


if __name__ == "__main__":
    main()
