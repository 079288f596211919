from scriptc import nn


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.count = 0

    def forward(self, x):
        self.count = "many"
        return x


main = Counter()
