"""Lists the bucket given as the second argument, by s3fs and the profile that is the first."""

import sys

import s3fs

print(s3fs.S3FileSystem(profile=sys.argv[1]).ls(sys.argv[2]))
