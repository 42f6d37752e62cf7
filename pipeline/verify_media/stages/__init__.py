"""The steps of the pipeline, one verb a file."""
