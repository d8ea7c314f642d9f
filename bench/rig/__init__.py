"""What bench/run.py is made of: processes, cells, measurements, report."""
