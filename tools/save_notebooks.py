"""Run the notebooks offline, from top to bottom, and save them with outputs that read well on a code host.

    python tools/save_notebooks.py                 all of them
    python tools/save_notebooks.py 04_tools …      some

Charts become still pictures, sound becomes a line that says so, widgets are left out, and the paths of this
machine become those a reader would have.
"""

from __future__ import annotations

import base64
import io
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
import vl_convert
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
CELL_TIMEOUT = 120
LIMIT = 200_000
"""Bytes of output one notebook may hold."""

UNSEEN = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GEMINI_LIVE_URL", "GOOGLE_GENAI_USE_VERTEXAI")
"""Variables the kernel does not get."""
RUNS = "~/.local/share/gemini-live-nb/runs"
AUDIO = re.compile(r"<audio\b.*?</audio>", re.DOTALL)
HEAVY = re.compile(r"widget|javascript|vegalite|vega\.v")
EARS = "<em>🔊 run this cell to hear it</em>"


def main() -> int:
    """Save the notebooks named on the command line, all if none is."""
    names = sys.argv[1:] or sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    for name in names:
        started = time.monotonic()
        notebook = save(NOTEBOOKS / f"{Path(name).stem}.ipynb")
        size = weight(notebook)
        print(f"{name:<24} {time.monotonic() - started:5.1f} s  {size / 1000:6.1f} kB of output")
        if size > LIMIT:
            print(f"{name} holds more than {LIMIT / 1000:.0f} kB of output", file=sys.stderr)
            return 1
    return 0


def save(path: Path) -> Any:
    """Run one notebook and write it back."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = run(nbformat.read(path, as_version=4), Path(folder))
        lighten(notebook, places(Path(folder)))
    nbformat.write(notebook, path)
    return notebook


def run(notebook: Any, folder: Path, *, extra: dict[str, str] | None = None) -> Any:
    """Run every cell in a kernel that sees no key and keeps its runs in `folder`.

    Args:
        notebook: What to run; its outputs are filled in.
        folder: The kernel's working folder.
        extra: Further environment variables.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed.
    """
    environment = {name: value for name, value in os.environ.items() if name not in UNSEEN}
    environment |= {"GEMINI_LIVE_RUNS": str(folder / "runs"), "PYTHONNOUSERSITE": "1"} | (extra or {})
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
    )
    client.execute(env=environment)
    return notebook


def places(folder: Path) -> dict[str, str]:
    """What stands in for the paths of this machine, the longest first."""
    found = {
        str(folder.resolve() / "runs"): RUNS,
        str(folder / "runs"): RUNS,
        str(folder.resolve()): "notebooks",
        str(folder): "notebooks",
        str(ROOT): ".",
        str(Path.home()): "~",
        tempfile.gettempdir(): "<tmp>",
    }
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def lighten(notebook: Any, replacements: dict[str, str]) -> None:
    """Keep of every output what a reader without a kernel can see, and nothing of this machine."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
        if cell.cell_type == "code":
            kept = (light(output, replacements) for output in joined(cell.outputs))
            cell.outputs = [output for output in kept if output is not None]


def joined(outputs: list[Any]) -> list[Any]:
    """Put together what was printed piece by piece."""
    found: list[Any] = []
    for output in outputs:
        last = found[-1] if found else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            found.append(output)
    return found


def light(output: Any, replacements: dict[str, str]) -> Any:
    """Return the output made light, or None where nothing of it is worth keeping."""
    if output.output_type == "stream":
        output.text = plain(last_lines(output.text), replacements)
        return output if output.text.strip() else None
    if output.output_type == "error":
        output.traceback = [plain(line, replacements) for line in output.traceback]
        return output
    output.metadata = {}
    data = dict(output.data)
    chart = next((value for name, value in data.items() if "vegalite" in name), None)
    if chart is not None:
        output.data = {"image/png": picture(chart), "text/plain": "a chart; run this cell to zoom into it"}
        return output
    widget = any("widget-view" in name for name in data)
    data = {name: value for name, value in data.items() if not HEAVY.search(name)}
    if "text/html" in data:
        data["text/html"] = plain(AUDIO.sub(EARS, data["text/html"]), replacements)
    if "text/plain" in data:
        data["text/plain"] = plain(data["text/plain"], replacements)
    if widget and set(data) <= {"text/plain"}:
        return None
    output.data = data
    return output if data else None


def picture(chart: dict[str, Any]) -> str:
    """Draw a Vega-Lite chart as a small PNG, base64: a chart has few colours."""
    drawn = Image.open(io.BytesIO(vl_convert.vegalite_to_png(chart, scale=1.25)))
    page = Image.new("RGB", drawn.size, "white")
    page.paste(drawn, mask=drawn.getchannel("A") if "A" in drawn.getbands() else None)
    file = io.BytesIO()
    page.quantize(48).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def last_lines(text: str) -> str:
    """Of lines that were overwritten (progress bars), keep what was last seen."""
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))


def plain(text: str, replacements: dict[str, str]) -> str:
    """Put a reader's paths in the place of this machine's."""
    for path, instead in replacements.items():
        text = text.replace(path, instead)
    return text


def weight(notebook: Any) -> int:
    """Bytes of all outputs, as they stand in the file."""
    return sum(len(nbformat.writes(_alone(cell), 4)) for cell in notebook.cells if cell.get("outputs"))


def _alone(cell: Any) -> Any:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=cell.outputs)])


if __name__ == "__main__":
    sys.exit(main())
