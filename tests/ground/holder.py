"""python -m tests.ground.holder DATA_DIR: hold the server; each line on stdin is a statement."""

import sys
from pathlib import Path

import psycopg

from billing.database import holding


def main(data_dir: str) -> None:
    place = holding.hold(Path(data_dir))
    print("held", flush=True)
    for line in sys.stdin:
        holding.revive(Path(data_dir))
        with psycopg.connect(place.url(), autocommit=True) as connection:
            cursor = connection.execute(line.encode())
            row = cursor.fetchone() if cursor.description else None
            print(row[0] if row else "", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
