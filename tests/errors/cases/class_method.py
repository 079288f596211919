from scriptc import nn


class Model(nn.Module):
    @classmethod
    def make(cls, n):
        return n

    def forward(self, x):
        return self.make(3) + x


main = Model()
