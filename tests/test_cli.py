from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from verify_media.cli import main


def ends(*args: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(args)
    return int(stop.value.code or 0)


def test_a_missing_name_says_what_to_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    assert ends(str(tmp_path)) == 2
    assert '--name "Willow & Thread"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("nowhere", "--name", "x"), 3),
        (("{folder}", "--name", "x"), 3),
        (("{folder}", "--name", "x", "--policy", "etsy"), 2),
        (("{folder}", "--name", "x", "--asin", "oops"), 2),
        (("{folder}", "--nonsense"), 2),
        (("explain", "nothing-such"), 2),
    ],
)
def test_exit_codes(tmp_path: Path, args: tuple[str, ...], code: int) -> None:
    assert ends(*(arg.format(folder=tmp_path) for arg in args)) == code


def test_output_inside_the_folder_of_shots_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    assert ends(str(tmp_path), "--name", "x", "--out", str(tmp_path / "out")) == 5


def test_an_internal_error_has_its_own_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("verify_media.pipeline.run", broken)
    assert ends(str(tmp_path), "--name", "x") == 70


def test_an_interruption_has_its_own_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("verify_media.pipeline.run", interrupted)
    assert ends(str(tmp_path), "--name", "x") == 130


def test_an_interruption_while_a_compiled_library_is_loaded_is_one_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise ImportError("initialization failed") from KeyboardInterrupt()

    monkeypatch.setattr("verify_media.pipeline.run", interrupted)
    assert ends(str(tmp_path), "--name", "x") == 130


def test_policies_and_explain_print(capsys: pytest.CaptureFixture[str]) -> None:
    main(["policies"])
    main(["policies", "show", "generic"])
    main(["explain", "mark-physical"])
    printed = capsys.readouterr().out
    assert "amazon-handmade-appeal" in printed
    assert 'id = "generic"' in printed
    assert "Is the mark really in the scene?" in printed


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from verify_media.cli import cli; cli.main(['--help'], standalone_mode=False); "
        "heavy = {'cv2', 'numpy', 'onnxruntime', 'av', 'PIL', 'rich'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_help_starts_in_a_fraction_of_a_second() -> None:
    """In CPU seconds of the process, since machines are busy; the bare interpreter's start is left out."""

    def cpu_s(*args: str) -> float:
        before = os.times()
        subprocess.run([sys.executable, *args], check=True, capture_output=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    bare = min(cpu_s("-c", "pass") for _ in range(3))
    assert min(cpu_s("-m", "verify_media", "--help") for _ in range(3)) - bare < 0.3


def test_the_help_in_the_readme_is_the_present_one() -> None:
    root = Path(__file__).resolve().parent.parent
    subprocess.run([sys.executable, str(root / ".ci" / "readme_help.py"), "--check"], check=True)
