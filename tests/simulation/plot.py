"""The share of late tickets by utilisation, as a picture: one panel for each way of working."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from .desk import Model
from .measures import Quality
from .rivals import FIRST_COME, LEAST_LOADED, OURS, ROUND_ROBIN

#: What every utilisation has found: by who gives out the tickets, round by round.
Sweep = Mapping[float, Mapping[str, Sequence[Quality]]]

#: How everybody is drawn: colour, mark, width of the line.
STYLES: Final[Mapping[str, tuple[str, str, float]]] = {
    OURS: ("#0b6e4f", "o", 2.6),
    LEAST_LOADED: ("#c8553d", "s", 1.6),
    ROUND_ROBIN: ("#588bae", "^", 1.6),
    FIRST_COME: ("#8a7090", "D", 1.6),
}


def draw(sweeps: Mapping[Model, Sweep], path: Path) -> None:
    """Write the picture to `path` (PNG)."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import PercentFormatter

    figure, panels = plt.subplots(1, len(sweeps), figsize=(5.5 * len(sweeps), 4.2), squeeze=False)
    for panel, (model, sweep) in zip(panels[0], sweeps.items(), strict=True):
        for name, (colour, mark, width) in STYLES.items():
            shares = [[one.late for one in found[name]] for found in sweep.values()]
            middle = [median(several) for several in shares]
            panel.plot(list(sweep), middle, color=colour, marker=mark, linewidth=width, label=name)
            low, high = [min(several) for several in shares], [max(several) for several in shares]
            panel.fill_between(list(sweep), low, high, color=colour, alpha=0.12, linewidth=0)
        panel.set_title(f"Tickets worked on {model.name}")
        panel.set_xlabel("utilisation")
        panel.set_ylabel("tickets with a breached SLA")
        panel.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        panel.yaxis.set_major_formatter(PercentFormatter(1))
        panel.set_ylim(bottom=0)
        panel.grid(alpha=0.25)
        panel.legend(frameon=False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
    plt.close(figure)
