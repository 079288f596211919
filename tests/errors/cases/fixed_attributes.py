from scriptc import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.second = nn.Linear(3, 3)

    @property
    def size(self):
        return 3

    def forward(self, x):
        self.first = self.second
        self.first.weight = x
        self.size = 4
        return x


main = Model()
