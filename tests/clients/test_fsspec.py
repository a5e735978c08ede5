"""fsspec/s3fs and pyarrow: Parquet written and read by ranges, through both file systems."""

import fsspec
import pyarrow
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet
import pytest

from conftest import bytes_of
from sluice import ACCESS_KEY, SECRET_KEY

ROWS = 200_000


@pytest.fixture
def by_fsspec(server, bucket_name):
    options = {"endpoint_url": server.endpoint, "region_name": "us-east-1"}
    system = fsspec.filesystem("s3", key=ACCESS_KEY, secret=SECRET_KEY, client_kwargs=options, skip_instance_cache=True)
    system.mkdir(bucket_name)
    return system


@pytest.fixture
def by_arrow(server, by_fsspec):
    return pyarrow.fs.S3FileSystem(
        access_key=ACCESS_KEY, secret_key=SECRET_KEY, endpoint_override=f"127.0.0.1:{server.port}", scheme="http", region="us-east-1"
    )


@pytest.fixture
def table():
    numbers = list(range(ROWS))
    return pyarrow.table({"id": numbers, "name": [f"name {number}" for number in numbers], "part": [number % 4 for number in numbers]})


@pytest.mark.needs("own_bucket")
def test_files(by_fsspec, bucket_name):
    content = bytes_of(12 * 1024 * 1024)
    with by_fsspec.open(f"{bucket_name}/dir/file", "wb", block_size=5 * 1024 * 1024) as stream:
        for start in range(0, len(content), 1_000_000):
            stream.write(content[start : start + 1_000_000])
    assert by_fsspec.cat_file(f"{bucket_name}/dir/file") == content
    assert by_fsspec.cat_file(f"{bucket_name}/dir/file", start=5_000_000, end=5_000_100) == content[5_000_000:5_000_100]
    assert by_fsspec.cat_file(f"{bucket_name}/dir/file", start=-10) == content[-10:]
    by_fsspec.copy(f"{bucket_name}/dir/file", f"{bucket_name}/copy")
    by_fsspec.pipe(f"{bucket_name}/small", b"small")
    assert sorted(by_fsspec.ls(bucket_name, detail=False)) == [f"{bucket_name}/{name}" for name in ("copy", "dir", "small")]
    assert by_fsspec.info(f"{bucket_name}/copy")["size"] == len(content)
    by_fsspec.mv(f"{bucket_name}/small", f"{bucket_name}/moved")
    assert by_fsspec.cat(f"{bucket_name}/moved") == b"small"
    assert by_fsspec.find(bucket_name) == [f"{bucket_name}/{name}" for name in ("copy", "dir/file", "moved")]
    by_fsspec.rm(bucket_name, recursive=True)
    assert not by_fsspec.exists(f"{bucket_name}/copy")


@pytest.mark.parametrize("kind", ["fsspec", "arrow"])
def test_parquet_is_written_and_read_by_ranges(kind, by_fsspec, by_arrow, table, bucket_name):
    system = by_fsspec if kind == "fsspec" else by_arrow
    path = f"{bucket_name}/table.parquet"
    pyarrow.parquet.write_table(table, path, filesystem=system, row_group_size=10_000)
    assert pyarrow.parquet.read_table(path, filesystem=system).equals(table)
    with system.open(path) if kind == "fsspec" else system.open_input_file(path) as stream:
        file = pyarrow.parquet.ParquetFile(stream)
        group = file.read_row_group(7, columns=["name"])
    assert group.column("name").to_pylist() == [f"name {number}" for number in range(70_000, 80_000)]


@pytest.mark.parametrize("kind", ["fsspec", "arrow"])
def test_a_partitioned_dataset(kind, by_fsspec, by_arrow, table, bucket_name):
    system = by_fsspec if kind == "fsspec" else by_arrow
    base = f"{bucket_name}/dataset"
    pyarrow.dataset.write_dataset(table, base, format="parquet", partitioning=["part"], filesystem=system)
    found = pyarrow.dataset.dataset(base, format="parquet", partitioning=["part"], filesystem=system)
    part = found.to_table(filter=pyarrow.dataset.field("part") == 3)
    assert sorted(part.column("id").to_pylist()) == list(range(3, ROWS, 4))


def test_what_one_writes_the_other_reads(by_fsspec, by_arrow, table, bucket_name):
    pyarrow.parquet.write_table(table, f"{bucket_name}/t", filesystem=by_fsspec)
    assert pyarrow.parquet.read_table(f"{bucket_name}/t", filesystem=by_arrow).equals(table)
    with by_arrow.open_output_stream(f"{bucket_name}/raw") as stream:
        stream.write(bytes_of(15 * 1024 * 1024))
    assert by_fsspec.cat(f"{bucket_name}/raw") == bytes_of(15 * 1024 * 1024)
