"""Draw the figures of a run as SVG: python -m bench.chart FIGURES.json CHART.svg"""

import argparse
import json
from html import escape
from pathlib import Path
from typing import Any

_WIDTH, _LEFT, _RIGHT = 760, 230, 130
_BAR, _GAP, _TOP = 13, 16, 64
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 } .small { font-size: 11px; fill: #59636e }
  .sqlite { fill: #0b6e99 } .postgres { fill: #6f5bb5 } .one { stroke: #59636e; stroke-dasharray: 3 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .sqlite { fill: #4fb3d9 } .postgres { fill: #a99af0 }
    .one { stroke: #9198a1 }
  }
"""


def chart(results: list[dict[str, Any]]) -> str:
    """Return the SVG: for each case, how many times the peer's rate ours is."""
    engines = [name for name in results[0]["rows"] if name != "oidc-provider"]
    ratios = [result["rows"][name]["ratio"] for result in results for name in engines]
    scale = (_WIDTH - _LEFT - _RIGHT) / max(1.0, *ratios)
    row = _BAR * len(engines) + _GAP
    height = _TOP + row * len(results) + 24
    one = _LEFT + scale
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="t">',
        f"<style>{_STYLE}</style>",
        '<title id="t">Requests per second, in relation to oidc-provider in the same run</title>',
        f'<text class="title" x="0" y="18">Requests per second, {results[0]["connections"]} connections</text>',
        '<text class="small" x="0" y="36">in relation to oidc-provider (Node.js, tokens in memory) in the same run; '
        "ours writes each token to disk before it answers</text>",
        f'<line class="one" x1="{one:.1f}" x2="{one:.1f}" y1="{_TOP - 10}" y2="{height - 20}"/>',
        f'<text class="small" x="{one + 4:.1f}" y="{_TOP - 2}">1 ×</text>',
    ]
    for number, result in enumerate(results):
        y = _TOP + number * row + 6
        parts.append(f'<text x="0" y="{y + 11}">{escape(result["about"])}</text>')
        for index, name in enumerate(engines):
            ratio, top = result["rows"][name]["ratio"], y + index * _BAR
            kind = "postgres" if "PostgreSQL" in name else "sqlite"
            width = ratio * scale
            cpu = f"{result['rows'][name]['cpu_us']:.0f} µs CPU"
            parts.append(f'<rect class="{kind}" x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR - 2}" rx="2"/>')
            parts.append(f'<text class="small" x="{_LEFT + width + 5:.1f}" y="{top + 9}">{ratio:.1f} × · {cpu}</text>')
    at = height - 6
    for index, name in enumerate(engines):
        kind = "postgres" if "PostgreSQL" in name else "sqlite"
        x = _LEFT + index * 190
        parts.append(f'<rect class="{kind}" x="{x}" y="{at - 9}" width="10" height="10" rx="2"/>')
        label = "Grantway, PostgreSQL" if kind == "postgres" else "Grantway, SQLite"
        parts.append(f'<text class="small" x="{x + 15}" y="{at}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> None:
    """Read figures, write the chart."""
    parser = argparse.ArgumentParser(prog="python -m bench.chart", description=__doc__)
    parser.add_argument("figures", type=Path, help="what bench/run --json wrote")
    parser.add_argument("chart", type=Path, help="the SVG file to write")
    chosen = parser.parse_args()
    chosen.chart.write_text(chart(json.loads(chosen.figures.read_text())))


if __name__ == "__main__":
    main()
