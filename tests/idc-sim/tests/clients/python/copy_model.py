"""Copies botocore's model of a service to ~/.aws/models, where the AWS CLI looks for it too: copy_model.py SERVICE

The AWS CLI reads plain JSON only.
"""

import gzip
import pathlib
import sys

import botocore

service = sys.argv[1]
data = pathlib.Path(botocore.__file__).parent / "data"
files = sorted((data / service).glob("*/*.json*"))
if not files:
    raise SystemExit(f"botocore {botocore.__version__} has no {service}")
for file in files:
    content = file.read_bytes()
    copy = pathlib.Path.home() / ".aws/models" / file.relative_to(data)
    if copy.suffix == ".gz":
        content = gzip.decompress(content)
        copy = copy.with_suffix("")
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(content)
