"""The tables: medians, spreads, and ratios to each peer."""

import html
import json
import os
import platform


def progress(work):
    print(f"\n{work.name}: CPU microseconds a {work.unit}", flush=True)
    first = next(iter(work.rows.values())).median()
    for name, row in work.rows.items():
        more = ""
        if row.median("per_second") is not None:
            more = f"  {row.median('per_second'):9.0f}/s"
        if row.median("p99_us") is not None:
            more += f"  p99 {row.median('p99_us'):7.0f} us"
        print(f"  {name:20s} {row.median():9.2f}  ±{row.spread() * 50:3.0f} %"
              f"  x{row.median() / first:6.2f}{more}", flush=True)


def progress_footprint(row, n):
    name, start, idle, busy, each = row
    print(f"  {name:26s} start {start:6.1f} ms  idle {idle:6d} KiB  "
          f"busy {busy:6d} KiB  "
          + ("does not hold" if each is None else f"{each:5.2f} KiB a client")
          + f" ({n})", flush=True)


def markdown(works, footprint):
    lines = []
    for w in works:
        lines += ["", f"**{w.name}**, CPU µs a {w.unit}", "",
                  "| | median | spread | ours / it | a second | p99 µs |",
                  "| --- | ---: | ---: | ---: | ---: | ---: |"]
        first = next(iter(w.rows.values())).median()
        for name, row in w.rows.items():
            rate, p99 = row.median("per_second"), row.median("p99_us")
            lines.append(
                f"| {name} | {row.median():.2f} | {row.spread() * 100:.0f} % "
                f"| {first / row.median():.2f} "
                f"| {'' if rate is None else f'{rate:,.0f}'} "
                f"| {'' if p99 is None else f'{p99:,.0f}'} |")
    if footprint:
        n, rows = footprint
        lines += ["", "**Memory and start-up**", "",
                  f"| | start ms | idle KiB | busy KiB (256 clients, lists) "
                  f"| KiB an idle client ({n}) |",
                  "| --- | ---: | ---: | ---: | ---: |"]
        for name, start, idle, busy, each in rows:
            lines.append(f"| {name} | {start:.1f} | {idle:,} | {busy:,} | "
                         + ("–" if each is None else f"{each:.2f}") + " |")
    return "\n".join(lines) + "\n"


# --- the chart ----------------------------------------------------------------

COLOURS = ("#1d63ed", "#9a6700", "#bc4c00", "#cf222e", "#1a7f37", "#6e7781",
           "#8250df", "#0969da")
LEFT, BAR, WIDTH, LONGEST = 190, 12, 760, 440


def svg(works):
    """Bars of CPU time, each work's in proportion to its dearest peer's."""
    parts, y = [], 24
    for w in works:
        values = {n: r.median() for n, r in w.rows.items()}
        most = max(values.values()) or 1
        parts.append(text(8, y, f"{w.name}: CPU µs a {w.unit}", "bold"))
        for i, (name, value) in enumerate(values.items()):
            y += BAR + 4
            long = LONGEST * value / most
            parts += [text(24, y + BAR - 2, name),
                      f'<rect x="{LEFT}" y="{y}" width="{long:.1f}" '
                      f'height="{BAR}" fill="{COLOURS[i % len(COLOURS)]}"/>',
                      text(LEFT + long + 6, y + BAR - 2, f"{value:.2f}")]
        y += 2 * BAR + 18
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{y}" font-family="sans-serif" font-size="12">\n'
            f'<rect width="{WIDTH}" height="{y}" fill="white"/>\n'
            + "\n".join(parts) + "\n</svg>\n")


def text(x, y, words, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y}" font-weight="{weight}">'
            f"{html.escape(words)}</text>")


def figures(works, footprint):
    return {
        "machine": {"system": platform.platform(), "cpus": os.cpu_count()},
        "works": [{"name": w.name, "unit": w.unit, "peers": {
            n: {"cpu_us": [s.cpu_us for s in r.samples],
                "per_second": r.median("per_second"),
                "p99_us": r.median("p99_us")}
            for n, r in w.rows.items()}} for w in works],
        "footprint": footprint,
    }


def write(works, footprint, o):
    if o.json:
        with open(o.json, "w") as f:
            json.dump(figures(works, footprint), f, indent=1)
    if o.markdown:
        with open(o.markdown, "w") as f:
            f.write(markdown(works, footprint))
    if o.chart:
        with open(o.chart, "w") as f:
            f.write(svg(works))
    print(f"\nbench: {len(works)} works measured")
