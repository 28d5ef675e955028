import json
import subprocess
import sys
from pathlib import Path


def test_the_verifier_loads_no_server(tmp_path: Path) -> None:
    program = (
        "import sys, json; from pathlib import Path; from vestige.verify import verify_export;"
        "verdict = verify_export(Path(sys.argv[1]), None);"
        "loaded = {name.partition('.')[0] for name in sys.modules};"
        "print(json.dumps([verdict.exit_status, sorted(loaded)]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True, text=True
    )
    status, loaded = json.loads(answer.stdout)
    assert status == 2
    assert not {"django", "rest_framework", "celery", "psycopg", "mlflow", "torch"} & set(loaded)
