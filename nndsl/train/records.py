"""What ``run.json`` says of a run, and the model that a folder holds."""

from __future__ import annotations

import ast
import dataclasses
import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from nndsl.compiler import Compiled
from nndsl.compiler import compile as compile_model
from nndsl.recipes import find
from nndsl.recipes.base import Recipe
from nndsl.settings import FitSettings
from nndsl.train.data import Place
from nndsl.train.errors import TrainingError
from nndsl.train.given import settings_of
from nndsl.train.run import SOURCE, RunFolder, description, environment

IMPORTS = "sources"
"""The folder of all files of a model that imports others."""


def describe(folder: RunFolder, compiled: Compiled, record: Mapping[str, Any]) -> None:
    """Write ``run.json``, and the text of the model with all that it imports."""
    texts = compiled.origin.texts
    if len(texts) > 1:
        paths = [path for path, _ in texts if path is not None]
        top = Path(os.path.commonpath([path.parent for path in paths]))
        for path, text in texts:
            assert path is not None
            copy = folder.path / IMPORTS / path.relative_to(top)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text, encoding="utf-8", newline="\n")
        record = {**record, "main": (Path(IMPORTS) / paths[0].relative_to(top)).as_posix()}
    folder.describe(record, texts[0][1])


def record_of(compiled: Compiled, data: Any, validation_data: Any, device: object) -> dict[str, Any]:
    """Return what ``run.json`` is to say of a run."""
    origin, fit = compiled.origin, compiled.fit
    assert fit is not None
    return {
        "model": compiled.name,
        "file": None if origin.path is None else str(origin.path),
        "root": None if origin.root is None else str(origin.root.absolute()),
        "set": {name: repr(value) for name, value in origin.settings.items()},
        "data": data_record(data),
        "validation_data": data_record(validation_data),
        "fit": fit_record(fit),
        "device": str(device),
        "environment": environment(str(device)),
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "finished": False,
    }


def fit_record(fit: FitSettings) -> dict[str, Any]:
    """Return the settings of a fit block that are numbers."""
    names = ("epochs", "batch_size", "validation_split", "shuffle", "seed", "class_weight")
    return {name: getattr(fit, name) for name in names}


def data_record(data: Any) -> Any:
    """Return how data are found again: null for those of the fit block, or that came from Python."""
    if isinstance(data, str | Path):
        return {"path": str(Path(data).absolute())}
    if isinstance(data, Recipe):
        return {"recipe": type(data).__name__, "arguments": dataclasses.asdict(data), "folder": str(Path.cwd())}
    return None if data is None else {"python": type(data).__name__}


def data_of(record: Mapping[str, Any] | None, what: str) -> tuple[Any, Place | None]:
    """Return data that were recorded, and where their paths begin. Raises TrainingError (E1208) for those of Python."""
    match record:
        case None:
            return None, None
        case {"path": str(path)}:
            return path, None
        case {"recipe": str(name), "arguments": dict(arguments), "folder": str(folder)}:
            declared = find("data", name)
            assert declared is not None
            return declared(**{key: _tuples(value) for key, value in arguments.items()}), Place(Path(folder))
    message = f"the run was given its {what} in Python, where it cannot be found again"
    raise TrainingError("E1208", message, "go on with `nndsl.fit(model, data, resume=…)`, or give `--data`")


def model_of(folder: Path, allow: Iterable[str] = ()) -> tuple[Compiled, dict[str, Any]]:
    """Return the model of a run's folder, compiled, and its record. Raises TrainingError (E1109), NNDSLError.

    ``allow`` are the modules that layers of Python may come from: the folder, which may be from anyone, has no say.
    """
    record = description(folder)
    try:
        settings = {name: ast.literal_eval(text) for name, text in record["set"].items()}
        main, root = folder / SOURCE, folder
        if "main" in record:
            main, root = folder / str(record["main"]), folder / IMPORTS
        name = str(record["model"])
    except (KeyError, TypeError, ValueError, SyntaxError, AttributeError):
        message = f"{folder} does not hold a run of this version: its run.json has another form"
        raise TrainingError("E1109", message, "go on with the version of nndsl that wrote it") from None
    return compile_model(main, name, settings, root, allow=allow), record


def with_recorded(compiled: Compiled, record: Mapping[str, Any]) -> Compiled:
    """Return a run's model with the settings that the run has; its sources and callbacks are those of the file."""
    fit = record["fit"]
    recorded = settings_of(FitSettings(), **{**fit, "class_weight": dict(fit["class_weight"])})
    own = compiled.fit or FitSettings()
    kept = {name: getattr(own, name) for name in ("data", "validation_data", "callbacks")}
    return dataclasses.replace(compiled, fit=dataclasses.replace(recorded, **kept))


def place_of_file(compiled: Compiled) -> Place:
    """Return where the paths in a fit block begin: in the folder of its file, inside the root."""
    path, root = compiled.origin.path, compiled.origin.root
    folder = path.parent if path is not None else Path()
    return Place(folder, root or folder)


def place_of(record: Mapping[str, Any]) -> Place:
    """Return where the paths in the fit block of a run's model begin, and what they stay inside."""
    if record["file"] is None:
        return Place()
    folder = Path(record["file"]).parent
    return Place(folder, Path(record["root"]) if record["root"] is not None else folder)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
