from scriptc import nn


class Model(nn.Module):
    def forward(self, x):
        return [self]


main = Model()
