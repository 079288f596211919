from scriptc import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, text: str):
        return self.linear(text)


main = Model()
