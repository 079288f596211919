def main(größe: int, 名前: str):
    """Ein Maß — 幅."""
    ergebnis = "äöü😀" + größe
    return 名前 * 名前 + ergebnis
