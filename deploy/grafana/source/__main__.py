"""Write every board as JSON beside this folder: `python -m deploy.grafana.source`."""

from __future__ import annotations

from pathlib import Path

from .written import FOLDER, written


def main() -> None:
    """Write what has changed and say so."""
    for name, content in written().items():
        path = Path(FOLDER / name)
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            print(f"{path.relative_to(Path.cwd())}: written")
    print(f"{len(written())} dashboards are fresh.")


if __name__ == "__main__":
    main()
