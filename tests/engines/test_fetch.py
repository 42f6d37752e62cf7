"""Items and logos from an object store: moto's server on loopback stands in for S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("s3fs")
moto_server = pytest.importorskip("moto.server")

import fsspec

from verify_media.batch.source import Source
from verify_media.engines.fetch import fetched
from verify_media.engines.work import Job
from verify_media.records import Marks


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "FSSPEC_S3_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }.items():
        monkeypatch.setenv(name, value)
    fsspec.config.set_conf_env(fsspec.config.conf)
    store = fsspec.filesystem("s3", skip_instance_cache=True)
    store.makedirs("letters", exist_ok=True)
    for name in ("anna/1.jpg", "anna/2.jpg", "berta/1.jpg", "logo.png"):
        with store.open(f"letters/{name}", "wb") as file:
            file.write(name.encode())
    yield "s3://letters"
    server.stop()
    fsspec.config.conf.pop("s3", None)


def test_one_folder_below_the_url_is_one_submission(bucket: str) -> None:
    listed = list(Source(bucket, {"names": ("Anna",)}).submissions())
    assert [(one.name, len(one.jobs)) for one in listed] == [("anna", 2), ("berta", 1)]
    assert all(one.stamps[job.url] for one in listed for job in one.jobs)


def test_an_item_is_local_for_as_long_as_it_is_needed(bucket: str) -> None:
    job = Job("anna", f"{bucket}/anna/1.jpg", Marks(logos=(Path(f"{bucket}/logo.png"),)))
    with fetched(job) as (path, marks):
        assert path.name == "1.jpg" and path.read_bytes() == b"anna/1.jpg"
        assert marks.logos[0].read_bytes() == b"logo.png"
    assert not path.exists()


def test_a_missing_object_is_an_os_error(bucket: str) -> None:
    with pytest.raises(OSError), fetched(Job("anna", f"{bucket}/anna/9.jpg", Marks(names=("x",)))):
        pass
