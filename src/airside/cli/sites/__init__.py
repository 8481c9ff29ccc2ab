"""Sites: a folder into a bucket, the edge told of it, and each deploy a release to go back to.

Plain S3, STS and CloudFront calls: they do the same on Airside and on AWS.
"""
