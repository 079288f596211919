def main(*values, **options):
    return values
