import numpy as np


def main(x: np.ndarray):
    return x.reshpe(3) + x.shap[0]
