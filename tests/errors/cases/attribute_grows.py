from scriptc import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.history = None

    def forward(self, x):
        self.history = (self.history, x)
        return x


main = Model()
