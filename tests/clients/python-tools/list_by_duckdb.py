"""Lists the bucket given as the second argument, by DuckDB and the profile that is the first."""

import importlib.util
import os
import pathlib
import sys

import duckdb

db = duckdb.connect()
for name in ["httpfs", "aws"]:
    package = pathlib.Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
    db.load_extension(str(next(package.rglob("*.duckdb_extension"))))
scheme, host = os.environ["AWS_ENDPOINT_URL_S3"].split("://")
db.execute(
    f"""CREATE SECRET (
        TYPE s3, PROVIDER credential_chain, CHAIN 'process', PROFILE '{sys.argv[1]}',
        REGION '{os.environ["AWS_REGION"]}', ENDPOINT '{host}', USE_SSL {scheme == "https"}, URL_STYLE 'path'
    )"""
)
print(db.execute(f"SELECT file FROM glob('s3://{sys.argv[2]}/*')").fetchall())
