"""Throughput over connections as a drawing: docs/flash-sale.svg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

CHART = Path(__file__).parent.parent / "docs/flash-sale.svg"


def draw(disks: Mapping[str, Mapping[str, Sequence[tuple[int, float]]]]) -> None:
    """One panel a disk, one line a design: calls per second at each number of connections."""
    mpl.rcParams["svg.hashsalt"] = "flash-sale"  # the same figures give the same file
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    panels = figure.subplots(1, len(disks), sharey=True, squeeze=False)[0]
    for panel, (disk, designs) in zip(panels, disks.items(), strict=True):
        for name, points in designs.items():
            panel.plot(*zip(*points, strict=True), marker="o", label=name)
        ticks = sorted({connections for points in designs.values() for connections, _ in points})
        panel.set(title=disk, xscale="log", xlabel="connections", ylim=(0, None))
        panel.set_xticks(ticks, labels=[str(tick) for tick in ticks], minor=False)
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("calls a second")
    panels[0].legend(frameon=False)
    figure.savefig(CHART, metadata={"Date": None})
