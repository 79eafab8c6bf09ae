"""Lists the bucket given as the second argument, by pyarrow's C++ SDK, which knows profiles by AWS_PROFILE only."""

import os
import sys

from pyarrow import fs

os.environ["AWS_PROFILE"] = sys.argv[1]
scheme, host = os.environ["AWS_ENDPOINT_URL_S3"].split("://")
s3 = fs.S3FileSystem(endpoint_override=host, scheme=scheme, region=os.environ["AWS_REGION"])
print([entry.path for entry in s3.get_file_info(fs.FileSelector(sys.argv[2]))])
