# No race but a check: the Parquet files that `deepscaler data` writes, as pyarrow reads them, and back: what pyarrow
# writes by each codec and page version, as we read it. Fails where a row differs.
environment parquet
work=$(mktemp -d)
trap 'rm -rf "$results" "$work"' EXIT
"$peers/parquet/bin/python" "$here/parquet_check.py" --program "$deepscaler" --work "$work"
