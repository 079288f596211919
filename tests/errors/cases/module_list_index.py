from scriptc import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.ReLU()])

    def forward(self, x, i: int):
        y = self.layers[5](x)
        return self.layers[i](y)


main = Model()
