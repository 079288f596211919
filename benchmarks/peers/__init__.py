"""The workloads' programs as written for other systems. Each module imports its system."""
