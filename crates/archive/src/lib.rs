//! The log as Parquet files.
