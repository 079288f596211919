"""The network of `g2p-en` as the package ships it, without the packages that `predict` never uses.

`g2p_en.g2p` imports nltk (to tag sentences and to look words up in a dictionary) and inflect (to
spell numbers out) before it defines `G2p`. The network itself is NumPy. While the module is being
imported, empty stand-ins take the place of both; the classes that come out are the package's own,
byte for byte, and `G2p()` runs its own constructor, with an empty dictionary.
"""

import importlib
import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def load_g2p():
    """Return a `G2p` with its weights.

    Raises `ModuleNotFoundError` where g2p-en is not installed.
    """
    with _stand_ins(), warnings.catch_warnings():
        # Newer Pythons warn of "\-" in a string of the package.
        warnings.simplefilter("ignore")
        # The package leaves a file to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        module = importlib.import_module("g2p_en.g2p")
        return module.G2p()


def weights_path(g2p) -> Path:
    """Return the file that the weights come from."""
    return Path(sys.modules[type(g2p).__module__].__file__).parent / "checkpoint20.npz"


class _Tokenizer:
    def tokenize(self, text: str) -> list[str]:
        raise NotImplementedError("sentences need nltk; `predict` takes a word")


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Let `import nltk` and `import inflect` find modules with just the names that are imported."""
    made = {
        "nltk": _module("nltk", pos_tag=None, data=types.SimpleNamespace(find=lambda _: None)),
        "nltk.corpus": _module("nltk.corpus", cmudict=types.SimpleNamespace(dict=dict)),
        "nltk.tokenize": _module("nltk.tokenize", TweetTokenizer=_Tokenizer),
        "inflect": _module("inflect", engine=lambda: None),
    }
    before = {name: sys.modules[name] for name in made if name in sys.modules}
    sys.modules.update(made)
    try:
        yield
    finally:
        for name in made:
            del sys.modules[name]
        sys.modules.update(before)


def _module(name: str, **contents: object) -> types.ModuleType:
    module = types.ModuleType(name)
    vars(module).update(contents)
    return module
