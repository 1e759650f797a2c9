"""The embedded server: shared, restarted, stopped, whoever is killed."""

import os
import signal
import socket
import stat
from pathlib import Path

import psutil
import pytest

from billing.database.holders import is_kept
from billing.database.place import Place
from tests.ground.processes import Holder, eventually, naming


def postmaster(data_dir: Path) -> psutil.Process:
    text = (Place.under(data_dir).cluster / "postmaster.pid").read_text()
    return psutil.Process(int(text.split()[0]))


def keeper(data_dir: Path) -> psutil.Process:
    return psutil.Process(int(Place.under(data_dir).keeper_pid.read_text()))


def test_data_is_kept_from_one_start_to_the_next(data_dir: Path) -> None:
    first = Holder(data_dir).ready()
    first.sql("create table kept as select 41 + 1 as answer")
    first.leave()
    assert naming(data_dir) == []

    second = Holder(data_dir).ready()

    assert second.sql("select answer from kept") == "42"
    second.leave()


def test_processes_that_start_at_once_share_one_server(data_dir: Path) -> None:
    holders = [Holder(data_dir) for _ in range(4)]
    for holder in holders:
        holder.ready()

    told = {holder.sql("select pg_postmaster_start_time()") for holder in holders}

    assert len(told) == 1
    for holder in holders:
        holder.leave()
    assert naming(data_dir) == []


def test_the_server_stays_until_the_last_holder_has_left(data_dir: Path) -> None:
    first, second = Holder(data_dir).ready(), Holder(data_dir).ready()

    first.leave()

    assert second.sql("select 1") == "1"
    second.leave()
    assert naming(data_dir) == []


def test_a_killed_holder_leaves_no_server_behind(data_dir: Path) -> None:
    holder = Holder(data_dir).ready()

    holder.kill()

    eventually(lambda: not naming(data_dir))


def test_a_killed_holder_does_not_stop_the_server_of_another(data_dir: Path) -> None:
    first, second = Holder(data_dir).ready(), Holder(data_dir).ready()
    began = second.sql("select pg_postmaster_start_time()")

    first.kill()

    assert second.sql("select pg_postmaster_start_time()") == began
    second.leave()


def test_a_killed_postmaster_is_started_again_with_its_data(data_dir: Path) -> None:
    holder = Holder(data_dir).ready()
    holder.sql("create table kept as select 42 as answer")
    killed = postmaster(data_dir)

    killed.kill()

    assert holder.sql("select answer from kept") == "42"
    assert postmaster(data_dir).pid != killed.pid
    holder.leave()


def test_a_killed_keeper_is_replaced(data_dir: Path) -> None:
    holder = Holder(data_dir).ready()
    holder.sql("create table kept as select 42 as answer")
    killed = keeper(data_dir)

    killed.kill()
    eventually(lambda: not is_kept(Place.under(data_dir)))
    # The server ends with its keeper, so that the holder alone is left.
    eventually(lambda: len(naming(data_dir)) == 1)

    assert holder.sql("select answer from kept") == "42"
    assert keeper(data_dir).pid != killed.pid
    holder.leave()


def test_a_pid_file_left_by_a_crash_is_no_obstacle(data_dir: Path) -> None:
    holder = Holder(data_dir).ready()
    holder.leave()
    # After a reboot the number in it may be that of any process: here it is this one.
    (Place.under(data_dir).cluster / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n")

    again = Holder(data_dir).ready()

    assert again.sql("select 1") == "1"
    again.leave()


def test_the_keeper_stops_the_server_when_it_is_told_to_end(data_dir: Path) -> None:
    holder = Holder(data_dir).ready()
    server = postmaster(data_dir)

    keeper(data_dir).send_signal(signal.SIGTERM)

    eventually(lambda: not server.is_running())
    holder.kill()


def test_the_server_is_reached_through_a_private_socket_alone(data_dir: Path) -> None:
    holder = Holder(data_dir).ready()
    server = postmaster(data_dir)

    assert [c for c in server.net_connections("inet") if c.status == psutil.CONN_LISTEN] == []
    assert stat.S_IMODE(Place.under(data_dir).sockets.stat().st_mode) == 0o700
    assert stat.S_IMODE(Place.under(data_dir).cluster.stat().st_mode) == 0o700
    holder.leave()


def test_a_data_dir_with_a_long_name_has_its_socket_elsewhere(data_dir: Path) -> None:
    deep = data_dir / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    holder = Holder(deep).ready()
    sockets = Place.under(deep).sockets

    assert holder.sql("select 1") == "1"
    assert sockets.parent == Path("/tmp")
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    holder.leave()
    sockets.rmdir()


def test_a_socket_directory_that_another_user_made_is_refused(data_dir: Path) -> None:
    deep = data_dir / ("c" * 60) / ("d" * 60)
    deep.mkdir(parents=True)
    sockets = Place.under(deep).sockets
    sockets.symlink_to(data_dir)

    holder = Holder(deep)

    assert holder.process.wait(timeout=30) == 1
    sockets.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be refused by PostgreSQL")
def test_root_runs_it_as_another_user_even_below_a_closed_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    holder = Holder(tmp_path).ready()

    assert postmaster(tmp_path).uids().real != 0
    assert holder.sql("select 1") == "1"
    holder.leave()


def test_nothing_listens_under_the_name_of_the_server_once_it_is_gone(data_dir: Path) -> None:
    Holder(data_dir).ready().leave()
    path = Place.under(data_dir).sockets / ".s.PGSQL.5432"

    with socket.socket(socket.AF_UNIX) as probe, pytest.raises(FileNotFoundError):
        probe.connect(str(path))
